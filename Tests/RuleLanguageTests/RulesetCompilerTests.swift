import Model
import Testing

@testable import RuleLanguage

/// What commands make of an empty state, and what is refused.
@Suite struct RulesetCompilerTests {
  struct Names: NameResolver {
    func interfaceIndex(_ name: String) -> UInt32? { name == "lo" ? 1 : nil }
    func interfaceName(_ index: UInt32) -> String? { nil }
    func userID(_ name: String) -> UInt32? { nil }
    func groupID(_ name: String) -> UInt32? { nil }
    func servicePort(_ name: String) -> UInt16? { name == "ssh" ? 22 : nil }
    func protocolNumber(_ name: String) -> UInt8? { nil }
    func number(of name: String, in file: String) -> UInt32? { nil }
  }

  struct Includes: IncludeResolver {
    var files: [String: String] = [:]
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] {
      guard let text = files[path] else { throw IncludeError("no file matches '\(path)'") }
      return [RuleSource(text: text, start: SourceLocation(file: path, line: 1, column: 1))]
    }
  }

  private func compile(
    _ text: String, variables: [String: String] = [:], files: [String: String] = [:]
  ) throws(RulesetError) -> Ruleset {
    let source = RuleSource(text: text, start: SourceLocation(file: "a.nft", line: 1, column: 1))
    return try RulesetCompiler.compile(
      [source], variables: variables, names: Names(), includes: Includes(files: files))
  }

  /// Chains with the number of their rules, sets with that of their elements.
  private func outline(_ text: String) -> String {
    do {
      return try compile(text).tables.map { table in
        let parts =
          table.chains.map { "\($0.name)=\($0.rules.count)" } + table.sets.map { "@\($0.name)=\($0.elements.count)" }
          + table.objects.map { "\($0.name)" }
        return "\(table.id){\(parts.joined(separator: " "))}"
      }.joined(separator: " ")
    } catch {
      return "error: "
        + error.diagnostics.map { "\($0.location.line):\($0.location.column) \($0.message)" }.joined(separator: "; ")
    }
  }

  @Test func variablesThatStandForBillionsAreRefused() {
    let doubled = (1...40).map { "define a\($0) = { $a\($0 - 1), $a\($0 - 1) }" }.joined(separator: "\n")
    let text =
      "define a0 = { 192.0.2.1, 192.0.2.2 }\n\(doubled)\ntable t { set s { type ipv4_addr; elements = $a40; }; }"
    #expect(outline(text).contains("variables stand for more than"))
  }

  @Test(arguments: [
    ("table t {}", "ip t{}"),
    ("table inet t { chain a { accept; jump b; }; chain b { drop; }; }", "inet t{a=2 b=1}"),
    ("table t\ndelete table t\ntable t { chain c { accept; }; }", "ip t{c=1}"),
    ("add table t; add chain t c; add rule t c drop; insert rule t c accept; flush chain t c", "ip t{c=0}"),
    ("table t { chain c { accept; }; }; add rule t c index 0 drop", "ip t{c=2}"),
    ("table t { set s { elements = { 192.0.2.1, 192.0.2.2 }; type ipv4_addr; }; }", "ip t{@s=2}"),
    (
      "table t { set s { type ipv4_addr; }; }; add element t s { 192.0.2.1, 192.0.2.2 }; delete element t s { 192.0.2.1 }",
      "ip t{@s=1}"
    ),
    ("table t { set s { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.1 }; }; }", "ip t{@s=1}"),
    (
      "table t { set s { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/9, 10.128.0.0/9 }; }; }",
      "ip t{@s=1}"
    ),
    ("define x = { 192.0.2.1, 192.0.2.2 }\ntable t { set s { type ipv4_addr; elements = $x; }; }", "ip t{@s=2}"),
    (
      "define x = 192.0.2.1\nredefine x = { 192.0.2.2, 192.0.2.3 }\ntable t { set s { type ipv4_addr; elements = $x; }; }",
      "ip t{@s=2}"
    ),
    ("table t { counter web { }; chain c { counter name web accept; }; }", "ip t{c=1 web}"),
    (
      "table t { map m { type ipv4_addr : counter; elements = { 1.1.1.1 : \"c\" }; }; counter c { }; }", "ip t{@m=1 c}"
    ),
    ("destroy table t; table t", "ip t{}"),
    ("table t { chain c { tcp dport ssh accept; iif lo accept; }; }", "ip t{c=2}"),
    ("table a; table b; flush ruleset; table c", "ip c{}"),
  ]) func commands(text: String, expected: String) { #expect(outline(text) == expected) }

  @Test(arguments: [
    ("delete table t", "1:14 table ip t does not exist"),
    ("create table t; create table t", "1:30 table ip t exists already"),
    ("table t { chain c { jump nowhere; }; }", "1:26 chain nowhere does not exist in table ip t"),
    ("table t { chain a { jump b; }; chain b { jump a; }; }", "1:47 the jumps go in a circle: a → b → a"),
    (
      "table t { chain a { tcp dport vmap { 22 : jump b }; }; chain b { goto a; }; }",
      "1:71 the jumps go in a circle: a → b → a"
    ),
    (
      "table t { map m { type inet_service : verdict; elements = { 22 : jump a }; }; chain a { tcp dport vmap @m; }; }",
      "1:15 the jumps go in a circle: a → a"
    ),
    (
      "table t { chain a { type filter hook input priority 0; }; chain b { jump a; }; }",
      "1:74 chain a is hooked in: rules cannot jump to it"
    ),
    ("table t { chain c { ip saddr @none drop; }; }", "1:30 set none does not exist"),
    ("table t { chain c { @nh,4,128 4; }; }", "1:21 a payload of 128 bits cannot be loaded"),
    ("table t { chain c { tcp option @9,7,128 4; }; }", "1:21 a field of 128 bits cannot be loaded"),
    ("add rule t c drop", "1:10 table ip t does not exist"),
    ("table t; add rule t c drop", "1:21 chain c does not exist in table ip t"),
    ("table t; list ruleset", "1:10 'list ruleset' declares nothing"),
    (
      "table t { chain c; }; delete rule t c handle 4",
      "1:23 'delete rule' needs a handle, which only the kernel gives"
    ),
    ("table t { set s { type ipv4_addr; }; }; delete element t s { 192.0.2.1 }", "1:62 the set has no such element"),
    (
      "table t { map m { type ipv4_addr : mark; elements = { 1.1.1.1 : 1, 1.1.1.1 : 2 }; }; }",
      "1:68 the map has this key already, with another value"
    ),
    (
      "table t { map m { type ipv4_addr : ipv4_addr; elements = { 1.1.1.1 : 10.0.0.1-10.0.0.9 }; }; }",
      "1:70 the map's data are single values"
    ),
    (
      "table t { map m { type ipv4_addr : ipv4_addr; flags interval; }; }; add element t m { 1.1.1.1 : 10.0.0.0/24 }",
      "1:97 the map's data are single values"
    ),
    (
      "table t { map m { typeof ip saddr : ip daddr . tcp dport; elements = { 1.1.1.1 : 10.0.0.1 . 80-90 }; }; }",
      "1:82 the map's data are single values"
    ),
    (
      "table t { set s { type ipv4_addr; flags dynamic; counter; }; chain c { add @s { ip saddr limit rate 1/second }; }; }",
      "1:90 set s declares other statements for its elements"
    ),
    (
      "table t { set s { type ipv4_addr; flags dynamic; ct count 5; }; chain c { add @s { ip saddr ct count over 5 }; }; }",
      "1:93 set s declares other statements for its elements"
    ),
    (
      "table t { set s { type ipv4_addr; }; set s { type ipv6_addr; }; }", "1:42 set s is declared above in another way"
    ),
    ("table t { flags purple; }", "1:17 unknown table flag 'purple'"),
  ]) func refusals(text: String, expected: String) { #expect(outline(text).hasPrefix("error: \(expected)")) }

  @Test func jumpsAreFollowedToABound() {
    let chains = (0..<20_000).map { "chain c\($0) { jump c\($0 + 1); }" }.joined(separator: "; ")
    let text = "table t { \(chains); chain c20000 { accept; }; }"
    #expect(outline(text).contains("jumps from chain c0 go more than 64 chains deep"))
  }

  @Test func flushRulesetWarns() throws {
    let ruleset = try compile("flush ruleset\ntable t {\n}\n")
    #expect(ruleset.warnings.count == 1)
    #expect(ruleset.warnings.first?.severity == .warning)
    #expect(ruleset.warnings.first?.location.description == "a.nft:1:1")
  }

  @Test func variablesOfTheCallerAreRuleText() throws {
    let text = "table t { set s { type ipv4_addr; flags interval; elements = $admins; }; }"
    let ruleset = try compile(text, variables: ["admins": "{ 192.0.2.0/24, 198.51.100.7 }"])
    #expect(ruleset.tables.first?.sets.first?.elements.count == 2)
  }

  @Test func includesAreReadInPlace() throws {
    let files = ["rules": "accept\ndrop\n", "defs": "define port = 22\n"]
    let text = "include \"defs\"\ntable t {\n chain c {\n  tcp dport $port accept\n  include \"rules\"\n }\n}\n"
    let ruleset = try compile(text, files: files)
    #expect(ruleset.tables.first?.chains.first?.rules.count == 3)
    #expect(ruleset.tables.first?.chains.first?.rules.last?.origin?.description == "rules:2:1")
  }

  @Test func diagnosticsShowTheLine() throws {
    let text = "table t {\n\tchain c {\n\t\tip saddr 10.0.0.1 tcp dport 22 jmp x\n\t}\n}\n"
    let error = #expect(throws: RulesetError.self) { try compile(text) }
    #expect(
      error?.diagnostics.first?.description == """
        a.nft:3:34: error: unexpected 'jmp'
        \t\tip saddr 10.0.0.1 tcp dport 22 jmp x
        \t\t                               ^~~
          expected a statement
        """)
  }

  @Test func blocksOfYAMLKeepTheirPlaces() throws {
    let start = SourceLocation(file: "a.yaml", line: 10, column: 5)
    let source = RuleSource(text: "table t {\n  chän\n}\n", start: start, indentation: 4)
    let error = #expect(throws: RulesetError.self) {
      try RulesetCompiler.compile([source], names: Names(), includes: Includes())
    }
    #expect(error?.diagnostics.first?.location.description == "a.yaml:11:7")
  }
}
