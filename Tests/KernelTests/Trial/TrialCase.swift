import Model
import Testing

/// A change at one hook, and how packets tell which side of it they meet.
struct TrialCase: Sendable, CustomTestStringConvertible {
  enum Probe: Sendable {
    /// Which of the ports 1111 and 2222 answer.
    case ports(from: TrialNetwork.Place, address: String, at: TrialNetwork.Place)
    /// Which port a datagram to port 5000 ends up at.
    case translated(from: TrialNetwork.Place, address: String, at: TrialNetwork.Place)
    /// Where a datagram from the client seems to come from.
    case source
    /// Whether an address without a neighbour entry answers.
    case neighbour(address: String, at: TrialNetwork.Place)
  }

  var testDescription: String
  var family = Family.inet
  var onBridge = false
  /// `type … policy …;`, before and after.
  var base: (String?, String?)
  var rules: (old: String, new: String)
  var probe: Probe
  var wanted: (old: String, new: String)
  /// What another program has.
  var other = ""

  init(
    _ name: String, in family: Family = .inet, onBridge: Bool = false, _ base: String,
    policies: (String, String)? = nil, _ old: String, _ new: String, _ probe: Probe, _ wantedOld: String,
    _ wantedNew: String, other: String = ""
  ) {
    testDescription = name
    self.family = family
    self.onBridge = onBridge
    let policies = policies ?? ("accept", "accept")
    self.base = ("type \(base); policy \(policies.0);", "type \(base); policy \(policies.1);")
    rules = (old, new)
    self.probe = probe
    wanted = (wantedOld, wantedNew)
    self.other = other
  }

  /// One of the two generations has no base chain.
  func without(old: Bool) -> TrialCase {
    var copy = self
    if old { copy.base.0 = nil } else { copy.base.1 = nil }
    return copy
  }

  var old: String { text(base.0, rules.old) }
  var new: String { text(base.1, rules.new) }

  private func text(_ base: String?, _ rules: String) -> String {
    guard let base else { return "table \(family.keyword) edge {\n}\n" }
    return "table \(family.keyword) edge {\n chain x {\n \(base)\n \(rules)\n }\n}\n"
  }
}

extension TrialCase {
  private static let drops = ("udp dport 1111 drop", "udp dport 2222 drop")

  static let all: [TrialCase] = filter + translation + others + link

  private static let toRouter = Probe.ports(from: .client, address: "10.0.1.1", at: .middle)
  private static let through = Probe.ports(from: .client, address: "10.0.2.2", at: .server)

  private static let filter: [TrialCase] = [
    TrialCase("filter input", "filter hook input priority filter", drops.0, drops.1, toRouter, "2", "1"),
    TrialCase(
      "input, policy drop to accept", "filter hook input priority filter", policies: ("drop", "accept"),
      "udp dport 1111 accept", "", toRouter, "1", "12"),
    TrialCase(
      "input, policy accept to drop", "filter hook input priority filter", policies: ("accept", "drop"),
      "udp dport 2222 drop", "udp dport 2222 accept", toRouter, "1", "2"),
    TrialCase(
      "input comes", "filter hook input priority filter", policies: ("accept", "drop"),
      "", "udp dport 2222 accept", toRouter, "12", "2"
    ).without(old: true),
    TrialCase(
      "input goes", "filter hook input priority filter", policies: ("drop", "accept"),
      "udp dport 2222 accept", "", toRouter, "2", "12"
    ).without(old: false),
    TrialCase(
      "ip6 input", in: .ipv6, "filter hook input priority filter", drops.0, drops.1,
      .ports(from: .client, address: "fd00:1::1", at: .middle), "2", "1"),
    TrialCase(
      "filter output", "filter hook output priority filter", "udp sport 1111 drop", "udp sport 2222 drop", toRouter,
      "2", "1"),
    TrialCase("filter forward", "filter hook forward priority filter", drops.0, drops.1, through, "2", "1"),
    TrialCase("filter prerouting", "filter hook prerouting priority mangle", drops.0, drops.1, through, "2", "1"),
    TrialCase("filter postrouting", "filter hook postrouting priority mangle", drops.0, drops.1, through, "2", "1"),
  ]

  private static let translated = Probe.translated(from: .client, address: "10.0.1.1", at: .server)

