import ArgumentParser
import Kernel
import Model
import RuleLanguage
import SystemPackage

struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Prints one rule's bytecode, in the form of `nft --debug=netlink`.")

  @Option(help: "A file of rule text that declares what the rule refers to.")
  var setup: String?

  @Option(help: "The table's family: ip, ip6, inet, arp, bridge or netdev.")
  var family: String

  @Option(help: "The table's name.")
  var table: String

  @Option(help: "The chain's name.")
  var chain: String

  @Option(parsing: .unconditional, help: "The rule.")
  var rule: String

  func run() async throws {
    try await reporting {
      guard let family = Family(keyword: family) else { throw UsageError("`\(self.family)` is no address family") }
      let source = try setup.map { path in
        guard let text = HostFile.read(path) else { throw UsageError("\(path): this file cannot be read") }
        return RuleSource(text: text, start: SourceLocation(file: path, line: 1, column: 1))
      }
      let names = HostFile.names(try await LiveKernel().links().interfaces)
      let lines: [String]
      do throws(RulesetError) {
        let compiled = try RulesetCompiler.compileRule(
          setup: source, family: family, table: table, chain: chain, rule: rule, names: names)
        lines = BytecodeListing(table: TableID(family, table), chain: chain).lines(of: compiled)
      } catch {
        Output.error(error.diagnostics.map { advised($0).description }.joined(separator: "\n"))
        lines = []
      }
      if lines.isEmpty { throw ExitStatus.failed }
      try Output.line(lines.joined(separator: "\n"))
    }
  }

  /// Without a setup nothing is declared, and a rule refers to its table and its chain at the least.
  private func advised(_ diagnostic: Diagnostic) -> Diagnostic {
    guard setup == nil else { return diagnostic }
    var diagnostic = diagnostic
    diagnostic.hint =
      "name a file with --setup that declares all that the rule refers to: table \(family) \(table) { chain \(chain) { } }"
    return diagnostic
  }
}
