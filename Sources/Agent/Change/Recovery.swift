package import History
import Kernel
import Locking
import Logging

/// Settles what an earlier process of this node left open: it takes back first, and asks afterwards.
package struct Recovery: Sendable {
  private let parts: ChangeParts

  package init(_ parts: ChangeParts) { self.parts = parts }

  /// Whether a change is on disk that no living process works on.
  package func isJournalOpen() throws(HistoryError) -> Bool {
    guard try parts.journal.find() != .none else { return false }
    return try parts.journal.claim() != nil
  }

  /// Whether an earlier process of this node left an intent.
  package func hasIntent() async throws -> Bool {
    guard let claim = try parts.journal.claim() else { return false }
    defer { withExtendedLifetime(claim) {} }
    return try await ownIntent() != nil
  }

  /// To be asked with the claim on the node's change, which whoever announces one has: the process is gone, even where
  /// its grant is not over yet.
  private func ownIntent() async throws(LockError) -> IntentRecord? {
    let holder = parts.recorder.holder
    return try await parts.lock.status().intents.first { $0.node == holder.node }
  }

  /// Settles the change that is on disk, if there is one. Throws if it stays open: then nothing may be changed here yet.
  package func settleJournal() async throws {
    // Another process that lives is at work: its change is its own, and the baton keeps us apart.
    guard try parts.journal.find() != .none, let claim = try parts.journal.claim() else { return }
    switch try claim.find() {
    case .none, .torn: break
    case .foreign(let header):
      throw RecoveryFailure(
        """
        \(parts.journal.path): the change of another node, \(header.node), is open here; if this folder was copied from \
        there, remove the file
        """)
    case .earlierBoot(let header, let mark):
      // The kernel began anew, without rules and routes.
      try await settle(header, mark?.outcome ?? .reverted("the machine was started anew in the middle of it"), claim)
    case .open(let change): try await settle(change, claim)
    }
  }

  /// Settles an intent without a journal: its process ended before anything had begun.
  package func settleIntent() async throws {
    guard let claim = try parts.journal.claim(), let intent = try await ownIntent() else { return }
    defer { withExtendedLifetime(claim) {} }
    let subject = ChangeEnding.Subject(
      node: intent.node, version: parts.recorder.holder.version, token: intent.token, generation: intent.generation,
      commit: intent.commit)
    try await ChangeEnding(parts: parts, subject: subject)
      .settleElsewhere(.refused("the process that announced it ended before it began"))
  }

  /// Removes parts of a trial that no journal knows of, unless a living process works on them.
  package func removeLeftovers() async throws {
    guard let claim = try parts.journal.claim() else { return }
    _ = try await parts.kernel.cleanUp(record: .keep)
    withExtendedLifetime(claim) {}
  }

  private func settle(_ change: OpenChange, _ claim: ChangeClaim) async throws {
    parts.logger.warning(
      "an earlier process left a change open", metadata: ["token": "\(change.header.token)"])
    let work = RecoveryWork(parts, change, claim)
    let outcome = await ChangeDriver(work).settle(try await found(change))
    guard try parts.journal.find() == .none else {
      throw RecoveryFailure("the change of token \(change.header.token) is still open: \(outcome.reason ?? "unknown")")
    }
    parts.logger.warning(
      "it is settled",
      metadata: ["token": "\(change.header.token)", "outcome": "\(outcome.word)", "reason": "\(outcome.reason ?? "")"])
  }

  /// What decides is where the change would have been decided: the trial, the dead-man's mark, or the transaction.
  private func found(_ change: OpenChange) async throws -> ChangeMachine.Found {
    switch change.mark {
    case .kept: return .kept
    case .undone, .ended: return .ended(change.mark?.outcome ?? .reverted("it was taken back"))
    case .undoing: return .open
    case nil: break
    }
    if let trial = change.header.trial { return try await parts.kernel.verdict(of: trial) == .kept ? .kept : .open }
    guard change.header.endsWithTransaction else { return .open }
    let record = try await parts.kernel.read(ReadScope()).record
    return record?.token == change.header.token ? .kept : .open
  }

  private func settle(_ header: ChangeHeader, _ outcome: ChangeMachine.Outcome, _ claim: ChangeClaim) async throws {
    try await ChangeEnding(parts: parts, subject: .init(header, parts)).settleElsewhere(outcome)
    try claim.remove()
  }
}

/// Takes back, or tells, what another process began.
actor RecoveryWork: ChangeSteps {
  private let parts: ChangeParts
  private let change: OpenChange
  private let claim: ChangeClaim

  init(_ parts: ChangeParts, _ change: OpenChange, _ claim: ChangeClaim) {
    self.parts = parts
    self.change = change
    self.claim = claim
  }

  private var ending: ChangeEnding { ChangeEnding(parts: parts, subject: .init(change.header, parts)) }

  func carryOut(_ action: ChangeMachine.Action) async -> ChangeMachine.Event {
    switch action {
    case .perform(.revert): await answer(.revert) { try await takeBack() }
    case .perform(.close): await answer(.close) { try remove() }
    case .settle(let outcome): await answer(.settle) { try await settle(outcome) }
    // Nothing else follows what was found.
    case .perform(let step): .failed(step, reason: "not a step of a recovery", hadEffect: false)
    case .plan, .finish: .unplannable("a recovery plans nothing")
    }
  }

  private func takeBack() async throws -> ChangeMachine.Event? {
    let isKept = try await ending.takeBack(trial: change.header.trial, Inverse(bytes: change.inverse))
    return isKept ? .foundKept : nil
  }

  private func settle(_ outcome: ChangeMachine.Outcome) async throws -> ChangeMachine.Event? {
    if let mark = outcome.mark { try claim.mark(mark) }
    try await ending.settleElsewhere(outcome)
    return nil
  }

  private func remove() throws -> ChangeMachine.Event? {
    try claim.remove()
    return nil
  }

  private func answer(
    _ step: ChangeMachine.Step, _ body: () async throws -> ChangeMachine.Event?
  ) async -> ChangeMachine.Event {
    do {
      return try await body() ?? .done(step)
    } catch {
      parts.logger.error("recovery: step \(step) failed", metadata: ["error": "\(error)"])
      return .failed(step, reason: "\(error)", hadEffect: true)
    }
  }
}

/// Why an earlier change stays open.
struct RecoveryFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension ChangeEnding.Subject {
  init(_ header: ChangeHeader, _ parts: ChangeParts) {
    self.init(
      node: header.node, version: parts.recorder.holder.version, token: header.token,
      generation: header.specGeneration, commit: header.commit)
  }
}

extension ChangeMark {
  /// nil while it is not over.
  var outcome: ChangeMachine.Outcome? {
    switch self {
    case .kept: .applied
    case .undoing: nil
    case .undone(let reason): .reverted(reason)
    case .ended(let reason): .refused(reason)
    }
  }
}

extension ChangeMachine.Outcome {
  /// What the journal says of it.
  var mark: ChangeMark? {
    switch self {
    case .applied: .kept
    case .nothingLeft: nil
    case .refused(let reason), .declined(let reason): .ended(reason)
    case .reverted(let reason): .undone(reason)
    case .stuck(let reason): .undoing(reason)
    }
  }
}
