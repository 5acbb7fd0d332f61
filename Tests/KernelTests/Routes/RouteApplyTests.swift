import Kernel
import Locking
import Model
import Plan
import Support
import Synchronization
import Testing

@Suite(.networkNamespace) struct RouteApplyTests {
  let namespace: RoutingNamespace
  var routing: Routing { namespace.routing }

  init() async throws { namespace = try await RoutingNamespace() }

  /// `count` routes of their own destinations, IPv4 and IPv6 in turn.
  private func routes(_ count: Int, gateway: (v4: String, v6: String) = ("192.0.2.1", "2001:db8::1")) throws -> [Route]
  {
    try (0..<count).map { index in
      index % 2 == 0
        ? try .to("10.\(index / 256).\(index % 256).0/24").via(gateway.v4, "v0")
        : try .to("2001:db8:1:\(String(index, radix: 16))::/64").via(gateway.v6, "v0")
    }
  }

  /// All kinds of changes at once, all of which the kernel would take.
  private func mixedChanges(_ there: [Route], _ rules: [PolicyRule]) throws -> [Change] {
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

  @Test func aFailureAnywhereLeavesAllAsItWas() async throws {
    let rules = (0..<4).map { PolicyRule(family: .ipv6, priority: 900 + $0, action: .lookup(table: 9)) }
    try await routing.apply(try routes(16).map(Change.addRoute) + rules.map(Change.addPolicyRule))
    let before = try await namespace.dump()
    let changes = try mixedChanges(try await routing.read().routes, rules)
    #expect(changes.count == 50)
    let bad = try Change.addRoute(.to("10.99.0.0/16").via("203.0.113.1", "v0"))
    for position in 0..<changes.count {
      var failing = changes
      failing[position] = bad
      let error = await #expect(throws: KernelError.self) { try await routing.apply(failing) }
      #expect(error?.change == bad, "\(String(describing: error))")
      #expect(error?.cause == .refused(errno: 101))
      #expect(try await namespace.dump() == before, "position \(position)")
    }
    try await routing.apply(changes)
    #expect(try await routing.read().routes.count == 6 + 24)
    #expect(try await routing.read().policyRules.count == 6)
  }

  @Test(arguments: [0, 127, 128, 200, 399]) func aFailureInALaterSendIsUndoneToo(position: Int) async throws {
    let before = try await namespace.dump()
    var changes = try routes(400).map(Change.addRoute)
    changes[position] = try .addRoute(.to("10.99.0.0/16").via("203.0.113.1", "v0"))
    let error = await #expect(throws: KernelError.self) { try await routing.apply(changes) }
    #expect(error?.change == changes[position])
    #expect(try await namespace.dump() == before)
  }

  /// Which of them took effect is not known when the kernel's replies find no room in the socket.
  @Test(arguments: [0, 40]) func allIsTakenBackWhenRepliesAreLost(refusedFrom first: Int) async throws {
    try await routing.apply(try routes(16).map(Change.addRoute))
    let before = try await namespace.dump()
    let there = try await routing.read().routes
    var changes = try mixedChanges(there, [])
    let bad = try (0..<60).map { Change.addRoute(try .to("10.99.\($0).0/24").via("203.0.113.1", "v0")) }
    changes.insert(contentsOf: bad, at: first)
    try await routing.limitReceiveBuffer()
    let error = await #expect(throws: KernelError.self) { try await routing.apply(changes) }
    #expect(error?.cause == .unknownOutcome)
    #expect(error?.message.contains("still there") == false, "\(String(describing: error))")
    #expect(try await namespace.dump() == before)
  }

  /// How another program made something, and what the spec asks for in its place.
  static let foreign: [(words: String, change: Change)] = {
    let route = try? Route.to("10.0.0.0/8").via("192.0.2.1", "v0")
    let routeV6 = try? Route.to("2001:db8:1::/48").via("2001:db8::1", "v0")
    return [
      ("ip route add 10.0.0.0/8 via 192.0.2.9 proto bird", route.map(Change.addRoute)),
      ("ip route add blackhole 10.0.0.0/8 proto bird", route.map(Change.addRoute)),
      ("ip route add 2001:db8:1::/48 via 2001:db8::9 proto bird", routeV6.map(Change.addRoute)),
      ("ip route add blackhole 2001:db8:1::/48 proto bird", routeV6.map(Change.addRoute)),
    ].compactMap { words, change in change.map { (words, $0) } }
  }()

  @Test(arguments: foreign) func whatSomebodyElseMadeStays(words: String, change: Change) async throws {
    try await namespace.ip(words)
    let before = try await namespace.dump()
    let error = await #expect(throws: KernelError.self) {
      try await routing.apply(try routes(3).map(Change.addRoute) + [change])
    }
    #expect(error?.cause == .foreign)
    #expect(error?.message.contains("proto bird") == true, "\(String(describing: error))")
    #expect(try await namespace.dump() == before)
  }

