package import Locking
import Model
package import Netlink
package import Plan

/// The kernel of the network namespace that the process is in, over netlink.
///
/// Its calls block on a thread of its own. The sockets are opened when they are first needed, and again after
/// a failure: what an exchange that failed left unread is gone with its socket.
package actor LiveKernel: Kernel {
  private let thread: BlockingThread
  private var netfilter: NetlinkSocket?
  private var routing: RoutingSocket?

  /// - Parameter namespace: a file that names another network namespace; for tests and the demo.
  package init(namespace: String? = nil) throws(NetlinkError) { thread = try BlockingThread(namespace: namespace) }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  package func generation() throws -> UInt32 {
    try withNetfilter { (socket) throws(NetlinkError) in try socket.nftablesGeneration() }
  }

  package func read(_ scope: ReadScope) async throws -> Snapshot {
    try rereading { try readOnce(scope) }
  }

  private func readOnce(_ scope: ReadScope) throws -> Snapshot {
    let ruleset = try withNetfilter { (socket) throws(NetlinkError) in try socket.readRuleset(scope) }
    let (routing, interfaces) = try withRouting { socket in
      (try socket.read(routeProtocol: scope.includesForeignRoutes ? nil : scope.routeProtocol), try socket.interfaces())
    }
    return Snapshot(
      state: NetworkState(tables: ruleset.tables, routes: routing.routes, policyRules: routing.policyRules),
      generation: ruleset.generation, record: ruleset.record, interfaces: interfaces.numbers)
  }

  package func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> UInt32 {
    try baton.check()
    return try withNetfilter { socket in
      try socket.commit(changes, record: record, from: generation) { try baton.check() }
    }
  }

  package func apply(routes changes: [Change], with baton: Baton) async throws {
    try withRouting { socket in try socket.apply(changes, with: baton) }
  }

  package func links() async throws -> Links {
    try rereading { try withRouting { socket in try socket.readLinks() } }
  }

  package func routeChanges(routeProtocol: UInt8) async throws -> AsyncStream<Void> {
    try RouteMonitor(routeProtocol: routeProtocol).changes
  }

  /// Reading changes nothing: where replies were lost, it begins anew on another socket, at most three times in all.
  func rereading<Result>(_ body: () throws -> Result) throws -> Result {
    for _ in 1..<3 {
      do {
        return try body()
      } catch let error as KernelError where error.cause == .unknownOutcome {
      } catch let error as NetlinkError where error.cause == .unknownOutcome {}
    }
    return try body()
  }

  func withRouting<Result>(_ body: (inout RoutingSocket) throws -> Result) throws -> Result {
    var socket = try routing.take() ?? RoutingSocket()
    let result = try body(&socket)
    routing = consume socket
    return result
  }

  func withNetfilter<Result>(_ body: (inout NetlinkSocket) throws -> Result) throws -> Result {
    var socket = try netfilter.take() ?? NetlinkSocket(.netfilter)
    do {
      let result = try body(&socket)
      netfilter = consume socket
      return result
    } catch let error as NetlinkError {
      throw KernelError(error)
    }
  }
}
