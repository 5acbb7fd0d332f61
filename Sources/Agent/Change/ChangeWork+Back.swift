import Plan
import Spec
import Model
import Logging
import History
import Kernel
import Locking

/// From a doubt to the state before, and what is told in the end.
extension ChangeWork {
  private var ending: ChangeEnding {
    ChangeEnding(
      parts: parts,
      subject: .init(
        node: baton.holder.node, version: baton.holder.version, token: baton.token,
        generation: preparation.spec.digest, commit: preparation.spec.commit))
  }

  func revert() async throws -> ChangeMachine.Event? {
    parts.logger.warning("taking the change back", metadata: ["token": "\(baton.token)"])
    guard let inverse else { throw StepFailure("there is no way back on record", hadEffect: true) }
    if try await ending.takeBack(trial: numberOfTrial, inverse) { return .foundKept }
    return nil
  }

  func settle(_ outcome: ChangeMachine.Outcome) async throws -> ChangeMachine.Event? {
    // Before the journal is written there is nothing that could be marked.
    if inverse != nil, let mark = outcome.mark { try claim.mark(mark) }
    let history = try record.map { record in
      try parts.recorder.ended(record, outcome: outcome.recorded, reason: outcome.reason, generation: generation)
    }
    try await ending.settle(outcome, history: history, with: (try? baton.check()) == nil ? nil : baton)
    isTold = true
    return nil
  }

  func close() async throws {
    await deadMan?.standDown()
    try claim.remove()
  }
}