  @Test func anIPv6ReplacementSparesAnotherProgramsRoute() async throws {
    let old = try Route.to("2001:db8:1::/48").dev("v1")
    try await namespace.ip(
      "ip route add 2001:db8:1::/48 dev v0 proto bird; ip route append 2001:db8:1::/48 dev v1 proto 110")
    let before = try await namespace.dump()
    let change = Change.replaceRoute(from: old, to: old.with { $0.mtu = 1400 })
    let error = await #expect(throws: KernelError.self) { try await routing.apply([change]) }
    #expect(error?.cause == .foreign)
    #expect(try await namespace.dump() == before)
  }

  /// The kernel lists it as one route, under the protocol of the first next hop.
  @Test(arguments: [1, 2]) func aNextHopThatAnotherProgramAppendedGoesWithTheRoute(hops: Int) async throws {
    let before = try await namespace.dump()
    let route = try Route.to("2001:db8:3::/48").via("fe80::1", "v0")
    let own = hops == 1 ? route : route.via("fe80::2", "v1")
    try await routing.apply([.addRoute(own)])
    try await namespace.ip("ip -6 route append 2001:db8:3::/48 via fe80::9 dev v0 proto bird")
    let joined = try await routing.read()
    #expect(joined.routes.map(\.nextHops.count) == [hops + 1])
    let withAppended = try await namespace.dump()

    let desired = NetworkState(routes: [try .to("10.0.0.0/8").dev("v0")])
    let changes = try Plan(current: NetworkState(routes: joined.routes), desired: desired).changes
    let bad = try Change.addRoute(.to("10.99.0.0/16").via("203.0.113.1", "v0"))
    let error = await #expect(throws: KernelError.self) { try await routing.apply(changes + [bad]) }
    #expect(error?.cause == .refused(errno: 101), "\(String(describing: error))")
    #expect(try await routing.read() == joined)
    #expect(try await namespace.dump() == withAppended)

    try await routing.apply(changes)
    #expect(try await routing.read().routes == desired.routes)
    try await routing.apply(desired.routes.map(Change.removeRoute))
    #expect(try await namespace.dump() == before)
  }

  @Test func replacesInPlace() async throws {
    let old = try [
      Route.to("10.0.0.0/8").via("192.0.2.1", "v0"), .to("2001:db8:1::/48").via("2001:db8::1", "v0"),
      .to("10.1.0.0/16").with { $0.type = .blackhole }, .to("2001:db8:2::/48").with { $0.type = .blackhole },
      .to("2001:db8:3::/48").via("fe80::1", "v0").via("fe80::2", "v1"),
    ]
    let new = try [
      Route.to("10.0.0.0/8").via("192.0.2.9", "v0").with { $0.mtu = 1400 },
      .to("2001:db8:1::/48").with { $0.type = .prohibit }, .to("10.1.0.0/16").via("192.0.2.1", "v0"),
      .to("2001:db8:2::/48").via("2001:db8::1", "v0").via("fe80::1", "v1", weight: 9),
      .to("2001:db8:3::/48").via("fe80::1", "v0", weight: 2).via("fe80::3", "v1"),
    ]
    try await routing.apply(old.map(Change.addRoute))
    try await routing.apply(zip(old, new).map { .replaceRoute(from: $0, to: $1) })
    #expect(Swift.Set(try await routing.read().routes) == Swift.Set(new))
  }

  @Test func whatIsGoneIsNotRemovedOrReplaced() async throws {
    let (gone, other) = try (
      Route.to("10.0.0.0/8").via("192.0.2.1", "v0"), Route.to("10.0.0.0/8").via("192.0.2.9", "v0")
    )
    let rule = PolicyRule(family: .ipv4, priority: 1000, action: .nop)
    try await routing.apply([.addRoute(other)])
    for change in [Change.removeRoute(gone), .replaceRoute(from: gone, to: other), .removePolicyRule(rule)] {
      let error = await #expect(throws: KernelError.self) { try await routing.apply([change]) }
      #expect(error?.cause == .generationMoved)
    }
    #expect(try await routing.read().routes == [other])
  }

  @Test func takesBackWhatASpecsRouteLeftOpen() async throws {
    let before = try await namespace.dump()
    let route = try Route.to("10.0.0.0/8").via("192.0.2.1")
    let several = try Route.to("2001:db8:1::/48").via("fe80::2", "v1").via("2001:db8::1", "v0")
    let rule = PolicyRule(
      family: .ipv4, priority: 1000, action: .lookup(table: 100), from: IPPrefix("0.0.0.0/0"), mark: 7, markMask: .max)
    try await routing.apply([.addRoute(route), .addRoute(several), .addPolicyRule(rule)])
    try await routing.apply([.removePolicyRule(rule), .removeRoute(several), .removeRoute(route)])
    #expect(try await namespace.dump() == before)
  }

