import CMnl
import CNftnl
import Glibc
import Model
import Netlink
import Plan

extension NetlinkSocket {
  /// Commits changes and record as one transaction.
  /// - Parameter always: writes the record also if there are no changes.
  /// - Parameter told: gets each removed rule that counts as it was in the end, where the kernel's word of it came.
  /// - Parameter permit: called right before the send; what it throws ends the commit with nothing sent.
  /// - Returns: the generation after the commit.
  mutating func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, always: Bool = false,
    told: ((Rule, TableID) -> Void)? = nil, permit: () throws -> Void
  ) throws -> UInt32 {
    let ownsRecord = try recordIsWritable(record, always || !changes.isEmpty)
    guard !changes.isEmpty || always && record != .keep || record == .remove && ownsRecord == true else {
      return generation
    }
    var batch = Batch(makeWriter(capacity: 64 * 1024), generation: generation)
    batch.asksLastCounts = told != nil
    try batch.add(changes)
    batch.endChanges()
    if case .write(let record) = record { try batch.write(record) }
    if record == .remove, ownsRecord == true { try batch.removeRecord() }
    batch.end()

    do {
      try exchange(batch, of: changes, told: told, permit: permit)
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
    _ batch: borrowing Batch, of changes: [Change], told: ((Rule, TableID) -> Void)? = nil, permit: () throws -> Void
  ) throws {
    // A rule is some hundred bytes; each is sent back at most once.
    if told != nil { makeRoom(forReplies: max(changes.count * 1024, 256 * 1024)) }
    try permit()
    let operation = "change nftables"
    try send(batch.writer, to: operation)
    let refusals: [NetlinkError]
    do throws(NetlinkError) {
      refusals = try collectReplies(to: operation, batch.sequences) { message in
        if let told, let (rule, table) = message.removedRule { told(rule, table) }
      }
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
        case .all(let table, let chain, let counts):
          skipChange()
          try removeRules(table, chain: chain, counts: counts)
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
    case all(TableID, chain: String, counts: Bool)
    case none
  }

  /// Whether any of its rules counts.
  private var names: [Name: Bool] = [:]
  private var emptied: Swift.Set<Name> = []

  init(_ changes: [Change]) {
    for case .removeChain(let table, let chain) in changes { names[Name(table: table, chain: chain.name)] = false }
    guard !names.isEmpty else { return }
    for case .removeRule(let table, let chain, let rule) in changes where rule.countsPackets {
      let name = Name(table: table, chain: chain)
      if names[name] != nil { names[name] = true }
    }
  }

  mutating func take(_ change: Change) -> Removal {
    guard case .removeRule(let table, let chain, _) = change else { return .each }
    let name = Name(table: table, chain: chain)
    guard let counts = names[name] else { return .each }
    return emptied.insert(name).inserted ? .all(table, chain: chain, counts: counts) : .none
  }
}

extension Message {
  /// What a notice of a removed rule tells; nil if this is none.
  fileprivate var removedRule: (rule: Rule, table: TableID)? {
    guard type == UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_DELRULE.rawValue),
      let family = header(as: nfgenmsg.self).flatMap({ Family(rawValue: $0.nfgen_family) })
    else { return nil }
    let attributes = attributes(after: MemoryLayout<nfgenmsg>.size)
    guard let name = attributes.text(NFTA_RULE_TABLE) else { return nil }
    return (Rule(attributes), TableID(family, name))
  }
}
