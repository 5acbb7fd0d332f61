import Kernel
import Locking
import Model
import Netlink
import Plan
import Support
import Testing

/// The running test's network namespace (`.networkNamespace`) with two linked interfaces, and what routes in it.
struct RoutingNamespace {
  private let namespace: NetworkNamespace
  let routing: Routing

  /// Ready when the kernel has nothing left to change by itself: v0 has 192.0.2.2/24 and 2001:db8::2/64, v1 198.51.100.2/24.
  private static let setUp = """
    ip link add v0 type veth peer name v1
    ip link set v0 addrgenmode none up
    ip link set v1 addrgenmode none up
    ip addr add 192.0.2.2/24 dev v0
    ip addr add 198.51.100.2/24 dev v1
    ip addr add 2001:db8::2/64 dev v0 nodad
    until ip -o link show v0 | grep -q "state UP"; do :; done
    until ip -o link show v1 | grep -q "state UP"; do :; done
    """

  init() async throws {
    namespace = try #require(NetworkNamespace.current)
    routing = try Routing(namespace: namespace.path)
    try await ip(RoutingNamespace.setUp)
  }

  /// Runs shell commands in the namespace, each of which must succeed.
  /// - Returns: what they print.
  @discardableResult
  func ip(_ commands: String) async throws -> String { try await namespace.check("sh", "-ec", commands) }

  /// All routes and rules, as ip(8) prints them.
  func dump() async throws -> String {
    try await ip("ip route show table all; ip -6 route show table all; ip rule; ip -6 rule")
  }
}

/// A routing socket on a thread that is inside a namespace.
actor Routing {
  private let thread: BlockingThread
  private var socket: RoutingSocket?
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  init(namespace: String) throws { thread = try BlockingThread(namespace: namespace) }

  func read(routeProtocol: UInt8? = 110) throws -> RoutingState {
    var socket = try socket.take() ?? RoutingSocket()
    let state = try socket.read(routeProtocol: routeProtocol)
    self.socket = consume socket
    return state
  }

  func apply(_ changes: [Change], with baton: Baton = .unlimited) throws {
    var socket = try socket.take() ?? RoutingSocket()
    try socket.apply(changes, with: baton)
    self.socket = consume socket
  }

  /// Of the socket that is used from here on.
  func limitReceiveBuffer() throws {
    let socket = try socket.take() ?? RoutingSocket()
    KernelTests.limitReceiveBuffer(of: socket.descriptor)
    self.socket = consume socket
  }

  func monitor(routeProtocol: UInt8 = 110) throws -> RouteMonitor { try RouteMonitor(routeProtocol: routeProtocol) }
}

extension Baton {
  static var unlimited: Baton {
    Baton(
      holder: Holder(node: "n", instance: "i", pid: 1, version: "0"), token: 1, term: BatonTerm(deadline: nil))
  }
}

struct NoPrefix: Error { var text: String }

extension Route {
  /// - Parameter to: a prefix; the metric is IPv6's default where it has to be.
  static func to(_ prefix: String, metric: UInt32? = nil, table: UInt32 = 254) throws -> Route {
    guard let destination = IPPrefix(prefix) else { throw NoPrefix(text: prefix) }
    return Route(
      key: RouteKey(
        destination: destination, table: table, metric: metric ?? (destination.address.family == .ipv6 ? 1024 : 0)))
  }

  func via(_ gateway: String, _ device: String? = nil, weight: UInt16 = 1, onLink: Bool = false) -> Route {
    hop(NextHop(gateway: IPAddress(gateway), device: device, weight: weight, isOnLink: onLink))
  }

  /// On a link, with the scope that ip(8) would give it.
  func dev(_ device: String) -> Route {
    with { $0.scope = $0.key.destination.address.family == .ipv6 ? 0 : 253 }.hop(NextHop(device: device))
  }

  func with(_ edit: (inout Route) -> Void) -> Route {
    var route = self
    edit(&route)
    return route
  }

  private func hop(_ hop: NextHop) -> Route { with { $0.nextHops.append(hop) } }
}
