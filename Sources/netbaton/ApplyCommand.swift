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

  @Option(help: "How long to wait for the baton, such as 30s or 5m (default: until it comes; 0s: do not wait).")
  var wait: String?

  @Option(help: "How many nodes may hold the baton at a time; every node of a group must say the same.")
  var slots: Int?

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
      try Output.plan(preparation, as: output, environment: environment())
      if preparation.plan.isEmpty { return }
      let reconciler = try wiring.reconciler(kernel: kernel, allowsRemoval: allowRemoval)
      let change = OneChange(
        reconciler: reconciler, lock: try wiring.lock(), recorder: nil, wiring: wiring, event: .change)
      try await change.run(request) { try await reconciler.prepare(preparation.spec) }
    }
  }
}

/// Takes the baton, plans again under it, applies and records, and gives the baton back whatever happens.
struct OneChange: Sendable {
  let reconciler: Reconciler
  let lock: any LockBackend
  let recorder: ChangeRecorder
  let event: HistoryRecord.Event

  init(
    reconciler: Reconciler, lock: any LockBackend, recorder: ChangeRecorder?, wiring: Wiring, event: HistoryRecord.Event
  ) {
    self.reconciler = reconciler
    self.lock = lock
    self.recorder = recorder ?? wiring.recorder(lock: lock)
    self.event = event
  }

  func run(_ request: LockRequest, prepare: @escaping @Sendable () async throws -> Reconciler.Preparation) async throws
  {
    try await withInterruption {
      let recorder = recorder
      let baton = try await lock.acquire(request) { recorder.log($0) }
      // From here on a signal must not leave the change half told: the work goes on in a task of its own.
      let work = Task { try await apply(with: baton, prepare: prepare) }
      let result = await work.result
      await giveBack(baton)
      await lock.close()
      try result.get()
    }
  }

  private func apply(with baton: Baton, prepare: @Sendable () async throws -> Reconciler.Preparation) async throws {
    let preparation = try await prepare()
    guard !preparation.plan.isEmpty || event == .uninstall else { return }
    let record = try recorder.begin(preparation, event: event, token: baton.token)
    do {
      let (applied, generation) = try await reconciler.apply(preparation, with: baton)
      await recorder.end(record, outcome: .applied, reason: nil, generation: generation, baton: baton)
      try await lock.put(
        NodeRecord(
          node: baton.holder.node, generation: applied.spec.digest, commit: applied.spec.commit,
          version: baton.holder.version, outcome: "applied", token: baton.token), with: baton)
    } catch {
      await recorder.end(record, outcome: .of(error), reason: "\(error)", generation: nil, baton: baton)
      throw error
    }
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
    guard let duration = Duration(text) else { throw UsageError("--wait takes a number with s, m or h, not `\(text)`") }
    self = duration == .zero ? .none : .atMost(duration)
  }
}
