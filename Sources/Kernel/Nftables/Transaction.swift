import CMnl
import Glibc
import Model
import Netlink
import Plan

extension NetlinkSocket {
  /// Commits changes and record as one transaction.
  /// - Parameter always: writes the record also if there are no changes.
  /// - Parameter permit: called right before the send; what it throws ends the commit with nothing sent.
  /// - Returns: the generation after the commit.
  mutating func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, always: Bool = false, permit: () throws -> Void
  ) throws -> UInt32 {
    let ownsRecord = try recordIsWritable(record, always || !changes.isEmpty)
    guard !changes.isEmpty || always && record != .keep || record == .remove && ownsRecord == true else {
      return generation
    }
    var batch = Batch(makeWriter(capacity: 64 * 1024), generation: generation)
    try batch.add(changes)
    batch.endChanges()
    if case .write(let record) = record { try batch.write(record) }
    if record == .remove, ownsRecord == true { try batch.removeRecord() }
    batch.end()

    do {
      try exchange(batch, of: changes, permit: permit)
    } catch let error as KernelError where error.cause == .unknownOutcome {
      return try settle(record, from: generation)
    }
    // No refusal came and no reply was lost. An acknowledgement would say no more: the kernel sends them before it
    // knows whether the whole will be committed.
    let reached = try nftablesGeneration()
    // The kernel raises the generation by one, past zero, unless the batch changed nothing.
    return reached == generation ? generation : max(generation &+ 1, 1)
  }

  /// Sends changes as one transaction whatever the generation, for the few that name what they mean.
  /// - Parameter permit: called right before the send.
  mutating func send(_ changes: [Change], permit: () throws -> Void) throws {
    var batch = Batch(makeWriter(), generation: nil)
    try batch.add(changes)
    batch.end()
    try exchange(batch, of: changes, permit: permit)
  }

  /// Sends a batch, and throws the first refusal that comes. If replies were lost, what happened is for the caller to
  /// read.
  private mutating func exchange(
    _ batch: borrowing Batch, of changes: [Change], permit: () throws -> Void
  ) throws {
    try permit()
    let operation = "change nftables"
    try send(batch.writer, to: operation)
    let refusals: [NetlinkError]
    do throws(NetlinkError) {
      refusals = try collectReplies(to: operation, batch.sequences)
    } catch {
      discardReplies(to: operation)
      throw KernelError(error)
    }
    guard let refusal = refusals.first else { return }
    guard refusal.errno != ERESTART else {
      throw KernelError(
        .generationMoved, "another program changed nftables after it was read; nothing was changed: read and plan anew")
    }
    throw explain(refusal, batch, changes)
  }

  /// - Returns: whether the record's table is netbaton's own; nil if it is not there or does not matter.
  private mutating func recordIsWritable(_ record: RecordUpdate, _ isWritten: Bool) throws -> Bool? {
    if case .keep = record { return nil }
    if case .write = record, !isWritten { return nil }
    let isOwn = try recordTableIsOwn()
    if isOwn == false, record != .remove {
      throw KernelError(
        .foreign,
        "table \(RecordTable.id) was not created by netbaton, which keeps its record there; delete or rename that table"
      )
    }
    return isOwn
  }

  /// Replies were lost: what the kernel has now says what happened.
  private mutating func settle(_ record: RecordUpdate, from generation: UInt32) throws -> UInt32 {
    if case .write(let wanted) = record, try recordTableIsOwn() == true, try readRecord() == wanted {
      return max(generation &+ 1, 1)
    }
    if try nftablesGeneration() == generation {
      throw KernelError(.unknownOutcome, "the kernel's replies were lost; nothing was changed; read and plan anew")
    }
    throw KernelError(
      .unknownOutcome, "the kernel's replies were lost and nftables changed; it must be read again to know by whom")
  }

  private func explain(_ refusal: NetlinkError, _ batch: borrowing Batch, _ changes: [Change]) -> KernelError {
    let index = refusal.sequence.flatMap { batch.changeIndex(of: $0) }
    guard let index, index < changes.count else { return KernelError(refusal, refusing: nil) }
    return KernelError(refusal, refusing: changes[index])
  }
}

extension Batch {
  fileprivate mutating func add(_ changes: [Change]) throws(KernelError) {
    var leaving = LeavingChains(changes)
    for change in changes {
      do throws(NotWritable) {
        switch leaving.take(change) {
        case .each: try add(change)
        case .all(let table, let chain):
          skipChange()
          try removeRules(table, chain: chain)
        case .none: skipChange()
        }
      } catch {
        throw KernelError(.notWritable, "this program cannot write \(error.what)", change: change)
      }
    }
  }
}

/// The rules of chains that go are removed all at once: the kernel looks for each by walking from the chain's begin, past
/// those that are removed already.
private struct LeavingChains {
  private struct Name: Hashable {
    var table: TableID
    var chain: String
  }

  enum Removal {
    case each
    case all(TableID, chain: String)
    case none
  }

  private var names: Swift.Set<Name> = []
  private var emptied: Swift.Set<Name> = []

  init(_ changes: [Change]) {
    for case .removeChain(let table, let chain) in changes { names.insert(Name(table: table, chain: chain.name)) }
  }

  mutating func take(_ change: Change) -> Removal {
    guard case .removeRule(let table, let chain, _) = change else { return .each }
    let name = Name(table: table, chain: chain)
    guard names.contains(name) else { return .each }
    return emptied.insert(name).inserted ? .all(table, chain: chain) : .none
  }
}
