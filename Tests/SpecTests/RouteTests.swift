import Model
import Spec
import Testing

/// What ip(8) would print of a route that is spelled out: what was left out must have become the kernel's default.
private func describe(_ route: Route) -> String {
  var words = [route.type.keyword, "\(route.key.destination.address)/\(route.key.destination.length)"]
  for hop in route.nextHops {
    words.append(
      "[\(hop.gateway?.description ?? "-") \(hop.device ?? "-") \(hop.weight)\(hop.isOnLink ? " onlink" : "")]")
  }
  words.append("table \(route.key.table) metric \(route.key.metric) scope \(route.scope)")
  if let source = route.source { words.append("src \(source)") }
  if let mtu = route.mtu { words.append("mtu \(mtu)") }
  if let mss = route.advertisedMSS { words.append("advmss \(mss)") }
  if route.key.typeOfService != 0 { words.append("tos \(route.key.typeOfService)") }
  return words.joined(separator: " ")
}

private let routes: [(String, String)] = [
  ("{ to: 10.0.0.0/8, via: 192.0.2.1 }", "unicast 10.0.0.0/8 [192.0.2.1 - 1] table 254 metric 0 scope 0"),
  ("{ to: 10.0.0.0/8, dev: eth0 }", "unicast 10.0.0.0/8 [- eth0 1] table 254 metric 0 scope 253"),
  ("{ to: 10.0.0.0/8, dev: eth0, scope: global }", "unicast 10.0.0.0/8 [- eth0 1] table 254 metric 0 scope 0"),
  ("{ to: 10.9.8.7, via: 192.0.2.1, metric: 5 }", "unicast 10.9.8.7/32 [192.0.2.1 - 1] table 254 metric 5 scope 0"),
  ("{ to: default, via: 192.0.2.1 }", "unicast 0.0.0.0/0 [192.0.2.1 - 1] table 254 metric 0 scope 0"),
  ("{ to: default, via: 'fe80::1', dev: eth0 }", "unicast ::/0 [fe80::1 eth0 1] table 254 metric 1024 scope 0"),
  ("{ to: '2001:db8::/32', dev: eth0 }", "unicast 2001:db8::/32 [- eth0 1] table 254 metric 1024 scope 0"),
  ("{ to: 10.0.0.0/8, via: 'fe80::1', dev: eth0 }", "unicast 10.0.0.0/8 [fe80::1 eth0 1] table 254 metric 0 scope 0"),
  ("{ to: 10.0.0.0/8, type: blackhole }", "blackhole 10.0.0.0/8 table 254 metric 0 scope 0"),
  ("{ to: '::/0', type: unreachable, metric: 4278198272 }", "unreachable ::/0 table 254 metric 4278198272 scope 0"),
  ("{ to: 10.0.0.0/8, type: local, dev: lo }", "local 10.0.0.0/8 [- lo 1] table 255 metric 0 scope 254"),
  ("{ to: 10.0.0.0/8, type: throw, table: uplink }", "throw 10.0.0.0/8 table 100 metric 0 scope 0"),
  ("{ to: 10.0.0.0/8, type: prohibit, table: 4294967295 }", "prohibit 10.0.0.0/8 table 4294967295 metric 0 scope 0"),
  (
    "{ to: 10.0.0.0/8, via: 192.0.2.1, dev: eth0, on-link: true, from: 192.0.2.9, mtu: 1400, advertised-mss: 1360 }",
    "unicast 10.0.0.0/8 [192.0.2.1 eth0 1 onlink] table 254 metric 0 scope 0 src 192.0.2.9 mtu 1400 advmss 1360"
  ),
  (
    "{ to: 10.0.0.0/8, via: 192.0.2.1, dev: eth0, onlink: true, src: 192.0.2.9, advmss: 9, tos: 0x10, table: main }",
    "unicast 10.0.0.0/8 [192.0.2.1 eth0 1 onlink] table 254 metric 0 scope 0 src 192.0.2.9 advmss 9 tos 16"
  ),
  (
    "{ to: 10.0.0.0/8, nexthops: [{ via: 192.0.2.1, weight: 2 }, { dev: eth1 }] }",
    "unicast 10.0.0.0/8 [192.0.2.1 - 2] [- eth1 1] table 254 metric 0 scope 0"
  ),
]

