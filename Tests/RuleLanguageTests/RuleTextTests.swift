import Model
import RuleLanguage
import Testing

@Suite("Rule text")
struct RuleTextTests {
  private func compile(_ rule: String, _ family: Family, chain: String) throws -> Rule {
    try RulesetCompiler.compileRule(
      setup: RuleExample.setup(family), family: family, table: "demo", chain: chain, rule: rule, names: ExampleNames())
  }

  private func sets(_ family: Family) throws -> [SetDefinition] {
    struct None: IncludeResolver {
      func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
    }
    return try RulesetCompiler.compile([RuleExample.setup(family)], names: ExampleNames(), includes: None())
      .tables.flatMap(\.sets)
  }

  private func check(_ example: RuleExample, chain: String) throws {
    let rule = try compile(example.rule, example.family, chain: chain)
    let text = RuleText(family: example.family, sets: try sets(example.family), names: ExampleNames()).text(of: rule)
    #expect(text == example.listing)
    #expect(try compile(text, example.family, chain: chain) == rule, "printed as \(text)")
  }

  @Test("A rule prints as nft lists it, and what is printed compiles to the same rule", arguments: RuleExample.all)
  func example(_ example: RuleExample) throws { try check(example, chain: "here") }

  @Test("So does one that translates addresses", arguments: RuleExample.translations)
  func translation(_ example: RuleExample) throws { try check(example, chain: "nat") }

  @Test("What the language has no words for stays visible, as bytecode")
  func unknown() {
    let rule = Rule(expressions: [.unknown(name: "match", attributes: [1, 2]), .verdict(.drop)])
    #expect(RuleText(family: .inet).text(of: rule) == "# [ match 0102 ] drop")
  }
}
