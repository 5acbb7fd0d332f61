import History
import Kernel
import Locking
import Logging

/// What a change's own process and one that finds it open do alike: take back, tell, tidy up.
struct ChangeEnding: Sendable {
  /// Of whose change it is told, and under which grant it was begun.
  struct Subject: Sendable {
    var node: String
    var version: String
    var token: UInt64
    var generation: String
    var commit: String?
  }

  let parts: ChangeParts
  let subject: Subject

  /// How long the lock's store is asked again before the rest is left to the next pass.
  private static let patience = Duration.seconds(10)

  /// Ends the trial for good, whether or not it still ran, and then takes back what the kernel does not.
  /// - Returns: whether the kernel has the trial as confirmed; then nothing was done.
  func takeBack(trial number: UInt64?, _ inverse: Inverse) async throws -> Bool {
    var problem: (any Error)?
    if let number {
      do {
        // A trial that is confirmed is left alone by this, and one that is gone can never be confirmed.
        _ = try await parts.kernel.cleanUp(record: .keep)
      } catch {
        // It ends by itself, and what the kernel does not take back must not wait for it.
        problem = error
      }
      do {
        if try await parts.kernel.verdict(of: number) == .kept { return true }
      } catch {
        // Whether the rest must go is not known. What went wrong first says more.
        throw problem ?? error
      }
    }
    try await parts.kernel.undo(inverse)
    if let problem { throw problem }
    return false
  }

  /// One step in the store: the node's record, the history's, the halt if there is to be one, and the intent gone.
  /// - Parameter baton: nil where the grant is over; the intent's own token is compared then.
  func settle(_ outcome: ChangeMachine.Outcome, history: [UInt8]?, with baton: Baton?) async throws {
    let record = NodeRecord(
      node: subject.node, generation: subject.generation, commit: subject.commit, version: subject.version,
      outcome: outcome.word, token: subject.token)
    let halt = outcome.halts ? halt(because: outcome.reason ?? "unknown") : nil
    let end = ContinuousClock.now + ChangeEnding.patience
    var held = baton
    while true {
      do throws(LockError) {
        let isFirst = try await parts.lock.settle(record, halt: halt, history: history, with: held)
        if !isFirst {
          parts.logger.warning(
            "there is no intent to settle: it was not announced, or is settled already",
            metadata: ["token": "\(subject.token)"])
        }
        return
      } catch {
        if case .lost = error, held != nil {
          held = nil
          continue
        }
        guard case .unavailable = error, ContinuousClock.now < end else { throw error }
        parts.logger.warning(
          "the lock's store cannot be told what came of the change; trying again",
          metadata: ["outcome": "\(outcome.word)", "error": "\(error)"])
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func halt(because cause: String) -> HaltRecord {
    HaltRecord(
      who: subject.node, why: "the change failed and was taken back", node: subject.node,
      generation: subject.generation, commit: subject.commit, cause: cause, token: subject.token)
  }
}

extension ChangeEnding {
  /// The same for a change that another process began, from what it has left on disk of the history.
  func settleElsewhere(_ outcome: ChangeMachine.Outcome) async throws {
    let history = parts.recorder.endedElsewhere(subject.token, outcome: outcome.recorded, reason: outcome.reason)
    try await settle(outcome, history: history, with: nil)
  }
}

extension ChangeMachine.Outcome {
  /// For the history.
  var recorded: HistoryRecord.Outcome {
    switch self {
    case .applied: .applied
    case .nothingLeft: .skipped
    case .refused: .failed
    case .reverted, .declined: .undone
    case .stuck: .unknown
    }
  }

  /// For the node's record.
  var word: String {
    switch self {
    case .applied: NodeRecord.applied
    case .nothingLeft: NodeRecord.inSync
    case .refused: "refused"
    case .declined: "declined"
    case .reverted: NodeRecord.failed
    case .stuck: NodeRecord.stuck
    }
  }
}
