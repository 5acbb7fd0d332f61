/// One step of an attempt at the baton, to be logged.
package struct LockEvent: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// The attempt begins.
    case asked
    case waiting(LockObstacle)
    case acquired(token: UInt64)
    /// Nothing was taken, for the wait was over or none was wished.
    case skipped(LockObstacle)
    /// The one before us vanished without giving its place back: its lease ended, or somebody deleted it.
    case stale(QueueEntry)
    /// We stopped the group, for a change has stood without its holder for longer than its bound.
    case halted(HaltRecord)
    /// Our place in the queue, or the baton that we held, is gone.
    case lost(String)
    case released(token: UInt64)
  }

  /// The lock, without secrets.
  package var location: String
  /// Who asks.
  package var holder: Holder
  package var purpose: String
  package var outcome: Outcome

  package init(location: String, holder: Holder, purpose: String, outcome: Outcome) {
    self.location = location
    self.holder = holder
    self.purpose = purpose
    self.outcome = outcome
  }
}

extension LockEvent.Outcome {
  /// The word for logs and metrics.
  package var name: String {
    switch self {
    case .asked: "asked"
    case .waiting: "waiting"
    case .acquired: "acquired"
    case .skipped: "skipped"
    case .stale: "stale"
    case .halted: "halted"
    case .lost: "lost"
    case .released: "released"
    }
  }
}

extension LockEvent: CustomStringConvertible {
  package var description: String {
    switch outcome {
    case .asked: "\(holder) asks for the baton for \(purpose)"
    case .waiting(let obstacle): "\(holder) waits for the baton for \(purpose): \(obstacle)"
    case .acquired(let token): "\(holder) acquired the baton for \(purpose), token \(token)"
    case .skipped(let obstacle): "\(holder) skipped \(purpose): \(obstacle)"
    case .stale(let entry):
      "\(holder) finds a stale place: \(entry.record.holder), token \(entry.order), vanished without a release"
    case .halted(let halt): "\(holder) halts the group: \(halt.words)"
    case .lost(let reason): "\(holder) lost the baton for \(purpose): \(reason)"
    case .released(let token): "\(holder) released the baton, token \(token)"
    }
  }
}
