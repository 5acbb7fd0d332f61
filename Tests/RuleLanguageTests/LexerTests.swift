import Testing

@testable import RuleLanguage

/// What is one word and what is several, as nft's scanner cuts it.
@Suite struct LexerTests {
  private func tokens(_ text: String) -> [String] {
    var lexer = Lexer(Array(text.utf8))
    var result: [String] = []
    while true {
      let token = lexer.next()
      if token.kind == .end { return result }
      let text = String(decoding: lexer.bytes[token.start..<token.end], as: UTF8.self)
      result.append(token.kind == .number ? "#\(token.value)" : token.kind == .newline ? "\\n" : text)
    }
  }

  @Test(arguments: [
    ("10.0.0.1-10.0.0.2", ["10.0.0.1", "-", "10.0.0.2"]),
    ("eth0-eth1", ["eth0-eth1"]),
    ("1-2", ["#1", "-", "#2"]),
    ("10.0.0.0/8", ["10.0.0.0", "/", "#8"]),
    ("syn/syn,ack", ["syn/syn", ",", "ack"]),
    ("10/second", ["#10", "/", "second"]),
    ("kbytes/second", ["kbytes/second"]),
    ("dead::beef/64", ["dead::beef", "/", "#64"]),
    ("[::1]:80", ["[", "::1", "]", ":", "#80"]),
    ("::ffff:10.0.0.1", ["::ffff:10.0.0.1"]),
    ("10.0.0.1:80", ["10.0.0.1", ":", "#80"]),
    ("1:dec6 ", ["1:dec6"]),
    ("22: accept", ["#22", ":", "accept"]),
    ("{22:accept}", ["{", "#22", ":", "accept", "}"]),
    ("00:01:02:03:04:05", ["00:01:02:03:04:05"]),
    ("1:2:3:4:5:6:7:8", ["1:2:3:4:5:6:7:8"]),
    ("add: x", ["add", ":", "x"]),
    ("0x1F", ["#31"]),
    ("0xfffffffffffffffff", ["0xfffffffffffffffff"]),
    ("18446744073709551616", ["18446744073709551616"]),
    ("1h30m", ["1h30m"]),
    ("8021q", ["8021q"]),
    ("eth*", ["eth*"]),
    ("eth\\* x", ["eth\\*", "x"]),
    ("a.b . c", ["a.b", ".", "c"]),
    ("ip saddr \\\n drop", ["ip", "saddr", "drop"]),
    ("a # b\nc", ["a", "\\n", "c"]),
    ("\"a # { b\" c", ["\"a # { b\"", "c"]),
    ("a<=b<<c!=d", ["a", "<=", "b", "<<", "c", "!=", "d"]),
    ("@th,16,16", ["@", "th", ",", "#16", ",", "#16"]),
  ]) func words(text: String, expected: [String]) { #expect(tokens(text) == expected) }

  @Test(arguments: [
    ("accept; drop", 6), ("accept\ndrop", 6), ("jump { a; b } x\ny", 15), ("log prefix \"a;b}\" \n", 18),
    ("a \\\n b\nc", 6), ("a # ;\nb", 5), ("x }", 2), ("a \"open\nb", 7),
  ]) func statementsAreSkippedWhole(text: String, end: Int) {
    var lexer = Lexer(Array(text.utf8))
    lexer.skipStatement(from: 0)
    #expect(lexer.position == end)
  }

  @Test(
    arguments: [
      ("30s", 30_000), ("1d2h3m4s5ms", 93_784_005), ("500ms", 500), ("1w", 604_800_000), ("7", 7000), ("", nil),
      ("s", nil),
      ("5x", nil), ("99999999999999999999s", nil),
    ] as [(String, UInt64?)]) func times(text: String, expected: UInt64?)
  {
    #expect(Parser.parseTime(text) == expected)
  }
}
