/// Why a lock backend did not do what it was asked. Each text says what to do about it.
package enum LockError: Error, Hashable, Sendable {
  /// The wait was over, or none was wished.
  case notAcquired(LockObstacle)
  case cancelled
  /// The baton is held, but no change may begin.
  case obstructed(LockObstacle)
  /// The grant that the call came with is not the store's any more.
  case lost(BatonError)
  /// The store cannot be reached, or does not answer in time.
  case unavailable(store: String, detail: String)
  /// The store refuses who we are or what we ask for.
  case refused(store: String, detail: String)
  /// The lock's URL or one of the files that it names is wrong.
  case misconfigured(String)
  /// A record in the store cannot be read, or one of ours not be written.
  case badRecord(what: String, detail: String)
}

extension LockError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAcquired(let obstacle): "the baton was not acquired: \(obstacle)"
    case .obstructed(let obstacle): "the change was not begun: \(obstacle)"
    case .cancelled: "waiting for the baton was cancelled"
    case .lost(let reason): "\(reason)"
    case .unavailable(let store, let detail): "\(store): \(detail)"
    case .refused(let store, let detail): "\(store): \(detail)"
    case .misconfigured(let text): text
    case .badRecord(let what, let detail):
      "\(what): not a record of netbaton (\(detail)); see who writes there, or choose another prefix"
    }
  }
}

/// What stands between somebody and the baton.
package enum LockObstacle: Hashable, Sendable {
  /// With those who hold it, in order, and how many wait before us.
  case held(by: [QueueEntry], waitersBefore: Int)
  case halted(HaltRecord)
  /// Changes of other nodes that have not been settled.
  case intents([IntentRecord])
  /// The generation is not tried again by itself.
  case failed(NodeRecord)
  /// Nothing is known for now.
  case storeUnavailable(String)

  var intents: [IntentRecord] {
    if case .intents(let intents) = self { intents } else { [] }
  }

  /// Whether the same one stands in the way: a holder that has only noted since when it holds is no news, nor is how
  /// many wait.
  func isSame(as other: LockObstacle?) -> Bool {
    switch (self, other) {
    case (.held(let holders, _), .held(let others, _)):
      holders.map { [$0.key, "\($0.order)"] } == others.map { [$0.key, "\($0.order)"] }
    default: self == other
    }
  }
}

extension LockObstacle: CustomStringConvertible {
  package var description: String {
    switch self {
    case .held(let holders, let before):
      "held by "
        + holders.map { "\($0.record.holder) since \($0.record.since) for \($0.record.purpose)" }
        .joined(separator: "; ")
        + (before == 0 ? "" : before == 1 ? ", 1 waits before us" : ", \(before) wait before us")
    case .halted(let halt):
      "halted by \(halt.who) since \(halt.since): \(halt.words); `netbaton resume` lets it go on"
    case .intents(let intents):
      "a change is unsettled on "
        + intents.map { "\($0.node) (since \($0.since), token \($0.token), generation \($0.generation.prefix(12)))" }
        .joined(separator: "; ")
    case .failed(let record):
      """
      generation \(record.generation.prefix(12)) failed on \(record.node), \(record.time), and is not tried again by \
      itself: change the spec, or say `netbaton resume --retry`
      """
    case .storeUnavailable(let detail):
      detail
    }
  }
}

extension Holder: CustomStringConvertible {
  package var description: String { "\(node) (pid \(pid), \(instance))" }
}