private let refusedRoutes: [(String, String)] = [
  ("{ via: 192.0.2.1 }", "6:5: error: a route needs \"to\""),
  ("{ to: 10.0.0.1/8, via: 192.0.2.1 }", "6:11: error: to has bits set after the prefix: 10.0.0.1/8"),
  ("{ to: 10.0.0.0/33, via: 192.0.2.1 }", "6:11: error: to must be an address or a prefix"),
  ("{ to: default, dev: eth0 }", "6:11: error: of which family is this default route?"),
  ("{ to: 10.0.0.0/8 }", "6:5: error: this route needs via or dev"),
  ("{ to: 10.0.0.0/8, type: blackhole, via: 192.0.2.1 }", "6:45: error: a blackhole route has no next hop"),
  ("{ to: '2001:db8::/32', via: 192.0.2.1 }", "6:33: error: an IPv6 route cannot go via the IPv4 address"),
  ("{ to: 10.0.0.0/8, dev: eth0, from: '::1' }", "error: the source address ::1 is not of the destination's family"),
  ("{ to: 10.0.0.0/8, via: 'fe80::1' }", "error: the link-local next hop fe80::1 needs dev"),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, on-link: true }", "error: on-link needs dev"),
  ("{ to: 10.0.0.0/8, via: 0.0.0.0 }", "error: via must be a next hop's address"),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, metric: -1 }", "error: metric must be 0 to 4294967295, not -1"),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, metric: '1' }", "leave the quotes away"),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, table: 0 }", "error: table must be 1 to 4294967295, not 0"),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, table: nowhere }", "error: there is no routing table \"nowhere\""),
  ("{ to: 10.0.0.0/8, via: 192.0.2.1, mtu: 99999999999999999999 }", "error: mtu must be 68 to 65520"),
  ("{ to: 10.0.0.0/8, dev: eth0/1 }", "error: dev must be an interface's name"),
  ("{ to: 10.0.0.0/8, dev: a-name-of-16-chr }", "error: dev must be an interface's name"),
  ("{ to: 10.0.0.0/8, vai: 192.0.2.1 }", "6:23: error: a route has no key \"vai\""),
  ("{ to: 10.0.0.0/8, vai: 192.0.2.1 }", "did you mean \"via\"?"),
  ("{ to: 10.0.0.0/8, dev: eth0, src: 192.0.2.1, from: 192.0.2.1 }", "error: \"from\" is given twice"),
  ("{ to: 10.0.0.0/8, type: blackhol }", "did you mean \"blackhole\"?"),
  ("{ to: 10.0.0.0/8, dev: eth0, nexthops: [{ dev: eth1 }] }", "error: a route has either nexthops or"),
  ("{ to: 10.0.0.0/8, nexthops: [{ dev: eth1, weight: 257 }] }", "error: weight must be 1 to 256, not 257"),
  ("{ to: '::/0', dev: eth0, scope: link }", "error: IPv6 routes have no scope"),
  ("10.0.0.0/8", "6:5: error: a route must be a mapping, not \"10.0.0.0/8\""),
]

