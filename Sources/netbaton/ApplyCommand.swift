import Agent
import ArgumentParser
import CSignals
import History
import Kernel
import Locking
import Plan
import Spec
import UnixSignals

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Takes the baton, applies the specs once, and gives the baton back.",
    discussion: """
      Without a difference nothing is taken and nothing is changed. Ctrl-C gives up waiting for the baton; a change that \
      has begun is carried through, or taken back where its consent is asked for.

      With a lock in etcd, or with probes, the change is on trial first: it is taken back unless all probes hold over \
      new connections in time.
      """)

  @OptionGroup var specs: SpecFlags
  @OptionGroup var common: CommonFlags
  @OptionGroup var proof: ProofFlags

  @Option(help: "How long to wait for the baton, such as 30s or 5m (default: until it comes; 0s: do not wait).")
  var wait: String?

  @Option(help: "How many nodes may hold the baton at a time; every node of a group must say the same.")
  var slots: String?

  @Option(name: .shortAndLong, help: "How to print the difference: text or json.")
  var output = OutputFormat.text

  @Flag(help: "Allow removing more than half of what netbaton owns here.")
  var allowRemoval = false

  @Option(help: "Ask at this terminal whether the change may stay, and take it back after this time, such as 60s.")
  var confirmWithin: String?

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let kernel = try wiring.kernel()
      let lock = try wiring.lock()
      var parts = try wiring.changeParts(
        kernel: kernel, lock: lock, terms: try wiring.terms(proof), allowsRemoval: allowRemoval)
      if let confirmWithin { try parts.askAtTerminal(within: confirmWithin) }
      let request = LockRequest(
        holder: wiring.holder, purpose: "apply", wait: try LockRequest.Wait(wait),
        slots: try wiring.settings.slots(slots))
      try await Recovery(parts).settleJournal()
      let preparation = try await wiring.prepare(specs.file, reconciler: parts.reconciler)
      let text = await preparation.text()
      switch output {
      case .text: try Output.difference(text)
      case .json: try Output.line(try preparation.document.json())
      }
      if preparation.isEmpty { return }
      let change = OneChange(parts, event: .change, planned: preparation, shown: text)
      try await change.run(request)
      if output == .text { try Output.line(await change.isApplied ? "applied" : "there was nothing left to apply") }
    }
  }
}

extension ChangeParts {
  fileprivate mutating func askAtTerminal(within text: String) throws {
    guard let time = Duration(text), time >= .seconds(2) else {
      throw UsageError("--confirm-within takes a number with s, m or h, at least 2s, not `\(text)`")
    }
    consent = try TerminalConsent()
    terms.consentTime = time
  }
}

/// Runs a body that SIGINT, SIGTERM and SIGHUP cancel. What it has begun by then it may finish, and says how that ended.
func withInterruption(_ body: @escaping @Sendable () async throws -> Void) async throws {
  // Nor may it end in the middle because nobody reads its lines any more.
  ignore_broken_pipes()
  let signals =
    is_signal_ignored(UnixSignal.sighup.rawValue) == 0
    ? await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    : await UnixSignalsSequence(trapping: .sigint, .sigterm)
  try await withThrowingTaskGroup(of: UnixSignal?.self) { group in
    group.addTask {
      try await body()
      return nil
    }
    group.addTask {
      for await signal in signals { return signal }
      return nil
    }
    defer { group.cancelAll() }
    guard let signal = try await group.next() ?? nil else { return }
    group.cancelAll()
    do {
      _ = try await group.next()
    } catch LockError.cancelled {
      throw Interrupted(signal: signal)
    } catch is CancellationError {
      throw Interrupted(signal: signal)
    }
  }
}

/// A signal ended the command before it had begun anything.
struct Interrupted: Error, CustomStringConvertible {
  var signal: UnixSignal
  var description: String { "interrupted by \(signal); nothing was changed" }
}

extension LockRequest.Wait {
  init(_ text: String?) throws {
    guard let text else {
      self = .unlimited
      return
    }
    guard let duration = Duration(text) else {
      throw UsageError("--wait must be a time such as 30s, 5m or 1h, or 0s, not `\(text)`")
    }
    self = duration == .zero ? .none : .atMost(duration)
  }
}
