import ArgumentParser
import CMalloc
import Spec

/// What `--version` says and what a lock's holder is told by.
let version = "0.1.0"

@main
struct Netbaton: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "netbaton",
    abstract: "Keeps a node's nftables rules and routes as its spec files say, one node of the cluster at a time.",
    version: version,
    subcommands: [
      CheckCommand.self, DiffCommand.self, ApplyCommand.self, AgentCommand.self, StatusCommand.self,
      HistoryCommand.self, HaltCommand.self, ResumeCommand.self, LockCommand.self, CompileCommand.self,
      UninstallCommand.self, DeadManCommand.self,
    ])

  /// What to say of a word that stands where a command should and is none; nil if there is no such word.
  static func unknownCommand(in words: ArraySlice<String>) -> String? {
    var known = configuration.subcommands
    var path = "netbaton"
    for word in words {
      // Flags come after commands, and so does `help` with its own.
      if word.hasPrefix("-") || word == "help" || known.isEmpty { return nil }
      guard let command = known.first(where: { $0.configuration.commandName == word }) else {
        let names = known.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }
        return "`\(path)` has no command `\(word)`; \(Suggestion.hint(for: word, among: names)); see `\(path) --help`"
      }
      known = command.configuration.subcommands
      path += " \(word)"
    }
    return nil
  }

  static func main() async {
    // mallopt(3): large arrays go back to the kernel as soon as they are done with. By default the threshold grows
    // with the first of them, and a node would keep for good what its largest change took.
    _ = mallopt(M_MMAP_THRESHOLD, 128 << 10)
    if let problem = unknownCommand(in: CommandLine.arguments.dropFirst()) {
      Output.error("netbaton: \(problem)")
      exit(withError: ExitCode.validationFailure)
    }
    await main(nil)
  }
}
