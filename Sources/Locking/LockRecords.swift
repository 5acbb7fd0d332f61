// What backends keep, each as JSON with sorted keys. Times are wall-clock times in RFC 3339 for people to read:
// they are never compared, for no two nodes' clocks agree.

/// A place in the queue, and so a grant.
package struct QueueRecord: Hashable, Sendable, Codable {
  package var holder: Holder
  package var purpose: String
  package var asked: String
  /// Written by a holder that holds it for longer than a moment; who holds follows from the order alone.
  package var granted: String?
  /// How many may hold at a time, as this one sees it; 1 at least.
  package private(set) var slots: Int

  package init(
    holder: Holder, purpose: String, asked: String = wallClock(), granted: String? = nil, slots: Int = 1
  ) {
    self.holder = holder
    self.purpose = purpose
    self.asked = asked
    self.granted = granted
    self.slots = max(1, slots)
  }

  /// What somebody else has put there must not end whoever reads it.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      holder: try values.decode(Holder.self, forKey: .holder),
      purpose: try values.decode(String.self, forKey: .purpose),
      asked: try values.decode(String.self, forKey: .asked),
      granted: try values.decodeIfPresent(String.self, forKey: .granted),
      slots: try values.decode(Int.self, forKey: .slots))
  }

  /// Since when it is held, or else asked for.
  package var since: String { granted ?? asked }
}

package struct QueueEntry: Hashable, Sendable {
  /// The backend's name of the place (etcd: the key).
  package var key: String
  /// Grows with each place taken in the group (etcd: the create revision); the token once it is granted.
  package var order: UInt64
  package var record: QueueRecord

  package init(key: String, order: UInt64, record: QueueRecord) {
    self.key = key
    self.order = order
    self.record = record
  }
}

/// What a node runs, and whether it has failed there: nobody tries by itself what has.
package struct NodeRecord: Hashable, Sendable, Codable {
  package var node: String
  /// The digest of the spec source in force.
  package var generation: String
  package var commit: String?
  /// netbaton's own version.
  package var version: String
  package var time: String
  /// One of those below, or "refused" or "declined" of a change that was given up.
  package var outcome: String
  package var token: UInt64?

  package init(
    node: String, generation: String, commit: String? = nil, version: String, time: String = wallClock(),
    outcome: String, token: UInt64? = nil
  ) {
    self.node = node
    self.generation = generation
    self.commit = commit
    self.version = version
    self.time = time
    self.outcome = outcome
    self.token = token
  }

  /// Of a change that nobody will settle any more.
  package init(failed intent: IntentRecord) {
    self.init(
      node: intent.node, generation: intent.generation, commit: intent.commit, version: intent.holder.version,
      outcome: NodeRecord.failed, token: intent.token)
  }

  /// The generation was brought into effect.
  package static let applied = "applied"
  /// It was in effect when it was looked at.
  package static let inSync = "in sync"
  /// It was tried here and taken back, or its node vanished over it and was given up.
  package static let failed = "failed"
  /// It was tried here and could not be taken back at once.
  package static let stuck = "stuck"
  /// It had failed, and somebody allowed that it be tried again.
  package static let retry = "retry"

  /// Whether the generation has failed here, and was not allowed to be tried again since: no agent tries it by itself.
  package var hasFailed: Bool { outcome == NodeRecord.failed || outcome == NodeRecord.stuck }

  /// Whether the change was given up before it could be told whether the generation is good.
  package var isUndecided: Bool {
    !hasFailed && ![NodeRecord.applied, NodeRecord.inSync, NodeRecord.retry].contains(outcome)
  }

  /// As it is put over an earlier record of the node: what has failed has still failed when somebody tries it again, and
  /// gives it up. Only an undecided one depends on what was there.
  package func over(_ earlier: NodeRecord?) -> NodeRecord {
    guard isUndecided, let earlier, earlier.hasFailed, earlier.generation == generation else { return self }
    var record = self
    record.outcome = NodeRecord.failed
    return record
  }
}

/// How the last grant or place in the queue ended; a place that is gone and is not this one vanished unreleased.
package struct LastRecord: Hashable, Sendable, Codable {
  package var token: UInt64
  package var holder: Holder
  package var time: String

  package init(token: UInt64, holder: Holder, time: String = wallClock()) {
    self.token = token
    self.holder = holder
    self.time = time
  }
}

package struct HistoryEntry: Hashable, Sendable {
  /// The grant under which it was written; for a person's record, where the store's count of grants stood then.
  package var token: UInt64
  /// Counts from 0 within the grant.
  package var number: Int
  /// The JSON value, as it was appended.
  package var record: [UInt8]

  package init(token: UInt64, number: Int, record: [UInt8]) {
    self.token = token
    self.number = number
    self.record = record
  }
}
