import Kernel
import Model
import Plan
import Support
import Testing

@Suite(.networkNamespace) struct InverseRoutesTests {
  let namespace: RoutingNamespace
  let kernel: LiveKernel

  init() async throws {
    namespace = try await RoutingNamespace()
    kernel = try LiveKernel(namespace: try #require(NetworkNamespace.current).path)
  }

  private func read() async throws -> Snapshot { try await kernel.read(ReadScope(includesForeignRoutes: true)) }

  /// IPv4 and IPv6 in turn, with what else a route can have.
  private func routes(_ count: Int) throws -> [Route] {
    try (0..<count).map { index in
      let route: Route =
        index % 2 == 0
        ? try .to("10.\(index / 256).\(index % 256).0/24").via("192.0.2.1", "v0")
        : try .to("2001:db8:1:\(String(index, radix: 16))::/64").via("2001:db8::1", "v0")
      return route.with { if index % 5 == 0 { $0.mtu = 1400 } }
    }
  }

  private var rules: [PolicyRule] {
    (0..<4).map {
      PolicyRule(family: $0 % 2 == 0 ? .ipv4 : .ipv6, priority: 900 + $0, action: .lookup(table: 9), mark: 7)
    }
  }

  /// 50 changes of all kinds.
  private func mixed(_ there: [Route]) throws -> [Change] {
    var changes: [Change] = []
    for (index, route) in there.enumerated() {
      let gateway = route.key.destination.address.family == .ipv6 ? "2001:db8::9" : "192.0.2.9"
      let other = route.with { $0.nextHops = [] }.via(gateway, "v0")
      changes.append(index % 3 == 0 ? .replaceRoute(from: route, to: other) : .removeRoute(route))
    }
    changes += rules.map(Change.removePolicyRule)
    changes += try routes(24).map { .addRoute($0.with { $0.key.table = 77 }) }
    changes += (0..<6).map { .addPolicyRule(PolicyRule(family: .ipv4, priority: 500 + $0, action: .lookup(table: 77))) }
    return changes
  }

  /// - Parameter done: how many of the 50 were made when the process that made them ended.
  @Test(arguments: [0, 1, 7, 16, 20, 33, 50]) func whatWasMadeOfChangesIsTakenBack(done: Int) async throws {
    try await kernel.apply(routes: routes(16).map(Change.addRoute) + rules.map(Change.addPolicyRule), with: .unlimited)
    let before = try await namespace.dump()
    let snapshot = try await read()
    let changes = try mixed(snapshot.state.routes.filter { $0.routeProtocol == 110 })
    #expect(changes.count == 50)
    let bytes = try kernel.inverse(of: changes, inPlace: [], from: snapshot).bytes
    try await kernel.apply(routes: Array(changes.prefix(done)), with: .unlimited)

    let inverse = Inverse(bytes: bytes)
    #expect((try await namespace.dump() == before) == (done == 0))
    for _ in 0..<2 {
      try await kernel.undo(inverse)
      #expect(try await namespace.dump() == before)
    }
  }

  @Test func aFirstLoadIsTakenBackByFewBytes() async throws {
    let before = try await namespace.dump()
    let changes = try routes(4000).map(Change.addRoute)
    let inverse = try kernel.inverse(of: changes, inPlace: [], from: try await read())
    #expect(inverse.bytes.count < 100)
    try await kernel.apply(routes: changes, with: .unlimited)
    try await kernel.undo(inverse)
    #expect(try await namespace.dump() == before)
  }

  @Test func routesThatLeadOverOthersComeBackAfterThem() async throws {
    let direct = try Route.to("203.0.113.0/24").dev("v0")
    let over = try (0..<200).map { try Route.to("10.1.\($0).0/24").via("203.0.113.9") }
    try await kernel.apply(routes: [.addRoute(direct)] + over.map(Change.addRoute), with: .unlimited)
    let before = try await namespace.dump()
    let snapshot = try await read()
    let own = snapshot.state.routes.filter { $0.routeProtocol == 110 }
    let more = try (0..<300).map { Change.addRoute(try .to("10.2.\($0 % 256).\($0 / 256 * 128)/25").via("192.0.2.1")) }
    let changes = own.reversed().map(Change.removeRoute) + more
    let inverse = try kernel.inverse(of: changes, inPlace: [], from: snapshot)
    try await kernel.apply(routes: changes, with: .unlimited)
    try await kernel.undo(inverse)
    #expect(try await namespace.dump() == before)
  }

  @Test func otherProgramsRoutesStay() async throws {
    let changes = try routes(10).map(Change.addRoute)
    let inverse = try kernel.inverse(of: changes, inPlace: [], from: try await read())
    try await kernel.apply(routes: changes, with: .unlimited)
    try await namespace.ip(
      "ip route add 10.77.0.0/16 via 192.0.2.1 proto bird; ip rule add prio 77 lookup 9 proto bird")
    try await kernel.undo(inverse)
    let dump = try await namespace.dump()
    #expect(dump.contains("10.77.0.0/16") && dump.contains("77:"))
    #expect(try await read().state.routes.allSatisfy { $0.routeProtocol != 110 })
  }

  @Test(arguments: [
    ("ip link set v1 down; ip link set v1 name w1; ip link set w1 up", "w1"),
    (
      "ip link del v0; ip link add v1 type veth peer name v0; ip link set v0 up; ip link set v1 up; "
        + "ip addr add 198.51.100.2/24 dev v1", "v1"
    ),
  ]) func anInterfaceThatWasRenamedOrMadeAnewIsFound(commands: String, name: String) async throws {
    try await kernel.apply(routes: [.addRoute(.to("10.0.0.0/8").via("198.51.100.1", "v1"))], with: .unlimited)
    let snapshot = try await read()
    let own = snapshot.state.routes.filter { $0.routeProtocol == 110 }
    let inverse = try kernel.inverse(of: own.map(Change.removeRoute), inPlace: [], from: snapshot)
    try await kernel.apply(routes: own.map(Change.removeRoute), with: .unlimited)
    try await namespace.ip(commands)
    try await kernel.undo(inverse)
    #expect(try await namespace.dump().contains("10.0.0.0/8 via 198.51.100.1 dev \(name)"))
  }

  @Test func whatCannotComeBackIsNamed() async throws {
    let lost = try Route.to("10.0.0.0/8").via("198.51.100.1", "v1")
    let other = try Route.to("10.9.0.0/16").via("192.0.2.1", "v0")
    try await kernel.apply(routes: [.addRoute(lost), .addRoute(other)], with: .unlimited)
    let snapshot = try await read()
    let inverse = try kernel.inverse(of: [.removeRoute(lost), .removeRoute(other)], inPlace: [], from: snapshot)
    try await kernel.apply(routes: [.removeRoute(lost), .removeRoute(other)], with: .unlimited)
    try await namespace.ip("ip link set v1 down")
    let error = await #expect(throws: UndoError.self) { try await kernel.undo(inverse) }
    #expect(error?.leftovers.count == 1)
    #expect(error?.description.contains("10.0.0.0/8") == true)
    #expect(try await read().state.routes.contains { $0.routeProtocol == 110 && $0.key == other.key })
  }

  @Test func bytesThatAreNoneAreRefused() async throws {
    let good = try kernel.inverse(of: routes(4).map(Change.addRoute), inPlace: [], from: try await read()).bytes
    for bytes in [[1, 2, 3], Array(good.dropLast()), Array(good.dropFirst(4))] {
      await #expect(throws: KernelError.self) { try await kernel.undo(Inverse(bytes: bytes)) }
    }
    try await kernel.undo(Inverse(bytes: []))
  }
}
