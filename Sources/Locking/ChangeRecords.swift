/// A change that is under way on a node. It has no expiry: it ends with what came of the change.
package struct IntentRecord: Hashable, Sendable, Codable {
  package var node: String
  package var holder: Holder
  /// Of the grant under which the change is made.
  package var token: UInt64
  package var generation: String
  package var commit: String?
  /// For how many seconds the others wait once they find it without its grant, each on its own clock; after that they
  /// take the change for failed. By then it must have been confirmed or be gone again.
  package var bound: Int
  package var since: String

  package init(
    node: String, holder: Holder, token: UInt64, generation: String, commit: String? = nil, bound: Int,
    since: String = wallClock()
  ) {
    self.node = node
    self.holder = holder
    self.token = token
    self.generation = generation
    self.commit = commit
    self.bound = bound
    self.since = since
  }

  /// For records of versions that did not say.
  package static let defaultBound = 60

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    node = try values.decode(String.self, forKey: .node)
    holder = try values.decode(Holder.self, forKey: .holder)
    token = try values.decode(UInt64.self, forKey: .token)
    generation = try values.decode(String.self, forKey: .generation)
    commit = try values.decodeIfPresent(String.self, forKey: .commit)
    bound = try values.decodeIfPresent(Int.self, forKey: .bound) ?? IntentRecord.defaultBound
    since = try values.decode(String.self, forKey: .since)
  }
}

/// What stops the group until somebody clears it.
package struct HaltRecord: Hashable, Sendable, Codable {
  /// A person or a node.
  package var who: String
  package var why: String
  package var since: String
  // The change that it is about, if it is about one.
  package var node: String?
  package var generation: String?
  package var commit: String?
  /// What failed, such as "tcp 192.0.2.10:6443: connection refused".
  package var cause: String?
  package var token: UInt64?

  package init(
    who: String, why: String, since: String = wallClock(), node: String? = nil, generation: String? = nil,
    commit: String? = nil, cause: String? = nil, token: UInt64? = nil
  ) {
    self.who = who
    self.why = why
    self.since = since
    self.node = node
    self.generation = generation
    self.commit = commit
    self.cause = cause
    self.token = token
  }

  /// A change whose holder is gone, and that was not settled within its bound.
  /// - Parameter who: the node that waited.
  package init(vanished intent: IntentRecord, seenBy who: String, since: String = wallClock()) {
    self.init(
      who: who, why: "\(intent.node) vanished in the middle of a change", since: since, node: intent.node,
      generation: intent.generation, commit: intent.commit,
      cause: "its holder, \(intent.holder), is gone, and the change was not settled within \(intent.bound) s",
      token: intent.token)
  }
}

extension HaltRecord {
  /// Why, and what failed.
  package var words: String { why + (cause.map { ": \($0)" } ?? "") }
}

/// What a person asks for who lets a group go on.
package struct ResumeRequest: Hashable, Sendable {
  /// Nodes that will not come back to settle their change: their intents are cleared, where the holder is gone, and the
  /// changes count as failed.
  package var abandon: Set<String>
  /// Allows that failed generations are tried again, also those that are given up by this.
  package var retry: Bool

  package init(abandon: Set<String> = [], retry: Bool = false) {
    self.abandon = abandon
    self.retry = retry
  }
}

/// What letting a group go on has changed, and what still stands in its way.
package struct Resumption: Hashable, Sendable {
  /// The halt that was cleared.
  package var halt: HaltRecord?
  /// Intents that were cleared.
  package var abandoned: [IntentRecord]
  /// What is put for the nodes of these.
  package var failed: [NodeRecord]
  /// As they are now.
  package var retried: [NodeRecord]
  /// Intents whose holder is gone: the group waits for them, and halts again after their bound.
  package var standing: [IntentRecord]

  package var isEmpty: Bool { halt == nil && abandoned.isEmpty && retried.isEmpty }
}
