/// One thing that happened: a difference and what came of it, or somebody's word.
///
/// The same value, in the same JSON, stands in the log on disk and in the lock's store. Members that are nil are
/// left out; members that a newer version added are passed over when read.
package struct HistoryRecord: Codable, Hashable, Sendable {
  /// When the node wrote this record.
  package var time: Timestamp
  package var node: String
  /// The writing process: `Holder.instance`.
  package var instance: String
  /// Joins the records of one attempt: the difference as it was planned, and the outcome.
  package var attempt: String
  package var event: Event
  package var outcome: Outcome
  /// Why, in words: what failed, what was skipped.
  package var reason: String?
  /// The fence of the grant under which this happened; nil before a grant.
  package var token: UInt64?
  package var spec: SpecVersion?
  /// `NFTA_GEN_ID` that the difference was planned from.
  package var kernelGenerationBefore: UInt32?
  /// `NFTA_GEN_ID` after it was applied; nil if it was not.
  package var kernelGenerationAfter: UInt32?
  /// The difference as `netbaton diff` prints it; empty if there is none.
  package var difference: String
  /// How many bytes of the difference were left out because the record would have been too large for its store.
  package var omitted: Int?

  package init(
    time: Timestamp, node: String, instance: String, attempt: String, event: Event, outcome: Outcome,
    reason: String? = nil, token: UInt64? = nil, spec: SpecVersion? = nil,
    kernelGenerationBefore: UInt32? = nil, kernelGenerationAfter: UInt32? = nil, difference: String = ""
  ) {
    self.time = time
    self.node = node
    self.instance = instance
    self.attempt = attempt
    self.event = event
    self.outcome = outcome
    self.reason = reason
    self.token = token
    self.spec = spec
    self.kernelGenerationBefore = kernelGenerationBefore
    self.kernelGenerationAfter = kernelGenerationAfter
    self.difference = difference
  }
}

extension HistoryRecord {
  /// For a log that has the difference already, in the record of the same attempt that was written before.
  package var withoutDifference: HistoryRecord {
    var record = self
    record.difference = ""
    return record
  }

  /// A word rather than an enum: nodes of different versions share one history, and a word that this version does
  /// not know is shown as it is.
  package struct Event: RawRepresentable, Codable, Hashable, Sendable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A difference that a new or changed spec explains.
    package static let change = Event(rawValue: "change")
    /// A difference that no change of the spec explains.
    package static let drift = Event(rawValue: "drift")
    /// All that netbaton owns is removed.
    package static let uninstall = Event(rawValue: "uninstall")
    package static let halt = Event(rawValue: "halt")
    package static let resume = Event(rawValue: "resume")
  }

  package struct Outcome: RawRepresentable, Codable, Hashable, Sendable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Written before the kernel is.
    package static let planned = Outcome(rawValue: "planned")
    package static let applied = Outcome(rawValue: "applied")
    /// There was nothing left to do.
    package static let skipped = Outcome(rawValue: "skipped")
    /// The plan was overtaken while it waited.
    package static let stale = Outcome(rawValue: "stale")
    /// Nothing of it is in effect.
    package static let failed = Outcome(rawValue: "failed")
    /// It was in effect, in part or whole, and was taken back.
    package static let undone = Outcome(rawValue: "undone")
    /// Neither success nor failure could be read back.
    package static let unknown = Outcome(rawValue: "unknown")
  }

  /// What the node should have been.
  package struct SpecVersion: Codable, Hashable, Sendable {
    /// The digest of the whole spec source, in hexadecimal.
    package var generation: String
    /// The Git commit that it came from, where it came from Git.
    package var commit: String?

    package init(generation: String, commit: String? = nil) {
      self.generation = generation
      self.commit = commit
    }
  }
}

extension HistoryRecord.Event: CustomStringConvertible {
  package var description: String { rawValue }
}

extension HistoryRecord.Outcome: CustomStringConvertible {
  package var description: String { rawValue }
}
