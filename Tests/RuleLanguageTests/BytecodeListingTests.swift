import Model
import RuleLanguage
import Testing

/// The form is libnftnl's, as `nft --debug=netlink` shows it; each line here was compared with what nft 1.0.6 prints.
@Suite("Bytecode listing")
struct BytecodeListingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var expression: Expression
    var line: String
    var testDescription: String { line }

    init(_ expression: Expression, _ line: String) {
      self.expression = expression
      self.line = line
    }
  }

  static let first = Register(slot: 0)
  static let second = Register(slot: 4)

  static let cases: [Case] = [
    Case(.verdict(.accept), "[ immediate reg 0 accept ]"),
    Case(.verdict(.jump(.named("web"))), "[ immediate reg 0 jump -> web ]"),
    Case(.immediate([0xC0, 0, 2, 1], to: first), "[ immediate reg 1 0x010200c0 ]"),
    Case(.compare(.equal, first, [0x16, 0]), "[ cmp eq reg 1 0x00000016 ]"),
    Case(.compare(.greaterOrEqual, first, [0, 0, 0, 1, 0, 0, 0, 2]), "[ cmp gte reg 1 0x01000000 0x02000000 ]"),
    Case(.range(first, from: [0, 1], through: [0, 9], inverted: true), "[ range neq reg 1 0x00000100 0x00000900 ]"),
    Case(
      .bitwise(from: first, to: first, length: 4, mask: [3, 0, 0, 0], xor: [0, 0, 0, 0]),
      "[ bitwise reg 1 = ( reg 1 & 0x00000003 ) ^ 0x00000000 ]"),
    Case(.shift(.right, from: first, to: first, length: 4, bits: 6), "[ bitwise reg 1 = ( reg 1 >> 0x00000006 ) ]"),
    Case(
      .bitwiseRegisters(.or, from: first, with: second, to: first, length: 4), "[ bitwise reg 1 = ( reg 1 | reg 2 ) ]"),
    Case(
      .byteOrder(.hostToNetwork, from: first, to: first, length: 16, size: 8),
      "[ byteorder reg 1 = hton(reg 1, 8, 16) ]"),
    Case(
      .payload(.transport, offset: 2, length: 2, to: Register(slot: 1)),
      "[ payload load 2b @ transport header + 2 => reg 9 ]"),
    Case(
      .payloadSet(
        .network, offset: 0, length: 2, from: first, checksum: PayloadChecksum(kind: 1, offset: 10, flags: 0)),
      "[ payload write reg 1 => 2b @ network header + 0 csum_type 1 csum_off 10 csum_flags 0x0 ]"),
    Case(.meta(MetaKey(rawValue: 16), to: first), "[ meta load l4proto => reg 1 ]"),
    Case(.metaSet(MetaKey(rawValue: 3), from: first), "[ meta set mark with reg 1 ]"),
    Case(
      .conntrack(ConntrackKey(rawValue: 19), direction: .original, to: first),
      "[ ct load src_ip => reg 1 , dir original ]"),
    Case(.conntrackSet(ConntrackKey(rawValue: 3), direction: nil, from: first), "[ ct set mark with reg 1 ]"),
    Case(
      .extensionHeader(ExtensionHeaderField(operation: 1, type: 5, offset: 0, length: 1, flags: 1), to: first),
      "[ exthdr load tcpopt 1b @ 5 + 0 present => reg 1 ]"),
    Case(
      .extensionHeaderSet(ExtensionHeaderField(operation: 1, type: 2, offset: 2, length: 2, flags: 0), from: first),
      "[ exthdr write tcpopt reg 1 => 2b @ 2 + 2 ]"),
    Case(.lookup(.named("peers"), key: first, to: nil, inverted: true), "[ lookup reg 1 set peers 0x1 ]"),
    Case(.lookup(.named("ports"), key: first, to: .verdict, inverted: false), "[ lookup reg 1 set ports dreg 0 ]"),
    Case(
      .dynamicSet(
        .update, set: "seen", key: first, data: nil, timeout: 5000,
        expressions: [.limit(rate: 1, seconds: 1, burst: 5, unit: .packets, inverted: false)]),
      "[ dynset update reg_key 1 set seen timeout 5000ms expr [ limit rate 1/second burst 5 type packets flags 0x0 ] ]"),
    Case(.object(.counter, name: "web"), "[ objref type 1 name web ]"),
    Case(.counter(packets: 3, bytes: 4), "[ counter pkts 3 bytes 4 ]"),
    Case(.quota(bytes: 5_242_880, consumed: 0, inverted: true), "[ quota bytes 5242880 consumed 0 flags 1 ]"),
    Case(.connectionLimit(count: 3, inverted: true), "[ connlimit count 3 flags 1 ]"),
    Case(.log(Log(prefix: "abc ", level: 7, flags: 1)), "[ log prefix abc  level 7 tcpseq ]"),
    Case(.log(Log(group: 2, snapLength: 10)), "[ log group 2 snaplen 10 qthreshold 0 ]"),
    Case(.reject(kind: 2, code: 1), "[ reject type 2 code 1 ]"),
    Case(
      .nat(
        Nat(
          kind: .destination, family: 2, addresses: RegisterRange(first), ports: RegisterRange(second), flags: 2)),
      "[ nat dnat ip addr_min reg 1 proto_min reg 2 flags 0x2 ]"),
    Case(.masquerade(ports: nil, flags: 0xC), "[ masq flags 0xc ]"),
    Case(.redirect(ports: RegisterRange(first), flags: 2), "[ redir proto_min reg 1 flags 0x2 ]"),
    Case(.queue(.numbers(from: 4, count: 2), flags: 3), "[ queue num 4-5 bypass fanout ]"),
    Case(.routing(RoutingKey(rawValue: 3), to: first), "[ rt load tcpmss => reg 1 ]"),
    Case(.numberGenerator(.random, modulus: 5, offset: 3, to: first), "[ numgen reg 1 = random mod 5 offset 3 ]"),
    Case(
      .jenkinsHash(from: second, length: 4, modulus: 2, seed: nil, offset: 0, to: first),
      "[ hash reg 1 = jhash(reg 2, 4, 0x0) % mod 2 ]"),
    Case(.fib(result: 3, flags: 0b1010, to: first), "[ fib daddr . iif type => reg 1 ]"),
    Case(.fib(result: 1, flags: 0b100010, to: first), "[ fib daddr oif present => reg 1 ]"),
    Case(.tproxy(family: 0, address: nil, port: first), "[ tproxy port reg 1 ]"),
    Case(.forward(device: first, address: second, family: 2), "[ fwd sreg_dev 1 sreg_addr 2 nfproto 2 ]"),
    Case(.flowOffload(table: "fast"), "[ flow_offload flowtable fast ]"),
    Case(
      .inner(type: 1, headerSize: 8, flags: 15, expressions: [.meta(MetaKey(rawValue: 1), to: first)]),
      "[ inner type 1 hdrsize 8 flags f [ meta load protocol => reg 1 ] ]"),
  ]

  @Test("Each expression has its line", arguments: cases)
  func line(_ example: Case) {
    #expect(BytecodeListing.line(of: example.expression) == "  " + example.line)
  }

  struct Elements: Sendable {
    var flags: SetFlags
    var elements: [SetElement]
    var line: String
  }

  static let ports: [Elements] = [
    Elements(flags: [], elements: [SetElement(key: [0, 22])], line: "\telement 00001600  : 0 [end]"),
    Elements(
      flags: .interval, elements: [SetElement(key: [0, 22]), SetElement(key: [0, 80], end: [0, 90])],
      line: "\telement 00000000  : 1 [end]\telement 00001600  : 0 [end]\telement 00001700  : 1 [end]"
        + "\telement 00005000  : 0 [end]\telement 00005b00  : 1 [end]"),
    Elements(
      flags: .interval, elements: [SetElement(key: [0, 0], end: [0, 2]), SetElement(key: [0, 5], end: [255, 255])],
      line: "\telement 00000000  : 0 [end]\telement 00000300  : 1 [end]"
        + "\telement 00000500  : 0 [end]  userdata = { \\x01\\x04\\x01\\x00\\x00\\x00 }"),
    Elements(
      flags: [.interval, .concatenation], elements: [SetElement(key: [0, 1, 0, 0, 0, 2, 0, 0])],
      line: "\telement 00000100 00000200  - 00000100 00000200  : 0 [end]"),
    Elements(
      flags: [],
      elements: [
        SetElement(key: [0, 1], details: SetElementDetails(comment: "hi")),
        SetElement(key: [], details: SetElementDetails(isCatchAll: true)),
      ],
      line: "\telement 00000100  : 0 [end]  userdata = { \\x00\\x03hi\\x00 }\telement  : 2 [end]"),
  ]

  @Test("Sets without a name come before the rule, in the form in which they are sent", arguments: ports)
  func elements(_ example: Elements) {
    let set = SetDefinition(
      name: "", flags: example.flags, keyType: 13, keyLength: 2, size: 2, elements: example.elements)
    let rule = Rule(expressions: [.lookup(.anonymous(set), key: Self.first, to: nil, inverted: false)])
    let lines = BytecodeListing(table: TableID(.inet, "edge"), chain: "input").lines(of: rule)
    #expect(lines[2] == example.line)
    #expect(lines[3...] == ["inet edge input", "  [ lookup reg 1 set __set%d ]"])
  }
}
