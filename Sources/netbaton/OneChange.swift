import Agent
import History
import Kernel
import Locking
import Logging
import Plan

/// Takes the baton, plans again under it, changes and records, and gives the baton back whatever happens.
actor OneChange {
  private let parts: ChangeParts
  private let event: HistoryRecord.Event
  /// As it was before the baton was asked for.
  private let planned: Reconciler.Preparation
  /// The words for `planned` that somebody has seen; those of a large change are let go once they are on record.
  private var shown: PlanText?
  private(set) var isApplied = false

  init(_ parts: ChangeParts, event: HistoryRecord.Event, planned: Reconciler.Preparation, shown: PlanText) {
    self.parts = parts
    self.event = event
    self.planned = planned
    self.shown = shown
  }

  func run(_ request: LockRequest) async throws {
    try parts.terms.check(planned)
    var request = request
    request.atLeast = parts.terms.term(for: planned.spec)
    let asked = request
    try await withInterruption { try await self.hold(asked) }
  }

  private func hold(_ request: LockRequest) async throws {
    let recorder = parts.recorder
    let baton = try await parts.lock.acquire(request) { recorder.log($0) }
    // A grant that crosses the signal goes straight back.
    let isWanted = !Task.isCancelled
    // From here on a signal must not leave the change half told, nor the baton with us: the work goes on in a task of its
    // own, which nobody cancels.
    let work = Task {
      let result: Result<Void, any Error>
      do {
        if !isWanted { throw LockError.cancelled }
        result = .success(try await change(with: baton))
      } catch {
        result = .failure(error)
      }
      await giveBack(baton)
      await parts.lock.close()
      try result.get()
    }
    try await work.value
  }

  private func change(with baton: Baton) async throws {
    // First of all: what another process of this node has changed is settled then, and is planned from.
    let claim = try parts.claim()
    var preparation = try await parts.reconciler.prepare(planned.spec, after: planned)
    if let leftover = preparation.leftover {
      switch leftover {
      case .confirmed: try await parts.promote(with: baton)
      case .unconfirmed: _ = try await parts.kernel.cleanUp(record: .keep)
      }
      preparation = try await parts.reconciler.prepare(planned.spec)
    }
    guard !preparation.plan.isEmpty || event == .uninstall else { return }
    let seen = shown.take().map { (text: $0, plan: planned.plan) }
    let work = ChangeWork(parts, preparation, claim, with: baton, event: event, again: true, shown: seen)
    let outcome = await work.run()
    switch outcome {
    case .applied, .nothingLeft:
      isApplied = outcome == .applied
      guard await work.isTold else {
        throw ChangeFailure(
          """
          \(isApplied ? "the change is in force" : "nothing was left to change"), but the lock's store could not be told: \
          the others will take this node for one that vanished, and halt; say this again when the store is back
          """)
      }
    case .refused(let reason):
      if let cause = await work.cause { throw cause }
      throw ChangeFailure(reason)
    case .reverted(let reason):
      let rest =
        await work.isTold
        ? "the fleet is halted until `netbaton resume`"
        : "the others will halt for this node, as the lock's store could not be told"
      throw ChangeFailure("\(reason); the change was taken back, and \(rest)")
    case .declined(let reason): throw ChangeFailure("\(reason); the change was taken back")
    case .stuck(let reason): throw ChangeFailure("\(reason); see `netbaton diff` for what is left of it")
    }
  }

  private func giveBack(_ baton: Baton) async {
    do throws(LockError) {
      try await parts.lock.release(baton)
    } catch {
      parts.logger.warning(
        "the baton could not be given back; it ends by its deadline", metadata: ["error": "\(error)"])
    }
  }
}

/// Why a change is not in effect.
struct ChangeFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
