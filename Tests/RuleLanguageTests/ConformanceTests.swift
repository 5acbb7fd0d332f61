import Model
import RuleLanguage
import Testing

/// Prints what nftables' own test data compile to; `NETBATON_CONFORMANCE` names the folder that holds them.
@Suite("Text of nftables' test rules")
struct ConformanceTests {
  static let folder = Conformance.root.map { "\($0)/rules" }

  @Test(
    "Text compiles to the rule it was printed from, and reads as nft lists it",
    .enabled(if: folder != nil, "set NETBATON_CONFORMANCE to the folder with nftables' *.t files"))
  func sweep() throws {
    var score = Score()
    for file in try ConformanceFile.all(in: try #require(Self.folder)) {
      for unit in file.units { score.add(unit) }
    }
    print(score.summary)
    #expect(score.compiled > 3500)
    #expect(score.changed.count * 200 <= score.compiled, "\(score.changed.prefix(40).joined(separator: "\n"))")
    #expect(score.listedOtherwise.count * 20 <= score.compiled, "\(score.listedOtherwise.joined(separator: "\n"))")
  }

  @Test(
    "A whole ruleset compiles to the same tables as its own listing",
    .enabled(if: folder != nil, "set NETBATON_CONFORMANCE to the folder with nftables' data"))
  func rulesets() throws {
    var compiled = 0
    var changed: [String] = []
    for (path, text) in Conformance.rulesets() {
      guard let tables = try? Self.compile(text) else { continue }
      compiled += 1
      let lines = tables.flatMap { TableText.lines(of: $0, names: ExampleNames()) }
      do {
        let again = try Self.compile(lines.joined(separator: "\n"))
        if again != tables { changed.append("\(path): another ruleset") }
      } catch {
        changed.append("\(path): \(error.diagnostics.first?.description ?? "")")
      }
    }
    print("\(compiled) rulesets compiled, \(compiled - changed.count) the same from their own listing")
    if !changed.isEmpty { print(changed.joined(separator: "\n")) }
    #expect(compiled > 140)
    #expect(changed.count * 20 <= compiled, "\(changed.joined(separator: "\n"))")
  }

  private static func compile(_ text: String) throws(RulesetError) -> [Table] {
    let source = RuleSource(text: text, start: SourceLocation(file: "ruleset", line: 1, column: 1))
    return try RulesetCompiler.compile([source], names: ExampleNames(), includes: ConformanceFile.NoFiles()).tables
  }

  struct Score {
    var compiled = 0
    /// The text does not compile to the rule that it came from.
    var changed: [String] = []
    /// The text is not what nft prints.
    var listedOtherwise: [String] = []

    var summary: String {
      "\(compiled) compiled, \(compiled - changed.count) the same again, \(compiled - listedOtherwise.count) listed as nft does"
    }

    mutating func add(_ unit: ConformanceFile.Unit) {
      guard let rule = try? unit.compile(unit.rule) else { return }
      compiled += 1
      let text = RuleText(
        family: unit.table.family, sets: (try? unit.sets()) ?? [], names: ExampleNames(), showsProtocolNumbers: true
      ).text(of: rule)
      let again = try? unit.compile(text)
      if again != rule { changed.append("\(unit): \(text)") }
      if Self.normal(text) != Self.normal(unit.listing) { listedOtherwise.append("\(unit): \(text)") }
    }

    /// Without spaces, and the first set's elements in alphabetical order.
    static func normal(_ text: String) -> String {
      let text = text.filter { $0 != " " }
      guard let open = text.firstIndex(of: "{"), let close = text.firstIndex(of: "}"), open < close else { return text }
      let elements = text[text.index(after: open)..<close].split(separator: ",").sorted()
      return text[...open] + elements.joined(separator: ",") + text[close...]
    }
  }
}
