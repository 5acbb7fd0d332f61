import Kernel
import Model
import Plan
import Support
import Testing

/// What ip(8) makes of its words, and what this program makes of the same route or rule, must be one.
@Suite(.networkNamespace) struct RouteRoundTripTests {
  struct RouteCase: Sendable {
    var words: String
    var route: Route
    /// Next hops come last.
    var wordsWithProtocol: String {
      let parts = words.split(separator: " nexthop", maxSplits: 1)
      return "\(parts[0]) proto 110" + (parts.count > 1 ? " nexthop\(parts[1])" : "")
    }

    init(_ words: String, _ route: Route) { (self.words, self.route) = (words, route) }
  }

  static func routes() throws -> [RouteCase] {
    [
      RouteCase("10.0.0.0/8 via 192.0.2.1 dev v0", try .to("10.0.0.0/8").via("192.0.2.1", "v0")),
      RouteCase("default via 192.0.2.1 dev v0", try .to("0.0.0.0/0").via("192.0.2.1", "v0")),
      RouteCase(
        "10.0.0.0/8 via 192.0.2.1 dev v0 metric 100 src 192.0.2.2",
        try .to("10.0.0.0/8", metric: 100).via("192.0.2.1", "v0").with { $0.source = IPAddress("192.0.2.2") }),
      RouteCase("10.1.2.3 dev v1", try .to("10.1.2.3").dev("v1")),
      RouteCase("10.0.0.0/8 dev v1 scope host", try .to("10.0.0.0/8").dev("v1").with { $0.scope = 254 }),
      RouteCase(
        "10.0.0.0/8 via 203.0.113.1 dev v0 onlink", try .to("10.0.0.0/8").via("203.0.113.1", "v0", onLink: true)),
      RouteCase("10.0.0.0/8 via inet6 fe80::1 dev v0", try .to("10.0.0.0/8").via("fe80::1", "v0")),
      RouteCase(
        "10.0.0.0/8 via 192.0.2.1 dev v0 mtu 1400 advmss 1360",
        try .to("10.0.0.0/8").via("192.0.2.1", "v0").with { ($0.mtu, $0.advertisedMSS) = (1400, 1360) }),
      RouteCase(
        "10.0.0.0/8 table 100000 via 192.0.2.1 dev v0", try .to("10.0.0.0/8", table: 100_000).via("192.0.2.1", "v0")),
      RouteCase(
        "10.0.0.0/8 tos 0x10 via 192.0.2.1 dev v0",
        try .to("10.0.0.0/8").via("192.0.2.1", "v0").with { $0.key.typeOfService = 0x10 }),
      RouteCase(
        "10.0.0.0/8 nexthop via 192.0.2.1 dev v0 weight 1 nexthop via 198.51.100.1 dev v1 weight 256",
        try .to("10.0.0.0/8").via("192.0.2.1", "v0").via("198.51.100.1", "v1", weight: 256)),
      RouteCase(
        "10.0.0.0/8 nexthop via inet6 fe80::1 dev v0 weight 3 nexthop via 203.0.113.1 dev v1 onlink",
        try .to("10.0.0.0/8").via("fe80::1", "v0", weight: 3).via("203.0.113.1", "v1", onLink: true)),
      RouteCase("blackhole 10.0.0.0/8", try .to("10.0.0.0/8").with { $0.type = .blackhole }),
      RouteCase("unreachable 10.0.0.0/8 metric 7", try .to("10.0.0.0/8", metric: 7).with { $0.type = .unreachable }),
      RouteCase("prohibit 10.0.0.0/8 table 7", try .to("10.0.0.0/8", table: 7).with { $0.type = .prohibit }),
      RouteCase("throw 10.0.0.0/8 table 7", try .to("10.0.0.0/8", table: 7).with { $0.type = .throw }),
      RouteCase(
        "local 10.0.0.1 dev lo table 255",
        try .to("10.0.0.1", table: 255).dev("lo").with { ($0.type, $0.scope) = (.local, 254) }),
      RouteCase("2001:db8:1::/48 via 2001:db8::1 dev v0", try .to("2001:db8:1::/48").via("2001:db8::1", "v0")),
      RouteCase("::/0 via fe80::1 dev v0 metric 5", try .to("::/0", metric: 5).via("fe80::1", "v0")),
      RouteCase("2001:db8:1::/48 dev v1", try .to("2001:db8:1::/48").dev("v1")),
      RouteCase(
        "2001:db8:1::/48 via 2001:db8:ffff::1 dev v0 onlink",
        try .to("2001:db8:1::/48").via("2001:db8:ffff::1", "v0", onLink: true)),
      RouteCase(
        "2001:db8:1::/48 via fe80::1 dev v0 mtu 1400 src 2001:db8::2",
        try .to("2001:db8:1::/48").via("fe80::1", "v0").with {
          ($0.mtu, $0.source) = (1400, IPAddress("2001:db8::2"))
        }),
      RouteCase(
        "2001:db8:1::/48 nexthop via fe80::1 dev v0 weight 1 nexthop via fe80::2 dev v1 weight 2",
        try .to("2001:db8:1::/48").via("fe80::1", "v0").via("fe80::2", "v1", weight: 2)),
      RouteCase("blackhole 2001:db8:1::/48", try .to("2001:db8:1::/48").with { $0.type = .blackhole }),
      RouteCase("unreachable 2001:db8:1::/48", try .to("2001:db8:1::/48").with { $0.type = .unreachable }),
      RouteCase("prohibit 2001:db8:1::/48", try .to("2001:db8:1::/48").with { $0.type = .prohibit }),
      RouteCase(
        "throw 2001:db8:1::/48 table 300", try .to("2001:db8:1::/48", table: 300).with { $0.type = .throw }),
    ]
  }

