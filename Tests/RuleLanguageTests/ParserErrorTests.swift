import Testing

@testable import RuleLanguage

/// Where errors point, what they say, and that reading goes on behind them.
@Suite struct ParserErrorTests {
  @Test(arguments: [
    (
      "table t {\n  chain c {\n    ip saddr\n  }\n}",
      ["3:13: unexpected end of the line (expected a comparison, a value, 'set' or 'vmap')"]
    ),
    ("table t {\n  chain c {\n    tcp dport 22 acept\n  }\n}", ["3:18: unexpected 'acept' (expected a statement)"]),
    (
      "table t {\n  chain c {\n    foo\n    ip saddr 1.2.3.4 accept\n    bar\n  }\n}",
      ["3:5: unexpected 'foo' (expected a statement)", "5:5: unexpected 'bar' (expected a statement)"]
    ),
    (
      "table t {\n  set s { type ipv4_addr; flags; }\n}",
      ["2:32: unexpected ';' (expected constant, interval, timeout or dynamic)"]
    ),
    (
      "table t {\n  set s { type ipv4_addr; elements = { 1.2.3.4 5.6.7.8 } }\n}",
      ["2:48: unexpected '5.6.7.8' (expected ',', ':' or '}', or an element's timeout, expires, comment or counter)"]
    ),
    (
      "table t {\n  chain c {\n    log prefix \"open\n  }\n}",
      ["3:16: the quote is not closed on its line (end the string with \")"]
    ),
    ("add rule t c ip saddr $nobody", ["1:23: unknown variable '$nobody' (define nobody = … before its first use)"]),
    (
      "define a = 1\ndefine a = 2",
      ["2:8: the variable 'a' is defined already (use redefine to give it another value)"]
    ),
    ("frobnicate", ["1:1: unexpected 'frobnicate' (expected a command such as table, add, define or include)"]),
    ("table t {", ["1:10: unexpected end of the rules (expected '}' at the end of the table)"]),
    ("}", ["1:1: unexpected '}' (expected a command such as table, add, define or include)"]),
    ("include \"x.nft\"", ["1:1: no file 'x.nft'"]),
    (
      "add rule t c limit rate 5/fortnight",
      ["1:25: 'fortnight' is no unit of time (expected second, minute, hour, day or week)"]
    ),
    (
      "add rule t c limit rate 1 gbytes/second",
      ["1:25: 'gbytes' is no unit of data (expected packets, bytes, kbytes or mbytes)"]
    ),
    ("add rule t c ip ttl € accept", ["1:21: unexpected character '€' (expected a value)"]),
    ("delete table handle 3", ["1:14: handles are the kernel's own numbers (name the table instead)"]),
    ("add rule t c ip saddr (((1.2.3.4)) drop", ["1:36: unexpected 'drop' (expected ')')"]),
    (
      "add element t s { 1.2.3.4 timeout soon }",
      ["1:35: 'soon' is not a time (expected something like 30s, 1h30m or 500ms)"]
    ),
  ]) func errors(text: String, expected: [String]) { #expect(parseErrors(text) == expected) }

  @Test(arguments: [("ip saddr ", "("), ("ip6 saddr ", "["), ("meta mark 1", " | 1"), ("meta mark ", "(1 | ")])
  func depthIsLimited(rule: String, part: String) {
    let deep = rule + String(repeating: part, count: 100_000)
    #expect(parseErrors("add rule t c \(deep)").first?.hasSuffix("nested more than 64 levels deep") == true)
  }

  @Test func noMoreErrorsThanHelp() {
    let text = "table t {\nchain c {\n" + String(repeating: "nonsense\n", count: 1000) + "}\n}\n"
    #expect(parseErrors(text).count == Parser.maximumErrors)
  }
}