  @Test func removesTheOneRuleThatIsMeant() async throws {
    let narrow = PolicyRule(family: .ipv4, priority: 1000, action: .lookup(table: 100), from: IPPrefix("10.0.0.0/8"))
    let wide = PolicyRule(family: .ipv4, priority: 1000, action: .lookup(table: 100))
    try await routing.apply([.addPolicyRule(narrow), .addPolicyRule(wide)])
    try await routing.apply([.removePolicyRule(wide)])
    #expect(try await routing.read().policyRules == [narrow])
  }

  /// A rule that was there, and one that came after it whose deletion would take the first.
  @Test(arguments: [
    (
      PolicyRule(
        family: .ipv4, priority: 100, action: .lookup(table: 100), from: IPPrefix("10.0.0.0/8"),
        incomingInterface: "v0"),
      PolicyRule(family: .ipv4, priority: 100, action: .lookup(table: 100), from: IPPrefix("10.0.0.0/8"))
    ),
    (
      PolicyRule(family: .ipv6, priority: 100, action: .goto(2000)),
      PolicyRule(family: .ipv6, priority: 100, action: .goto(3000))
    ),
    (
      PolicyRule(family: .ipv4, priority: 100, action: .nop, isInverted: true, mark: 7),
      PolicyRule(family: .ipv4, priority: 100, action: .nop, mark: 7)
    ),
  ]) func takesBackTheOneRuleThatIsMeant(old: PolicyRule, new: PolicyRule) async throws {
    try await routing.apply([.addPolicyRule(old)])
    let before = try await namespace.dump()
    let bad = try Change.addRoute(.to("10.99.0.0/16").via("203.0.113.1", "v0"))
    let error = await #expect(throws: KernelError.self) { try await routing.apply([.addPolicyRule(new), bad]) }
    #expect(error?.cause == .refused(errno: 101), "\(String(describing: error))")
    #expect(try await namespace.dump() == before)
  }

  @Test func anotherProgramsRuleStaysBesideTheSameOwn() async throws {
    try await namespace.ip("ip rule add priority 1000 table 100 protocol bird")
    let before = try await namespace.dump()
    let rule = PolicyRule(family: .ipv4, priority: 1000, action: .lookup(table: 100))
    try await routing.apply([.addPolicyRule(rule)])
    #expect(try await routing.read().policyRules == [rule])
    let error = await #expect(throws: KernelError.self) { try await routing.apply([.addPolicyRule(rule)]) }
    #expect(error?.cause == .generationMoved)
    try await routing.apply([.removePolicyRule(rule)])
    #expect(try await namespace.dump() == before)
  }

  @Test func anAbsentInterfaceIsNamedBeforeAnythingIsSent() async throws {
    let bad = try Change.addRoute(.to("10.0.0.0/8").dev("absent0"))
    let error = await #expect(throws: KernelError.self) { try await routing.apply([bad]) }
    #expect(error?.message.contains("absent0") == true)
    #expect(error?.change == bad)
  }

  @Test func nothingIsSentWithoutTheBaton() async throws {
    let term = BatonTerm(deadline: nil)
    let baton = Baton(holder: Baton.unlimited.holder, token: 1, term: term)
    term.end(.released)
    let changes = try routes(3).map(Change.addRoute)
    await #expect(throws: BatonError.released) { try await routing.apply(changes, with: baton) }
    #expect(try await routing.read().routes.isEmpty)
  }

  @Test func aBatonThatEndsMidwayStopsTheNextSendAndTheUndoing() async throws {
    let start = ContinuousClock.now
    let checks = Mutex(0)
    // Good for the check at the begin and for two sends.
    let term = BatonTerm(deadline: start + .seconds(1)) {
      let count = checks.withLock { count in
        count += 1
        return count
      }
      return count <= 3 ? start : start + .seconds(2)
    }
    let baton = Baton(holder: Baton.unlimited.holder, token: 1, term: term)
    let changes = try routes(400).map(Change.addRoute)
    let error = await #expect(throws: KernelError.self) { try await routing.apply(changes, with: baton) }
    #expect(error?.cause == .unknownOutcome)
    #expect(error?.message.contains("still there") == true)
    let left = try await routing.read().routes.count
    #expect(left > 0 && left < 400)
  }

  @Test(arguments: [0, 3]) func othersMarksAreRefused(number: UInt8) async throws {
    try await namespace.ip("ip route add 10.0.0.0/8 via 192.0.2.1")
    let route = try Route.to("10.0.0.0/8").via("192.0.2.1", "v0").with { $0.routeProtocol = number }
    let error = await #expect(throws: KernelError.self) { try await routing.apply([.removeRoute(route)]) }
    #expect(error?.cause == .notWritable)
  }
}
