import Agent
import ArgumentParser
import History
import Kernel
import Locking
import Logging
import Plan
import Spec
import UnixSignals

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Takes the baton, applies the specs once, and gives the baton back.",
    discussion: """
      Without a difference nothing is taken and nothing is changed. Ctrl-C gives up waiting for the baton; a \
      transaction that has begun is finished.
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

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let request = LockRequest(
        holder: wiring.holder, purpose: "apply", wait: try LockRequest.Wait(wait),
        slots: try wiring.settings.slots(slots))
      let kernel = try wiring.kernel()
      let preparation = try await wiring.prepare(specs.file, kernel: kernel, allowsRemoval: allowRemoval)
      let text = await preparation.text()
      switch output {
      case .text: try Output.difference(text)
      case .json: try Output.line(try preparation.document.json())
      }
      if preparation.plan.isEmpty { return }
      let lock = try wiring.lock()
      let change = OneChange(
        reconciler: try wiring.reconciler(kernel: kernel, allowsRemoval: allowRemoval), lock: lock,
        recorder: wiring.recorder(lock: lock), event: .change, planned: preparation, shown: text)
      try await change.run(request)
      if output == .text { try Output.line(await change.isApplied ? "applied" : "there was nothing left to apply") }
    }
  }
}

/// Takes the baton, plans again under it, applies and records, and gives the baton back whatever happens.
actor OneChange {
  let reconciler: Reconciler
  let lock: any LockBackend
  let recorder: ChangeRecorder
  let event: HistoryRecord.Event
  /// As it was before the baton was asked for.
  let planned: Reconciler.Preparation
  /// The words for `planned` that somebody has seen; those of a large change are let go once they are on record.
  private var shown: PlanText?
  private(set) var isApplied = false

  init(
    reconciler: Reconciler, lock: any LockBackend, recorder: ChangeRecorder, event: HistoryRecord.Event,
    planned: Reconciler.Preparation, shown: PlanText
  ) {
    self.reconciler = reconciler
    self.lock = lock
    self.recorder = recorder
    self.event = event
    self.planned = planned
    self.shown = shown
  }

  func run(_ request: LockRequest) async throws {
    try await withInterruption { try await self.hold(request) }
  }

  private func hold(_ request: LockRequest) async throws {
    let recorder = recorder
    let baton = try await lock.acquire(request) { recorder.log($0) }
    // From here on a signal must not leave the change half told: the work goes on in a task of its own.
    let work = Task { try await apply(with: baton) }
    let result = await work.result
    await giveBack(baton)
    await lock.close()
    try result.get()
  }

  private func apply(with baton: Baton) async throws {
    let preparation = try await reconciler.prepare(planned.spec, after: planned)
    guard !preparation.plan.isEmpty || event == .uninstall else { return }
    let record = try await begin(preparation, token: baton.token)
    let (applied, generation): (Reconciler.Preparation, UInt32)
    do {
      (applied, generation) = try await reconciler.apply(preparation, with: baton)
    } catch {
      await recorder.end(record, outcome: .of(error), reason: "\(error)", generation: nil, baton: baton)
      throw error
    }
    isApplied = true
    await recorder.end(record, outcome: .applied, reason: nil, generation: generation, baton: baton)
    do throws(LockError) {
      try await lock.put(
        NodeRecord(
          node: baton.holder.node, generation: applied.spec.digest, commit: applied.spec.commit,
          version: baton.holder.version, outcome: "applied", token: baton.token), with: baton)
    } catch {
      // The node has changed, whatever the others can read of it.
      recorder.logger.warning("applied, but the node's record was not written", metadata: ["error": "\(error)"])
    }
  }

  /// The wait may have been long: what is not as it was shown is told again.
  private func begin(_ preparation: Reconciler.Preparation, token: UInt64) async throws -> HistoryRecord {
    let seen = preparation.plan == planned.plan ? shown.take() : nil
    return try await recorder.begin(preparation, shown: seen, event: event, token: token)
  }

  private func giveBack(_ baton: Baton) async {
    do throws(LockError) {
      try await lock.release(baton)
    } catch {
      recorder.logger.warning(
        "the baton could not be given back; it ends by its deadline", metadata: ["error": "\(error)"])
    }
  }
}

/// Runs a body that SIGINT and SIGTERM cancel.
func withInterruption(_ body: @escaping @Sendable () async throws -> Void) async throws {
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await body() }
    group.addTask {
      for await signal in signals { throw Interrupted(signal: signal) }
    }
    defer { group.cancelAll() }
    try await group.next()
  }
}

/// A signal ended the command before it was done.
struct Interrupted: Error, CustomStringConvertible {
  var signal: UnixSignal
  var description: String { "interrupted by \(signal); nothing was begun that is not finished" }
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
