import Probing
import Support
import Testing

@Suite(.timeLimit(.minutes(1))) struct GatewayProbeTests {
  /// What drops the client's questions at the neighbour, while all other packets pass.
  private static let deaf = """
    table arp deaf { chain in { type filter hook input priority 0; drop; }; }
    table ip6 deaf { chain in { type filter hook input priority 0; icmpv6 type nd-neighbor-solicit drop; }; }
    """

  @Test func bothFamiliesAreAsked() async throws {
    try await ProbeNetwork.with { network in
      // Nothing is known of the neighbours, then all is, then it is old.
      #expect(try await network.run("gateway:c0") == .passed)
      for address in ["10.9.0.1", "fd09::1"] { #expect(try await network.entry(of: address).contains("REACHABLE")) }
      #expect(try await network.run("gateway:c0") == .passed)
      try await network.client.check("sh", "-ec", Self.age)
      #expect(try await network.entry(of: "10.9.0.1").contains("STALE"))
      #expect(try await network.run("gateway:c0") == .passed)
      for address in ["10.9.0.1", "fd09::1"] { #expect(try await network.entry(of: address).contains("REACHABLE")) }
    }
  }

  private static let age = """
    for a in 10.9.0.1 fd09::1; do
      ip neigh replace $a dev c0 lladdr $(ip neigh show $a dev c0 | sed 's/.*lladdr \\([^ ]*\\).*/\\1/') nud stale
    done
    """

  /// Every state that the neighbour can be in when it has stopped answering.
  @Test(arguments: ["none", "reachable", "stale", "delay", "probe", "incomplete"])
  func whatWasKnownProvesNothing(_ state: String) async throws {
    try await ProbeNetwork.with { network in
      #expect(try await network.run("gateway:c0") == .passed)
      let link = try await network.link(of: "10.9.0.1")
      try await network.server.load(Self.deaf)
      try await network.client.check("ip", "neigh", "flush", "dev", "c0")
      switch state {
      case "none": break
      case "incomplete":
        // Somebody asks, and is not answered.
        _ = try await network.client.run("ping", "-c1", "-W1", "10.9.0.1")
      default:
        try await network.client.check(
          "ip", "neigh", "replace", "10.9.0.1", "dev", "c0", "lladdr", link, "nud", state)
      }
      let result = try await network.run("gateway:c0", within: .milliseconds(400))
      #expect(result == .failed("no neighbour answer from 10.9.0.1, fd09::1 on c0"))
      // What is known stays known: packets go on.
      if !["none", "incomplete"].contains(state) {
        #expect(try await network.entry(of: "10.9.0.1").contains(link))
      }
    }
  }

  /// Traffic tells the kernel that a neighbour is there; new hosts get no answer all the same.
  @Test func trafficProvesNothing() async throws {
    try await ProbeNetwork.with { network in
      try await network.client.check("ip", "-6", "route", "del", "default")
      #expect(try await network.run("gateway:c0") == .passed)
      try await network.server.load(Self.deaf)
      async let pings = network.client.check("ping", "-c8", "-i0.1", "-q", "10.9.0.1")
      let result = try await network.run("gateway:c0", within: .milliseconds(700))
      #expect(result == .failed("no neighbour answer from 10.9.0.1 on c0"))
      // No packet was lost to the probe.
      #expect(try await pings.contains(" 0% packet loss"))
    }
  }

  struct Foreign: Sendable, CustomTestStringConvertible {
    var words: [String]
    var reason: String?
    var testDescription: String { words.joined(separator: " ") }
  }

  static let foreign = [
    Foreign(words: ["nud", "permanent"], reason: "is permanent"),
    Foreign(words: ["nud", "noarp"], reason: "on a link without neighbour discovery"),
    Foreign(words: ["nud", "reachable", "extern_learn"], reason: "kept by another program (extern_learn)"),
    Foreign(words: ["nud", "reachable", "managed"], reason: "kept by another program (managed)"),
    Foreign(words: ["nud", "reachable", "router"], reason: nil),
    Foreign(words: ["nud", "stale", "protocol", "bgp"], reason: nil),
  ]

  /// Entries that others made keep what they have.
  @Test(arguments: foreign) func othersEntriesAreLeftAlone(_ foreign: Foreign) async throws {
    try await ProbeNetwork.with { network in
      try await network.client.check("ip", "route", "del", "default")
      #expect(try await network.run("gateway:c0") == .passed)
      let link = try await network.link(of: "fd09::1")
      try await network.client.check(
        "sh", "-ec",
        "ip neigh flush dev c0; ip neigh replace fd09::1 dev c0 lladdr \(link) \(foreign.words.joined(separator: " "))")
      // What the neighbour itself says changes marks, too.
      try await network.server.load(Self.deaf)
      let before = try await network.entry(of: "fd09::1")
      let result = try await network.run("gateway:c0", within: .milliseconds(300))
      let after = try await network.entry(of: "fd09::1")
      if let reason = foreign.reason {
        guard case .failed(let text) = result else { return #expect(result == .failed(reason)) }
        #expect(text.hasPrefix("the neighbour fd09::1 on c0 is ") && text.contains(reason))
        #expect(after == before)
      } else {
        #expect(result == .failed("no neighbour answer from fd09::1 on c0"))
        let marks = Set(before.split(separator: " ")).intersection(["router", "bgp"])
        #expect(!marks.isEmpty && marks.isSubset(of: Set(after.split(separator: " "))), "\(before) \(after)")
      }
    }
  }

  @Test func whatCannotBeAskedIsSaid() async throws {
    try await ProbeNetwork.with { network in
      #expect(try await network.run("gateway:eth9") == .failed("there is no interface eth9"))
      #expect(try await network.run("gateway:lo") == .failed("lo has no default route"))
      try await network.client.check("sh", "-ec", "ip route del default; ip -6 route del default")
      try await network.client.check("ip", "route", "add", "default", "dev", "c0")
      #expect(
        try await network.run("gateway:c0")
          == .failed("the default route of c0 has no next hop that could be asked"))
    }
  }

  @Test func otherTablesAndMetricsAreKnown() async throws {
    try await ProbeNetwork.with { network in
      try await network.client.check(
        "sh", "-ec",
        """
        ip -6 route del default
        ip route add default via 10.9.0.99 metric 500
        """)
      // The preferred one alone is asked.
      #expect(try await network.run("gateway:c0") == .passed)
      try await network.client.check("ip", "route", "del", "default", "via", "10.9.0.1")
      #expect(
        try await network.run("gateway:c0", within: .milliseconds(300))
          == .failed("no neighbour answer from 10.9.0.99 on c0"))
      try await network.client.check(
        "sh", "-ec", "ip route flush default; ip route add default via 10.9.0.1 dev c0 table 100")
      #expect(try await network.run("gateway:c0") == .passed)
      // All of several next hops.
      try await network.client.check(
        "ip", "route", "add", "default", "nexthop", "via", "10.9.0.1", "dev", "c0", "nexthop", "via", "10.9.0.98",
        "dev", "c0")
      #expect(
        try await network.run("gateway:c0", within: .milliseconds(300))
          == .failed("no neighbour answer from 10.9.0.98 on c0"))
    }
  }
}
