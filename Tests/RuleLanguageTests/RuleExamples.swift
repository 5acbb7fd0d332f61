import Model
import RuleLanguage

/// A node with little on it, the same in every test.
struct ExampleNames: NameResolver {
  func interfaceIndex(_ name: String) -> UInt32? { name == "lo" ? 1 : nil }
  func interfaceName(_ index: UInt32) -> String? { index == 1 ? "lo" : nil }
  func userID(_ name: String) -> UInt32? { Self.users[name] }
  func groupID(_ name: String) -> UInt32? { Self.users[name] }
  func servicePort(_ name: String) -> UInt16? { Self.services[name] }
  func protocolNumber(_ name: String) -> UInt8? { Self.protocols[name] }
  func number(of name: String, in file: String) -> UInt32? { ["cosmos", "default"].contains(name) ? 0 : nil }
  /// Two hours east of Greenwich all the year.
  func secondsEastOfUTC(at localTime: Int64?) -> Int64 { 7200 }

  private static let users: [String: UInt32] = ["root": 0, "daemon": 1, "bin": 2]
  private static let services: [String: UInt16] = ["ssh": 22, "telnet": 23, "domain": 53, "http": 80, "https": 443]
  private static let protocols: [String: UInt8] = ["ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58]
}

/// Rules that print as they were written, or as `listing` says, in a table with the sets and objects of `setup`.
struct RuleExample: Sendable, CustomStringConvertible {
  var family: Family
  var rule: String
  var listing: String

  init(_ family: Family, _ rule: String, prints listing: String? = nil) {
    self.family = family
    self.rule = rule
    self.listing = listing ?? rule
  }

  var description: String { "\(family.keyword): \(rule)" }

  /// Declares what the examples refer to.
  static func setup(_ family: Family) -> RuleSource {
    let hook =
      family == .netdev ? "type filter hook ingress device lo priority 0;" : "type filter hook input priority 0;"
    let translation = family == .inet ? "chain nat { type nat hook prerouting priority dstnat; }" : ""
    let text = """
      table \(family.keyword) demo {
        counter hits { }
        quota month { over 5 mbytes; }
        set peers { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
        set knocks { type ipv4_addr . inet_service; flags dynamic,timeout; }
        set allowed { type ipv4_addr . inet_service; flags interval; }
        map ports { type inet_service : verdict; }
        map marks { type ipv4_addr : mark; }
        chain other { }
        chain here { \(hook) }
        \(translation)
      }
      """
    return RuleSource(text: text, start: SourceLocation(file: "setup", line: 1, column: 1))
  }

  static let all: [RuleExample] = protocols + values + statements + updates

  static let protocols: [RuleExample] = [
    .init(.inet, "tcp dport 22 accept"),
    .init(.inet, "tcp dport ssh accept", prints: "tcp dport 22 accept"),
    .init(.inet, "meta l4proto udp udp sport 53", prints: "udp sport 53"),
    .init(.inet, "meta l4proto tcp counter tcp dport 8080"),
    .init(.inet, "ip saddr 192.0.2.1 tcp sport 5 tcp dport 7"),
    .init(.inet, "meta nfproto ipv6 ip6 daddr 2001:db8::/32 drop", prints: "ip6 daddr 2001:db8::/32 drop"),
    .init(.inet, "icmp type echo-request limit rate 4/second burst 5 packets accept"),
    .init(.inet, "icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept"),
    .init(.inet, "icmpv6 mtu 1280"),
    .init(.inet, "icmp id 7", prints: "icmp type { echo-reply, echo-request } icmp id 7"),
    .init(.inet, "ether saddr 02:00:00:00:00:01 drop"),
    .init(.inet, "frag more-fragments 1"),
    .init(.inet, "meta l4proto { tcp, udp } th dport 53"),
    .init(.ipv4, "ip protocol tcp"),
    .init(.ipv4, "ip protocol tcp tcp dport 22"),
    .init(.ipv4, "udp dport { 53, 67-68 }"),
    .init(.ipv6, "icmpv6 type nd-redirect"),
    .init(.bridge, "ip saddr 192.0.2.1 udp dport 67"),
    .init(.bridge, "vlan id 5 ip daddr 192.0.2.7"),
    .init(.bridge, "ether type arp arp operation request"),
    .init(.netdev, "ip saddr 192.0.2.0/24 drop"),
    .init(.netdev, "udp dport 4789 vxlan ip saddr 192.0.2.1"),
    .init(.arp, "arp operation reply arp saddr ip 192.0.2.9"),
  ]

