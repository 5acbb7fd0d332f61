import FoundationEssentials
import Model
import RuleLanguage

/// A file of nftables' test rules. Its first character says what a line is: `:` a chain, `*` a table with some of
/// the chains, `!` a set or map, `?` elements, `%` an object, `-` and `#` nothing, all else a rule.
struct ConformanceFile {
  /// A rule in one table.
  struct Unit: CustomStringConvertible {
    var table: TableID
    var chain: String
    var setup: String
    var rule: String
    var listing: String
    var place: String

    var description: String { "\(place) [\(table.family.keyword)] \(rule)" }

    private var source: RuleSource { RuleSource(text: setup, start: SourceLocation(file: place, line: 1, column: 1)) }

    func compile(_ text: String) throws(RulesetError) -> Rule {
      try RulesetCompiler.compileRule(
        setup: source, family: table.family, table: table.name, chain: chain, rule: text, names: ExampleNames())
    }

    func sets() throws(RulesetError) -> [SetDefinition] {
      try RulesetCompiler.compile([source], names: ExampleNames(), includes: NoFiles()).tables.flatMap(\.sets)
    }
  }

  struct NoFiles: IncludeResolver {
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
  }

  private(set) var units: [Unit] = []
  private var chains: [Substring: String] = [:]
  private var tables: [(id: TableID, chains: [Substring], setup: String)] = []

  static func all(in folder: String) throws -> [ConformanceFile] {
    var files: [ConformanceFile] = []
    for family in ["any", "arp", "bridge", "inet", "ip", "ip6", "netdev"] {
      let folder = "\(folder)/\(family)"
      for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where name.hasSuffix(".t") {
        let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        files.append(ConformanceFile(text, name: "\(family)/\(name)"))
      }
    }
    return files
  }

  init(_ text: String, name: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let fields = line.dropFirst().split(separator: ";", omittingEmptySubsequences: false)
      switch line.first {
      case nil, "#", "-": continue
      case ":": chains[fields[0]] = "{ \(fields[1]); }"
      case "*": addTable(fields)
      case "!", "?", "%": declare(line)
      default: addRule(line, place: "\(name):\(index + 1)")
      }
    }
  }

  private mutating func addTable(_ fields: [Substring]) {
    guard let family = Family(keyword: fields[0]) else { return }
    let id = TableID(family, String(fields[1]))
    let names = fields[2].split(separator: ",")
    let setup = ["add table \(id)"] + names.map { "add chain \(id) \($0) \(chains[$0] ?? "")" }
    tables.append((id, names, setup.joined(separator: "\n") + "\n"))
  }

  /// A declaration stands in every table where it is possible.
  private mutating func declare(_ line: Substring) {
    let parts = line.dropFirst().split(separator: ";")
    guard parts.count == 2, parts[1] == "ok", let kind = line.first else { return }
    let words = parts[0].split(separator: " ")
    for index in tables.indices {
      let command = "add \(Self.declaration(kind, words, in: tables[index].id))\n"
      let source = RuleSource(
        text: tables[index].setup + command, start: SourceLocation(file: "setup", line: 1, column: 1))
      if (try? RulesetCompiler.compile([source], names: ExampleNames(), includes: NoFiles())) != nil {
        tables[index].setup += command
      }
    }
  }

  private static func declaration(_ kind: Character, _ words: [Substring], in table: TableID) -> String {
    let rest = words.dropFirst()
    switch kind {
    case "?": return "element \(table) \(words[0]) { \(rest.joined(separator: " ")) }"
    case "%":
      let isConntrack = rest.dropFirst().first == "ct"
      let kind = rest.dropFirst().prefix(isConntrack ? 2 : 1).joined(separator: " ")
      return "\(kind) \(table) \(words[0]) \(rest.dropFirst(isConntrack ? 3 : 2).joined(separator: " "))"
    default:
      // `flags` and `timeout` are statements of their own.
      let options = rest.indices.filter { rest[$0] == "flags" || rest[$0] == "timeout" }
      let isOption = { (index: Int) in options.contains(index) || options.contains(index - 1) }
      let type = rest.indices.filter { !isOption($0) }.map { rest[$0] }.joined(separator: " ")
      let tail = options.map { "\(rest[$0]) \(rest[$0 + 1]); " }.joined()
      return "\(type.contains(" : ") ? "map" : "set") \(table) \(words[0]) { \(type); \(tail)}"
    }
  }

  private mutating func addRule(_ line: Substring, place: String) {
    let parts = line.split(separator: ";", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[1].hasPrefix("ok") else { return }
    for table in tables {
      for chain in table.chains {
        units.append(
          Unit(
            table: table.id, chain: String(chain), setup: table.setup, rule: String(parts[0]),
            listing: String(parts.count > 2 ? parts[2] : parts[0]), place: place))
      }
    }
  }
}