  private static let translation: [TrialCase] = [
    TrialCase(
      "dnat", in: .ipv4, "nat hook prerouting priority dstnat", "udp dport 5000 dnat to 10.0.2.2:1111",
      "udp dport 5000 dnat to 10.0.2.2:2222", translated, "1111", "2222"),
    TrialCase(
      "dnat to none", in: .ipv4, "nat hook prerouting priority dstnat", "udp dport 5000 dnat to 10.0.2.2:1111", "",
      translated, "1111", "none"),
    TrialCase(
      "none to dnat", "nat hook prerouting priority dstnat", "", "udp dport 5000 dnat ip to 10.0.2.2:2222", translated,
      "none", "2222"),
    TrialCase(
      "dnat comes", "nat hook prerouting priority dstnat", "", "udp dport 5000 dnat ip to 10.0.2.2:2222", translated,
      "none", "2222"
    ).without(old: true),
    TrialCase(
      "dnat goes", "nat hook prerouting priority dstnat", "udp dport 5000 dnat ip to 10.0.2.2:2222", "", translated,
      "2222", "none"
    ).without(old: false),
    TrialCase(
      "redirect", in: .ipv4, "nat hook prerouting priority dstnat", "udp dport 5000 redirect to :1111",
      "udp dport 5000 redirect to :2222", .translated(from: .client, address: "10.0.1.1", at: .middle), "1111", "2222"),
    TrialCase(
      "snat", in: .ipv4, "nat hook postrouting priority srcnat", "ip saddr 10.0.1.0/24 snat to 10.0.2.1",
      "ip saddr 10.0.1.0/24 snat to 10.0.2.9", .source, "10.0.2.1", "10.0.2.9"),
    TrialCase(
      "none to masquerade", "nat hook postrouting priority srcnat", "", "oifname \"rs\" masquerade", .source,
      "10.0.1.2", "10.0.2.1"),
    TrialCase(
      "output dnat", in: .ipv4, "nat hook output priority -100", "udp dport 5000 dnat to 10.0.2.2:1111",
      "udp dport 5000 dnat to 10.0.2.2:2222", .translated(from: .middle, address: "10.0.2.2", at: .server), "1111",
      "2222"),
  ]

  private static let others: [TrialCase] = [
    TrialCase(
      "route output", "route hook output priority mangle", "udp dport 1111 meta mark set 7",
      "udp dport 2222 meta mark set 7", .ports(from: .middle, address: "10.0.2.2", at: .server), "2", "1"),
    TrialCase(
      "raw notrack", "filter hook prerouting priority raw", "udp dport 1111 notrack", "udp dport 2222 notrack", through,
      "2", "1",
      other: "table inet observer { chain f { type filter hook forward priority 0; ct state untracked drop; }; }"),
    TrialCase("inet ingress", "filter hook ingress device \"rc\" priority 0", drops.0, drops.1, toRouter, "2", "1"),
    TrialCase(
      "netdev ingress", in: .netdev, "filter hook ingress device \"rc\" priority 0", drops.0, drops.1, toRouter,
      "2", "1"),
    TrialCase(
      "netdev egress", in: .netdev, "filter hook egress device \"rs\" priority 0", drops.0, drops.1, through, "2", "1"),
  ]

  private static let link: [TrialCase] = [
    TrialCase(
      "bridge forward", in: .bridge, onBridge: true, "filter hook forward priority 0", drops.0, drops.1,
      .ports(from: .client, address: "10.9.0.2", at: .server), "2", "1"),
    TrialCase(
      "bridge forward of arp", in: .bridge, onBridge: true, "filter hook forward priority 0", "ether type arp drop", "",
      .neighbour(address: "10.9.0.2", at: .server), "no", "yes"),
    TrialCase(
      "bridge input", in: .bridge, onBridge: true, "filter hook input priority 0", drops.0, drops.1,
      .ports(from: .client, address: "10.9.0.3", at: .middle), "2", "1"),
    TrialCase(
      "arp input", in: .arp, "filter hook input priority 0", "arp operation request drop", "",
      .neighbour(address: "10.0.1.1", at: .middle), "no", "yes"),
    TrialCase(
      "arp output", in: .arp, "filter hook output priority 0", policies: ("drop", "drop"), "",
      "arp operation reply accept", .neighbour(address: "10.0.1.1", at: .middle), "no", "yes"),
  ]
}
