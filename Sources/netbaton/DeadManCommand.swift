import Agent
import ArgumentParser
import History
import Kernel
import SystemPackage

/// For netbaton itself: takes an open change back unless standard input says in time that it stays.
struct DeadManCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-man", abstract: "Takes an open change back unless it is told to keep it.", shouldDisplay: false)

  @Option(help: "The state folder with the change's journal.")
  var stateDir: String

  @Option(help: "Whose change it is.")
  var nodeName: String

  func run() async throws {
    DeadManWatch.ignoreSignals()
    try await reporting {
      let watch = DeadManWatch(
        journal: try ChangeJournal(folder: FilePath(stateDir), node: nodeName), kernel: try LiveKernel(),
        read: { readLine() },
        // Who would read it may be gone, which must not keep the change from being taken back.
        write: { try? Output.line($0) })
      try await watch.run()
    }
  }
}