private let rules: [(String, PolicyRule)] = [
  (
    "{ from: 10.1.0.0/16, table: 100, priority: 1000 }",
    PolicyRule(family: .ipv4, priority: 1000, action: .lookup(table: 100), from: IPPrefix("10.1.0.0/16"))
  ),
  (
    "{ from: '::/0', mark: 7, table: uplink, priority: 1 }",
    PolicyRule(family: .ipv6, priority: 1, action: .lookup(table: 100), mark: 7, markMask: .max)
  ),
  (
    "{ family: ipv4, fwmark: 0x10/0xff, iif: eth0, oif: eth1, type: prohibit, priority: 5, not: true }",
    PolicyRule(
      family: .ipv4, priority: 5, action: .prohibit, isInverted: true, incomingInterface: "eth0",
      outgoingInterface: "eth1", mark: 0x10, markMask: 0xFF)
  ),
  (
    "{ to: 10.0.0.1, ipproto: udp, sport: 53, dport: 1000-2000, uidrange: 0-99, goto: 9, priority: 5 }",
    PolicyRule(
      family: .ipv4, priority: 5, action: .goto(9), to: IPPrefix("10.0.0.1"), ipProtocol: 17, sourcePorts: 53...53,
      destinationPorts: 1000...2000, userIDs: 0...99)
  ),
  (
    "{ family: ipv4, sport: 65534, dport: 1-65534, type: nop, priority: 5 }",
    PolicyRule(family: .ipv4, priority: 5, action: .nop, sourcePorts: 65534...65534, destinationPorts: 1...65534)
  ),
  (
    "{ family: ipv4, mark: 0/0xffffffff, type: nop, priority: 5 }",
    PolicyRule(family: .ipv4, priority: 5, action: .nop, markMask: .max)
  ),
  (
    "{ family: ipv4, table: main, suppress-prefix-length: 0, priority: 5 }",
    PolicyRule(family: .ipv4, priority: 5, action: .lookup(table: 254), suppressedPrefixLength: 0)
  ),
]

private let refusedRules: [(String, String)] = [
  ("{ from: 10.0.0.0/8, table: 100 }", "error: a policy rule needs \"priority\""),
  ("{ from: 10.0.0.0/8, priority: 1 }", "error: a policy rule needs one of table, type and goto"),
  ("{ table: 100, priority: 1 }", "error: of which family is this policy rule?"),
  ("{ from: 10.0.0.0/8, to: '::1', table: 100, priority: 1 }", "error: ::1 is not of the rule's family"),
  ("{ family: ipv4, mark: 0, table: 100, priority: 1 }", "error: mark 0 without a mask"),
  ("{ family: ipv4, mark: 0x100/0xff, table: 100, priority: 1 }", "error: this mark has bits outside of its mask"),
  ("{ family: ipv4, goto: 5, priority: 10 }", "error: goto must lead to a later rule"),
  ("{ family: ipv4, ipproto: nothing, table: 1, priority: 10 }", "error: there is no protocol \"nothing\""),
  ("{ family: ipv4, sport: 20-10, table: 1, priority: 10 }", "error: sport must be a number or FIRST-LAST"),
  ("{ family: ipv4, sport: 65535, table: 1, priority: 10 }", "6:28: error: sport must be 1 to 65534, not 65535"),
  ("{ family: ipv4, dport: 1-65535, table: 1, priority: 10 }", "6:28: error: dport must be a number or FIRST-LAST"),
  ("{ family: ipv4, dport: 0-9, table: 1, priority: 10 }", "FIRST-LAST within 1-65534"),
]

@Suite struct RouteTests {
  @Test(arguments: routes)
  func routeIsSpelledOut(_ text: String, _ expected: String) throws {
    let spec = try SpecFixture(["a.yaml": document("routes:\n- \(text)")]).resolve()
    #expect(spec.state.routes.map(describe) == [expected])
  }

  @Test(arguments: refusedRoutes)
  func routeIsRefused(_ text: String, _ expected: String) throws {
    let complaint = try SpecFixture(["a.yaml": document("routes:\n- \(text)")]).complaint()
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test(arguments: rules)
  func policyRuleIsRead(_ text: String, _ expected: PolicyRule) throws {
    let spec = try SpecFixture(["a.yaml": document("routingPolicy:\n- \(text)")]).resolve()
    #expect(spec.state.policyRules == [expected])
  }

  @Test(arguments: refusedRules)
  func policyRuleIsRefused(_ text: String, _ expected: String) throws {
    let complaint = try SpecFixture(["a.yaml": document("routingPolicy:\n- \(text)")]).complaint()
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test func originIsThePlaceInTheFile() throws {
    let fixture = try SpecFixture(["a.yaml": document("routes:\n- { to: 10.0.0.0/8, dev: eth0 }")])
    let origin = try fixture.resolve().state.routes.first?.origin
    #expect(origin == SourceLocation(file: fixture.path + "/a.yaml", line: 6, column: 5))
  }
}
