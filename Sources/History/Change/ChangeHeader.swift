/// What one change is about: the begin of its journal.
package struct ChangeHeader: Codable, Hashable, Sendable {
  package var node: String
  /// `/proc/sys/kernel/random/boot_id`: after another boot nothing is left in the kernel of what was changed.
  package var boot: String
  /// When it was written.
  package var time: Timestamp
  /// Of the baton under which the change is made.
  package var token: UInt64
  /// `Holder.instance` of the process that makes it.
  package var instance: String
  /// The digest of the whole spec source.
  package var specGeneration: String
  package var commit: String?
  /// `NFTA_GEN_ID` that the change was planned from.
  package var kernelGeneration: UInt32
  /// The number of the trial in the kernel, if a part of the change is on trial.
  package var trial: UInt64?
  /// Whether the transaction of nftables is the last effect, so that netbaton's record in the kernel tells that it is done.
  package var endsWithTransaction: Bool

  package init(
    node: String, boot: String, time: Timestamp = .now(), token: UInt64, instance: String, specGeneration: String,
    commit: String? = nil, kernelGeneration: UInt32, trial: UInt64? = nil, endsWithTransaction: Bool = false
  ) {
    self.node = node
    self.boot = boot
    self.time = time
    self.token = token
    self.instance = instance
    self.specGeneration = specGeneration
    self.commit = commit
    self.kernelGeneration = kernelGeneration
    self.trial = trial
    self.endsWithTransaction = endsWithTransaction
  }
}

/// What came of a change.
package enum ChangeMark: Hashable, Sendable {
  /// It stays.
  case kept
  /// It is being taken back: from here on nobody may keep it.
  case undoing(String)
  case undone(String)
  /// It ended in some other way, or is told to the lock's store already; in words of whoever wrote it.
  case ended(String)
}

/// A change that began and whose end was not told yet.
package struct OpenChange: Hashable, Sendable {
  package var header: ChangeHeader
  /// How it is taken back.
  package var inverse: [UInt8]
  /// The last one.
  package var mark: ChangeMark?

  package init(header: ChangeHeader, inverse: [UInt8], mark: ChangeMark? = nil) {
    self.header = header
    self.inverse = inverse
    self.mark = mark
  }
}

/// What is found of a change.
package enum FoundChange: Hashable, Sendable {
  /// None was begun, or its end is told.
  case none
  /// The journal is not whole. It is on the disk as a whole before a change has its first effect: so there was none.
  case torn
  /// It is another node's: the folder was copied, or the node has another name.
  case foreign(ChangeHeader)
  /// The machine has been started anew since, and the kernel has nothing of the change any more.
  case earlierBoot(ChangeHeader, ChangeMark?)
  case open(OpenChange)
}

extension ChangeMark: Codable {
  private enum Key: String, CodingKey { case mark, reason }
  private enum Word: String, Codable { case kept, undoing, undone, ended }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let reason = try container.decodeIfPresent(String.self, forKey: .reason) ?? ""
    switch try container.decode(Word.self, forKey: .mark) {
    case .kept: self = .kept
    case .undoing: self = .undoing(reason)
    case .undone: self = .undone(reason)
    case .ended: self = .ended(reason)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    let (word, reason): (Word, String?) =
      switch self {
      case .kept: (.kept, nil)
      case .undoing(let reason): (.undoing, reason)
      case .undone(let reason): (.undone, reason)
      case .ended(let outcome): (.ended, outcome)
      }
    try container.encode(word, forKey: .mark)
    try container.encodeIfPresent(reason, forKey: .reason)
  }
}