  @Test func routesAreWhatIPMakesOfThem() async throws {
    let namespace = try await RoutingNamespace()
    let empty = try await namespace.dump()
    for test in try Self.routes() {
      let family = test.route.key.destination.address.family == .ipv6 ? "-6" : "-4"
      try await namespace.ip("ip \(family) route add \(test.wordsWithProtocol)")
      let expected = try await namespace.dump()
      #expect(try await namespace.routing.read().routes == [test.route], "\(test.words)")
      try await namespace.ip("ip \(family) route del \(test.wordsWithProtocol)")
      try await namespace.routing.apply([.addRoute(test.route)])
      #expect(try await namespace.dump() == expected, "\(test.words)")
      let read = try await namespace.routing.read()
      #expect(read.routes == [test.route], "\(test.words)")
      try await namespace.routing.apply(read.routes.map(Change.removeRoute))
      #expect(try await namespace.dump() == empty, "\(test.words)")
    }
  }

  struct RuleCase: Sendable {
    var words: String
    var rule: PolicyRule

    init(
      _ words: String, _ family: Family = .ipv4, _ priority: UInt32 = 1000,
      _ action: PolicyAction = .lookup(table: 100),
      _ edit: (inout PolicyRule) -> Void = { _ in }
    ) {
      self.words = words
      rule = PolicyRule(family: family, priority: priority, action: action)
      edit(&rule)
    }
  }

  static let rules = [
    RuleCase("from 10.1.0.0/16 table 100") { $0.from = IPPrefix("10.1.0.0/16") },
    RuleCase("to 10.1.2.3 table 100") { $0.to = IPPrefix("10.1.2.3") },
    RuleCase("not from 10.1.0.0/16 to 10.2.0.0/16 table 100") {
      $0.isInverted = true
      $0.from = IPPrefix("10.1.0.0/16")
      $0.to = IPPrefix("10.2.0.0/16")
    },
    RuleCase("iif v0 table 100") { $0.incomingInterface = "v0" },
    RuleCase("oif absent0 table 100") { $0.outgoingInterface = "absent0" },
    RuleCase("fwmark 7 table 100") { $0.mark = 7 },
    RuleCase("fwmark 0x10/0xf0 table 100000", .ipv4, 1000, .lookup(table: 100_000)) {
      $0.mark = 0x10
      $0.markMask = 0xF0
    },
    RuleCase("fwmark 0/0xffffffff table 100") { $0.markMask = .max },
    RuleCase("fwmark 0/0xff table 100") { $0.markMask = 0xFF },
    RuleCase("tos 0x10 table 100") { $0.typeOfService = 0x10 },
    RuleCase("ipproto tcp sport 1000-2000 dport 22 table 100") {
      $0.ipProtocol = 6
      $0.sourcePorts = 1000...2000
      $0.destinationPorts = 22...22
    },
    RuleCase("uidrange 1000-2000 table 100") { $0.userIDs = 1000...2000 },
    RuleCase("table main suppress_prefixlength 0", .ipv4, 1000, .lookup(table: 254)) { $0.suppressedPrefixLength = 0 },
    RuleCase("from 10.1.0.0/16 goto 2000", .ipv4, 1000, .goto(2000)) { $0.from = IPPrefix("10.1.0.0/16") },
    RuleCase("nop", .ipv4, 1000, .nop),
    RuleCase("blackhole", .ipv4, 1000, .blackhole),
    RuleCase("unreachable", .ipv4, 4_294_967_295, .unreachable),
    RuleCase("prohibit", .ipv4, 0, .prohibit),
    RuleCase("from 2001:db8:1::/48 iif v1 table 300", .ipv6, 5, .lookup(table: 300)) {
      $0.from = IPPrefix("2001:db8:1::/48")
      $0.incomingInterface = "v1"
    },
    RuleCase("to 2001:db8:1::1 prohibit", .ipv6, 6, .prohibit) { $0.to = IPPrefix("2001:db8:1::1") },
  ]

  @Test func rulesAreWhatIPMakesOfThem() async throws {
    let namespace = try await RoutingNamespace()
    let empty = try await namespace.dump()
    for test in Self.rules {
      let words = "\(test.rule.family == .ipv6 ? "-6" : "-4") rule"
      try await namespace.ip("ip \(words) add \(test.words) priority \(test.rule.priority) protocol 110")
      let expected = try await namespace.dump()
      #expect(try await namespace.routing.read().policyRules == [test.rule], "\(test.words)")
      try await namespace.ip("ip \(words) del \(test.words) priority \(test.rule.priority) protocol 110")
      try await namespace.routing.apply([.addPolicyRule(test.rule)])
      #expect(try await namespace.dump() == expected, "\(test.words)")
      try await namespace.routing.apply([.removePolicyRule(test.rule)])
      #expect(try await namespace.dump() == empty, "\(test.words)")
    }
  }
}
