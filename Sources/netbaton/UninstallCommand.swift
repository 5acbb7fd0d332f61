import Agent
import ArgumentParser
import History
import Kernel
import Locking
import Model
import Plan
import Spec

struct UninstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall",
    abstract: "Removes all tables, routes and policy rules that netbaton owns on this node.",
    discussion: "Asks for --yes. The history and the settings stay.")

  @OptionGroup var common: CommonFlags

  @Option(help: "How long to wait for the baton, such as 30s or 5m (default: until it comes; 0s: do not wait).")
  var wait: String?

  @Flag(help: "Do it; without this flag only what would be removed is printed.")
  var yes = false

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let kernel = try wiring.kernel()
      let lock = try wiring.lock()
      // Who takes everything away says so, and has nothing left that a probe could speak for.
      var parts = try wiring.changeParts(
        kernel: kernel, lock: lock, terms: ProofTerms(mode: .off), allowsRemoval: true)
      parts.reconciler.options.removesEverything = true
      let preparation = try await parts.reconciler.prepare(.nothing)
      let text = await preparation.text()
      try Output.difference(text)
      if preparation.isEmpty, preparation.snapshot.record == nil { return }
      guard yes else {
        Output.error("netbaton: nothing was removed; say --yes to remove this")
        throw ExitStatus.differs
      }
      let request = LockRequest(holder: wiring.holder, purpose: "uninstall", wait: try LockRequest.Wait(wait))
      try await Recovery(parts).settleJournal()
      try await OneChange(parts, event: .uninstall, planned: preparation, shown: text).run(request)
    }
  }
}