  static let values: [RuleExample] = [
    .init(.inet, "ip saddr 10.0.0.0/8"),
    .init(.inet, "ip saddr 10.0.16.0/20"),
    .init(.inet, "ip saddr != 10.0.0.5-10.0.0.9"),
    .init(.inet, "ip daddr & 0.0.0.255 == 0.0.0.7"),
    .init(.inet, "ip saddr { 10.0.0.0/8, 192.168.0.1-192.168.0.9, 203.0.113.5 } accept"),
    .init(.inet, "ip saddr . tcp dport { 192.0.2.1 . 22, 198.51.100.0/24 . 80-90 } accept"),
    .init(.inet, "tcp dport vmap { 22 : accept, 80 : jump other }"),
    .init(.inet, "meta mark set tcp dport map { 22 : 0x00000001, 80 : 0x00000002 }"),
    .init(.inet, "meta mark 1-5", prints: "meta mark 0x00000001-0x00000005"),
    .init(.inet, "meta mark { 0x00000001, 0x00000005-0x00000007 }"),
    .init(.inet, "ct mark and 0xff == 3", prints: "ct mark & 0x000000ff == 0x00000003"),
    .init(.inet, "ct state related,established accept", prints: "ct state established,related accept"),
    .init(.inet, "ct state != new"),
    .init(.inet, "ct status dnat"),
    .init(.inet, "ct original ip saddr 192.0.2.4"),
    .init(.inet, "ct expiration 1h30m"),
    .init(.inet, "tcp flags syn"),
    .init(.inet, "tcp flags == syn"),
    .init(.inet, "tcp flags & (fin | syn | rst) == syn"),
    .init(.inet, "tcp flags ! syn,ack"),
    .init(.inet, "tcp flags & (fin | syn | ack) == { syn, fin | ack }"),
    .init(.inet, "ct mark set (meta mark | 0x00000010) << 8"),
    .init(.inet, "iifname \"eth*\" oif \"lo\""),
    .init(.inet, "iifname { \"eth0\", \"wlan0\" }"),
    .init(.inet, "meta skuid root", prints: "meta skuid 0"),
    .init(.inet, "meta time \"2026-03-01 12:00:00\""),
    .init(.inet, "meta hour \"08:00\"-\"17:30\""),
    .init(.inet, "meta hour \"22:00\"-\"06:00\""),
    .init(.inet, "ip dscp ef"),
    .init(.inet, "ip dscp { cs1, af21 }"),
    .init(.inet, "ip6 flowlabel 7"),
    .init(.inet, "fib daddr type local"),
    .init(.inet, "tcp option maxseg size 1300-1400"),
    .init(.inet, "ip option ra exists"),
    .init(.inet, "@th,160,8 7", prints: "@th,160,8 0x7"),
    .init(.inet, "rt ipsec missing"),
    .init(.inet, "meta priority 1:10"),
  ]

  static let statements: [RuleExample] = [
    .init(.inet, "counter packets 5 bytes 6 drop", prints: "counter drop"),
    .init(.inet, "limit rate over 2/minute burst 9 packets"),
    .init(.inet, "limit rate 1 mbytes/second burst 64 kbytes"),
    .init(.inet, "quota over 3 mbytes drop"),
    .init(.inet, "ct count over 20 reject"),
    .init(.inet, "log prefix \"in: \" level debug flags tcp sequence,options flags skuid"),
    .init(.inet, "log flags all"),
    .init(.inet, "log prefix \"q\" group 3 snaplen 64 queue-threshold 2"),
    .init(.inet, "reject with tcp reset"),
    .init(.inet, "reject with icmpx admin-prohibited"),
    .init(.inet, "reject with icmp host-prohibited"),
    .init(.ipv4, "reject with icmp port-unreachable", prints: "reject"),
    .init(.inet, "meta mark set meta mark & 0x000000ff | 0x00000010"),
    .init(.inet, "ct mark set meta mark"),
    .init(.inet, "meta nftrace set 1"),
    .init(.inet, "ip dscp set cs1"),
    .init(.inet, "ip ttl set 64"),
    .init(.inet, "tcp option maxseg size set rt mtu"),
    .init(.inet, "meta mark set numgen random mod 4 offset 16"),
    .init(.inet, "meta mark set jhash ip saddr . ip daddr mod 8"),
    .init(.inet, "counter name \"hits\" accept"),
    .init(.inet, "quota name \"month\" drop"),
    .init(.inet, "counter name tcp dport map { 22 : \"hits\" }"),
    .init(.inet, "goto other"),
    .init(.inet, "jump { tcp dport 22 accept; drop; }"),
    .init(.inet, "tcp dport 443 accept comment \"web\""),
    .init(.inet, "notrack"),
    .init(.inet, "queue flags bypass,fanout to 3-5"),
    .init(.netdev, "fwd to \"lo\""),
  ]

  static let updates: [RuleExample] = [
    .init(.inet, "ip saddr @peers drop"),
    .init(.inet, "ip saddr . tcp dport @allowed accept"),
    .init(.inet, "tcp dport vmap @ports"),
    .init(.inet, "meta mark set ip saddr map @marks"),
    .init(.inet, "add @peers { ip saddr timeout 30s }"),
    .init(.inet, "update @peers { ip saddr limit rate 6/minute burst 5 packets } drop"),
    .init(.inet, "add @marks { ip saddr : 0x00000009 }"),
    .init(.inet, "delete @peers { ip saddr }"),
    .init(.inet, "add @knocks { ip saddr . 7000 timeout 3s }"),
  ]

  static let translations: [RuleExample] = [
    .init(.inet, "dnat ip to 192.0.2.1", prints: "dnat ip to 192.0.2.1"),
    .init(.inet, "tcp dport 80 dnat ip to 192.0.2.1:8080"),
    .init(.inet, "tcp dport 80 dnat ip to 192.0.2.1-192.0.2.5:8080-8090 persistent"),
    .init(.inet, "tcp dport 80 dnat ip6 to [2001:db8::1]:8080"),
    .init(.inet, "tcp dport 80 redirect to :8080"),
    .init(.inet, "dnat ip to ip saddr map { 192.0.2.1 : 198.51.100.1 }"),
    .init(.inet, "dnat ip to tcp dport map { 80 : 198.51.100.1 . 8080, 81 : 198.51.100.2 . 8081 }"),
  ]
}
