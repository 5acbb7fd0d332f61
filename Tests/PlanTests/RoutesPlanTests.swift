import Model
import Plan
import Support
import Testing

@Suite struct RoutesPlanTests {
  private func foreign(_ route: Route) -> Route {
    var route = route
    route.routeProtocol = 4
    return route
  }

  @Test func `a link's route comes before the gateway it leads to, and a policy rule after its table's routes`() throws
  {
    let rule = PolicyRule(family: .ipv4, priority: 1000, action: .lookup(table: 100))
    let wanted = NetworkState(
      routes: [route("0.0.0.0/0", via: "192.0.2.1"), route("192.0.2.0/24")], policyRules: [rule])
    let plan = try Plan(current: NetworkState(), desired: wanted)
    #expect(
      plan.routesBefore == [
        .addRoute(route("192.0.2.0/24")), .addRoute(route("0.0.0.0/0", via: "192.0.2.1")), .addPolicyRule(rule),
      ])
    var kernel = ModelKernel()
    try kernel.apply(routes: plan.changes)
    #expect(try Plan(current: kernel.state, desired: wanted).isEmpty)
    let gone = try Plan(
      current: kernel.state, desired: NetworkState(), options: PlanOptions(removesEverything: true))
    try kernel.apply(routes: gone.changes)
    #expect(kernel.state == NetworkState())
  }

  @Test func `another program's route is never replaced`() {
    let other = foreign(route("10.0.0.0/8", via: "192.0.2.9"))
    let wanted = route("10.0.0.0/8", via: "192.0.2.1")
    #expect(throws: PlanError.foreignRoute(other, wanted: wanted)) {
      try Plan(current: NetworkState(routes: [other]), desired: NetworkState(routes: [wanted]))
    }
  }

  @Test func `another metric is another route`() throws {
    let other = foreign(route("10.0.0.0/8", via: "192.0.2.9"))
    let wanted = route("10.0.0.0/8", via: "192.0.2.1", metric: 50)
    let plan = try Plan(current: NetworkState(routes: [other]), desired: NetworkState(routes: [wanted]))
    #expect(plan.changes == [.addRoute(wanted)])
  }

  @Test func `the same key is replaced in one message`() throws {
    let old = route("10.0.0.0/8", via: "192.0.2.9")
    let new = route("10.0.0.0/8", via: "192.0.2.1")
    let plan = try Plan(current: NetworkState(routes: [old]), desired: NetworkState(routes: [new]))
    #expect(plan.changes == [.replaceRoute(from: old, to: new)])
  }

  @Test func `what the kernel fills in is no difference`() throws {
    var wanted = route("2001:db8::/32", via: "fe80::1", dev: nil)
    wanted.nextHops.append(NextHop(gateway: IPAddress("fe80::2"), device: "eth1", weight: 2))
    var there = wanted
    there.nextHops = [
      NextHop(gateway: IPAddress("fe80::2"), device: "eth1", weight: 2),
      NextHop(gateway: IPAddress("fe80::1"), device: "eth0"),
    ]
    var dropped = route("2001:db8:1::/48")
    dropped.type = .blackhole
    dropped.nextHops = [NextHop(device: "lo")]
    var drop = dropped
    drop.nextHops = []
    let plan = try Plan(
      current: NetworkState(routes: [there, dropped]), desired: NetworkState(routes: [wanted, drop]))
    #expect(plan.isEmpty)
  }

  @Test func `two routes of one key are named with their places`() {
    var first = route("10.0.0.0/8", via: "192.0.2.1")
    first.origin = SourceLocation(file: "a.yaml", line: 3, column: 5)
    var second = route("10.0.0.0/8", via: "192.0.2.2")
    second.origin = SourceLocation(file: "b.yaml", line: 9, column: 5)
    #expect(throws: PlanError.routeTwice(second, other: first)) {
      try Plan(current: NetworkState(), desired: NetworkState(routes: [first, second]))
    }
    let text = "\(PlanError.routeTwice(second, other: first))"
    #expect(text.hasPrefix("b.yaml:9:5: ") && text.hasSuffix("the other is at a.yaml:3:5"))
  }

  /// Whether the spec has them in order or not.
  @Test(arguments: [
    ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/8"], ["10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"],
    ["2001:db8::/32", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"],
  ])
  func `routes of one key are found among others`(destinations: [String]) {
    #expect(throws: PlanError.self) {
      try Plan(current: NetworkState(), desired: NetworkState(routes: destinations.map { route($0) }))
    }
  }

  @Test(arguments: [
    ["10.0.0.0/8", "10.0.0.0/16", "2001:db8::/32"], ["2001:db8::/32", "10.0.0.0/16", "10.0.0.0/8"],
    ["10.1.0.0/16", "10.0.0.0/16", "10.2.0.0/16"],
  ])
  func `routes are added in the order of the spec`(destinations: [String]) throws {
    let routes = destinations.map { route($0) }
    let plan = try Plan(current: NetworkState(), desired: NetworkState(routes: routes))
    #expect(plan.routesBefore == routes.map { .addRoute($0) })
  }

  @Test func `keys ascend by all that makes them`() {
    let keys = [
      RouteKey(destination: route("10.0.0.0/8").key.destination),
      RouteKey(destination: route("10.0.0.0/8").key.destination, typeOfService: 4),
      RouteKey(destination: route("10.0.0.0/8").key.destination, metric: 1),
      RouteKey(destination: route("10.0.0.0/16").key.destination),
      RouteKey(destination: route("2001:db8::/32").key.destination),
      RouteKey(destination: route("0.0.0.0/0").key.destination, table: 255),
    ]
    let routes = keys.map { Route(key: $0) }
    #expect(routes.ascends && [Route]().ascends && !Array(routes.reversed()).ascends)
    for index in routes.indices {
      #expect(![routes[index], routes[index]].ascends)
      #expect(!([routes[index]] + routes[..<index]).ascends || index == 0)
    }
  }

  /// What the firewall change does decides where routes go.
  @Test(arguments: [
    ([rule(port: 1)], [rule(port: 1), rule(port: 2)], true),
    ([rule(port: 1)], [rule(port: 1), rule(port: 2, .drop)], false),
    ([rule(port: 1), rule(port: 2, .drop)], [rule(port: 1)], true),
    ([rule(port: 1), rule(port: 2)], [rule(port: 1)], false),
    ([rule(port: 1)], [rule(port: 2)], false),
    ([rule(port: 1)], [rule(port: 1)], false),
  ])
  func `routes go after a firewall that only opens, and before any other`(
    old: [Rule], new: [Rule], isAfter: Bool
  ) throws {
    var desired = state([inputChain(new)])
    desired.routes = [route("10.0.0.0/8")]
    let plan = try Plan(current: state([inputChain(old)]), desired: desired)
    #expect(plan.routesBefore.count == (isAfter ? 0 : 1))
    #expect(plan.routesAfter.count == (isAfter ? 1 : 0))
  }

  @Test(arguments: [(Verdict.accept, false, true), (.drop, false, false), (.drop, true, true)])
  func `an element opens or closes as the rules that look for it do`(
    verdict: Verdict, inverted: Bool, isAfter: Bool
  ) throws {
    let chain = inputChain([rule(in: "admins", verdict, inverted: inverted)])
    var desired = state([chain], sets: [addressSet("admins", [1, 2])])
    desired.routes = [route("10.0.0.0/8")]
    let plan = try Plan(current: state([chain], sets: [addressSet("admins", [1])]), desired: desired)
    #expect(plan.routesAfter.count == (isAfter ? 1 : 0))
  }
}
