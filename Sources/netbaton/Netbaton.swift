import ArgumentParser
import CMalloc

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
      HistoryCommand.self, LockCommand.self, CompileCommand.self, UninstallCommand.self,
    ])

  static func main() async {
    // mallopt(3): large arrays go back to the kernel as soon as they are done with. By default the threshold grows
    // with the first of them, and a node would keep for good what its largest change took.
    _ = mallopt(M_MMAP_THRESHOLD, 128 << 10)
    await main(nil)
  }
}
