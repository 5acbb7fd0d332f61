import Model
import Testing

@testable import RuleLanguage

/// Rules beside the bytecode that nft makes of them.
@Suite("Lowering")
struct LoweringTests {
  struct Names: NameResolver {
    func interfaceIndex(_ name: String) -> UInt32? { name == "lo" ? 1 : nil }
    func interfaceName(_ index: UInt32) -> String? { nil }
    func userID(_ name: String) -> UInt32? { name == "root" ? 0 : nil }
    func groupID(_ name: String) -> UInt32? { nil }
    func servicePort(_ name: String) -> UInt16? { name == "ssh" ? 22 : nil }
    func protocolNumber(_ name: String) -> UInt8? { nil }
    func number(of name: String, in file: String) -> UInt32? { nil }
  }

  struct NoFiles: IncludeResolver {
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] {
      throw IncludeError("no files here")
    }
  }

  /// The expressions' lines without their brackets, or the first error.
  static func lower(_ rule: String, family: String = "inet", setup: String = "") -> [String] {
    let hook = family == "netdev" ? "ingress device lo" : "prerouting"
    let text = """
      add table \(family) t
      add chain \(family) t c { type filter hook \(hook) priority 0; }
      add chain \(family) t other
      \(setup)
      add rule \(family) t c \(rule)
      """
    let source = RuleSource(text: text, start: SourceLocation(file: "test.nft", line: 1, column: 1))
    do throws(RulesetError) {
      let ruleset = try RulesetCompiler.compile([source], names: Names(), includes: NoFiles())
      guard let table = ruleset.tables.first, let chain = table.chains.first(where: { $0.name == "c" }),
        let rule = chain.rules.first
      else { return ["no rule"] }
      return BytecodeListing(table: table.id, chain: "c").lines(of: rule).compactMap { line in
        let trimmed = line.drop { $0 == " " || $0 == "\t" }
        if trimmed.hasPrefix("[ ") { return String(trimmed.dropFirst(2).dropLast(2)) }
        return trimmed.hasPrefix("element") ? String(trimmed) : nil
      }
    } catch {
      return ["error: " + (error.diagnostics.first?.message ?? "")]
    }
  }

  @Test(arguments: [
    ("inet", "ip saddr 192.0.2.7", ["meta load nfproto => reg 1", "cmp eq reg 1 0x00000002"]),
    ("netdev", "ip saddr 192.0.2.7", ["meta load protocol => reg 1", "cmp eq reg 1 0x00000008"]),
    ("bridge", "ip saddr 192.0.2.7", ["meta load protocol => reg 1", "cmp eq reg 1 0x00000008"]),
    ("bridge", "arp operation request", ["payload load 2b @ link header + 12 => reg 1", "cmp eq reg 1 0x00000608"]),
    ("ip", "tcp dport ssh", ["meta load l4proto => reg 1", "cmp eq reg 1 0x00000006"]),
    (
      "inet", "icmpv6 type echo-reply",
      ["meta load nfproto => reg 1", "cmp eq reg 1 0x0000000a", "meta load l4proto => reg 1"]
    ),
    ("inet", "ether saddr 02:00:00:00:00:01", ["meta load iiftype => reg 1", "cmp eq reg 1 0x00000001"]),
    ("bridge", "exthdr hbh exists", ["payload load 2b @ link header + 12 => reg 1", "cmp eq reg 1 0x0000dd86"]),
    ("inet", "meta l4proto tcp frag id 7", ["meta load nfproto => reg 1", "cmp eq reg 1 0x0000000a"]),
    ("bridge", "vlan id 5", ["payload load 2b @ link header + 12 => reg 1", "cmp eq reg 1 0x00000081"]),
  ]) func dependenciesComeFirst(family: String, rule: String, first: [String]) {
    #expect(Array(LoweringTests.lower(rule, family: family).prefix(first.count)) == first)
  }

  @Test(arguments: [
    ("ip saddr 10.0.0.0/8", ["payload load 1b @ network header + 12 => reg 1", "cmp eq reg 1 0x0000000a"]),
    (
      "ip saddr 10.16.0.0/12",
      [
        "payload load 4b @ network header + 12 => reg 1", "bitwise reg 1 = ( reg 1 & 0x0000f0ff ) ^ 0x00000000",
        "cmp eq reg 1 0x0000100a",
      ]
    ),
    (
      "ip dscp cs1",
      [
        "payload load 1b @ network header + 1 => reg 1", "bitwise reg 1 = ( reg 1 & 0x000000fc ) ^ 0x00000000",
        "cmp eq reg 1 0x00000020",
      ]
    ),
    (
      "meta mark 7-9",
      ["meta load mark => reg 1", "byteorder reg 1 = hton(reg 1, 4, 4)", "range eq reg 1 0x07000000 0x09000000"]
    ),
    ("meta mark xor 0x3 == 0x1", ["meta load mark => reg 1", "cmp eq reg 1 0x00000002"]),
    (
      "ct state new,related",
      [
        "ct load state => reg 1", "bitwise reg 1 = ( reg 1 & 0x0000000c ) ^ 0x00000000", "cmp neq reg 1 0x00000000",
      ]
    ),
    (
      "tcp sport 1 tcp dport 2",
      [
        "meta load l4proto => reg 1", "cmp eq reg 1 0x00000006", "payload load 4b @ transport header + 0 => reg 1",
        "cmp eq reg 1 0x02000100",
      ]
    ),
    (
      "meta mark set ct mark and 0xf0 or meta mark and 0xf",
      [
        "ct load mark => reg 1", "bitwise reg 1 = ( reg 1 & 0x000000f0 ) ^ 0x00000000", "meta load mark => reg 2",
        "bitwise reg 2 = ( reg 2 & 0x0000000f ) ^ 0x00000000", "bitwise reg 1 = ( reg 1 | reg 2 )",
        "meta set mark with reg 1",
      ]
    ),
    (
      "meta mark { 5-6, 7, 20 }",
      [
        "element 00000000  : 1 [end]\telement 05000000  : 0 [end]\telement 08000000  : 1 [end]"
          + "\telement 14000000  : 0 [end]\telement 15000000  : 1 [end]",
        "meta load mark => reg 1", "byteorder reg 1 = hton(reg 1, 4, 4)", "lookup reg 1 set __set%d",
      ]
    ),
    ("meta l4proto tcp iifname { \"eth0\" }", ["cmp eq reg 1 0x30687465 0x00000000 0x00000000 0x00000000"]),
    ("ip ttl set 9", ["payload write reg 1 => 2b @ network header + 8 csum_type 1 csum_off 10 csum_flags 0x0"]),
    ("fib saddr . iif oif missing", ["fib saddr . iif oif present => reg 1", "cmp eq reg 1 0x00000000"]),
    (
      "meta protocol ip ip ttl 9",
      [
        "meta load protocol => reg 1", "cmp eq reg 1 0x00000008", "meta load nfproto => reg 1",
        "cmp eq reg 1 0x00000002", "payload load 1b @ network header + 8 => reg 1", "cmp eq reg 1 0x00000009",
      ]
    ),
    (
      "vlan pcp vmap { 3 : accept, * : drop }",
      [
        "bitwise reg 1 = ( reg 1 & 0x000000e0 ) ^ 0x00000000", "bitwise reg 1 = ( reg 1 >> 0x00000005 )",
        "lookup reg 1 set __map%d dreg 0",
      ]
    ),
    (
      "@nh,8,8 set 7",
      [
        "immediate reg 1 0x00000007",
        "payload write reg 1 => 1b @ network header + 1 csum_type 0 csum_off 0 csum_flags 0x0",
      ]
    ),
    ("tcp option 9 ge exists", ["exthdr load tcpopt 1b @ 9 + 0 present => reg 1", "cmp gte reg 1 0x00000001"]),
    ("tcp dport 017", ["cmp eq reg 1 0x00000f00"]),
    ("tcp dport 7 dnat to :70", ["immediate reg 1 0x00004600", "nat dnat inet proto_min reg 1 flags 0x2"]),
    ("tcp dport 7 dnat :70", ["immediate reg 1 0x00004600", "nat dnat inet proto_min reg 1 flags 0x2"]),
    ("continue counter", ["immediate reg 0 continue", "counter pkts 0 bytes 0"]),
  ]) func lowering(rule: String, last: [String]) {
    #expect(Array(LoweringTests.lower(rule).suffix(last.count)) == last)
  }

  @Test(arguments: ["tcp option maxseg", "exthdr hbh", "ip option rr", "sctp chunk data"])
  func setsOfWhatMayBeThere(selector: String) {
    let lines = LoweringTests.lower("\(selector) @s", setup: "add set inet t s { typeof \(selector); }")
    #expect(lines.last == "lookup reg 1 set s")
  }

  @Test(arguments: [
    ("tcp dport 70000", "value 70000 is out of range"),
    ("ip saddr 192.0.2.0/33", "prefix length 33 is more than 32"),
    ("tcp dport 9-5", "the range ends before it begins"),
    ("udp sport 5 tcp dport 6", "conflicting protocols: udp and tcp"),
    ("ip saddr 192.0.2.1 ip6 daddr ::1", "conflicting protocols: ip and ip6"),
    ("iif nosuch accept", "interface nosuch does not exist"),
    ("ip saddr @nosuch", "set nosuch does not exist"),
    ("counter name nosuch", "counter nosuch does not exist"),
    ("ip saddr . tcp dport 192.0.2.1 . 22", "a concatenation is looked up in a set"),
    ("ip saddr example.org", "example.org is not an IPv4 address"),
    ("ip saddr 2001:db8::1", "2001:db8::1 is not an IPv4 address"),
    ("ip6 saddr 192.0.2.1", "192.0.2.1 is not an IPv6 address"),
    ("accept drop", "statement after a terminal statement has no effect"),
    ("meta nfproto ipv6 reject with icmp host-unreachable", "ip6 packets cannot be rejected so"),
    ("icmp type redirect icmp id 5", "icmp id is not part of messages of type 5"),
    ("ip saddr vmap { 192.0.2.0/24 : drop, 192.0.2.5 : accept }", "the interval overlaps with another"),
    ("meta mark set ip saddr & 255.0.0.0", "expected packet mark, this is IPv4 address"),
    ("meta mark set ip length", "expected packet mark, this is integer"),
    ("ip id set meta mark", "expected integer, this is packet mark"),
    ("ct label set 128", "label 128 is out of range"),
    ("limit rate 9/minute burst 0 packets", "a burst of zero packets lets nothing pass"),
    ("queue to symhash mod 7 offset 65530", "the number of a queue would exceed 65535"),
    ("ip protocol tcp tproxy to :77", "the family is not told"),
    ("log group 1 level debug", "level and group exclude each other"),
  ]) func refusals(rule: String, message: String) {
    #expect(LoweringTests.lower(rule) == ["error: " + message])
  }
}
