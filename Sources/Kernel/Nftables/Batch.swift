import CMnl
import CNftnl
import Glibc
import Model
import Netlink
import Plan

/// Changes as the messages of one transaction, and which change each message is for.
struct Batch: ~Copyable {
  var writer: MessageWriter
  /// Of the begin message; what goes wrong with the batch as a whole is told with it.
  let beginSequence: UInt32
  /// The first message of each change, ascending.
  private var firstSequences: [UInt32] = []
  /// Numbers for sets and chains that have no name yet; unique in the batch.
  private var lastNumber: UInt32 = 0
  /// Whether the kernel is to tell what rules that count had counted when it removed them: it then sends each back, as it
  /// tells those who listen (`nf_tables_rule_notify` in net/netfilter/nf_tables_api.c).
  var asksLastCounts = false

  /// Flags of a message that makes something new, which must not be there yet.
  static let creating = UInt16(NLM_F_CREATE) | UInt16(NLM_F_EXCL)

  /// - Parameter generation: the kernel refuses the batch (`ERESTART`) if its own is another one; nil for any.
  init(_ writer: consuming MessageWriter, generation: UInt32?) {
    beginSequence = writer.beginMessage(type: UInt16(NFNL_MSG_BATCH_BEGIN), flags: 0)
    writer.putHeader(nfgenmsg(nfgen_family: 0, version: 0, res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian))
    if let generation { writer.number(NFNL_BATCH_GENID, generation) }
    writer.endMessage()
    self.writer = writer
  }

  /// For messages that are kept and not sent: without a begin.
  init(noting writer: consuming MessageWriter) {
    beginSequence = writer.nextSequence
    self.writer = writer
  }

  /// The messages, without an end.
  consuming func finish() -> MessageWriter { writer }

  /// Nothing may be added afterwards.
  mutating func end() {
    writer.beginMessage(type: UInt16(NFNL_MSG_BATCH_END), flags: 0)
    writer.putHeader(nfgenmsg(nfgen_family: 0, version: 0, res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian))
    writer.endMessage()
  }

  /// The sequence numbers of all messages.
  var sequences: ClosedRange<UInt32> { beginSequence...max(beginSequence, writer.nextSequence &- 1) }

  /// Which of the changes, in the order in which they were added, a message was for; nil for none of them.
  func changeIndex(of sequence: UInt32) -> Int? {
    firstSequences.lastIndex { $0 <= sequence }
  }

  /// One message about something in a table.
  mutating func message(
    _ type: nf_tables_msg_types, _ table: TableID, tableKey: UInt32, flags: UInt16 = 0,
    _ body: (inout MessageWriter) throws(NotWritable) -> Void
  ) throws(NotWritable) {
    writer.beginMessage(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags: flags)
    writer.putHeader(nfgenmsg(nfgen_family: table.family.rawValue, version: 0, res_id: 0))
    writer.put(UInt16(tableKey), table.name)
    try body(&writer)
    writer.endMessage()
  }

  /// The next change takes no message.
  mutating func skipChange() { firstSequences.append(writer.nextSequence) }

  /// What follows is for none of the changes.
  mutating func endChanges() { firstSequences.append(writer.nextSequence) }

  mutating func nextNumber() -> UInt32 {
    lastNumber += 1
    return lastNumber
  }
}

extension Batch {
  mutating func add(_ change: Change) throws(NotWritable) {
    firstSequences.append(writer.nextSequence)
    switch change {
    case .addTable(let table): try self.table(NFT_MSG_NEWTABLE, table, flags: Batch.creating)
    case .changeTable(_, let table): try self.table(NFT_MSG_NEWTABLE, table, flags: 0)
    case .removeTable(let table):
      try message(NFT_MSG_DELTABLE, table.id, tableKey: NFTA_TABLE_NAME.rawValue) { (_) throws(NotWritable) in }
    case .addChain(let table, let chain): try addChain(table, chain)
    case .removeChain(let table, let chain): try removeChain(table, chain.name)
    case .changePolicy(let table, let chain, _, let policy): try changePolicy(table, chain, policy)
    case .addRule(let table, let chain, let rule, let before):
      try addRule(table, .named(chain), rule, before: before)
    case .removeRule(let table, let chain, let rule): try removeRule(table, chain: chain, rule)
    case .addSet(let table, let set): _ = try addSet(table, set)
    case .removeSet(let table, let set):
      try message(NFT_MSG_DELSET, table, tableKey: NFTA_SET_TABLE.rawValue) { (writer) throws(NotWritable) in
        writer.text(NFTA_SET_NAME, set.name)
      }
    case .addElements(let table, let set, let elements):
      try self.elements(NFT_MSG_NEWSETELEM, table, of: set, name: set.name, number: nil, elements)
    case .removeElements(let table, let set, let elements):
      try self.elements(NFT_MSG_DELSETELEM, table, of: set, name: set.name, number: nil, elements)
    default: try addOther(change)
    }
  }

  private mutating func addOther(_ change: Change) throws(NotWritable) {
    switch change {
    case .addObject(let table, let object): try self.object(NFT_MSG_NEWOBJ, table, object, flags: Batch.creating)
    case .changeObject(let table, _, let object):
      try self.object(NFT_MSG_NEWOBJ, table, object, flags: UInt16(NLM_F_CREATE))
    case .removeObject(let table, let object): try self.object(NFT_MSG_DELOBJ, table, object, flags: 0)
    case .addFlowtable(let table, let flowtable):
      try message(NFT_MSG_NEWFLOWTABLE, table, tableKey: NFTA_FLOWTABLE_TABLE.rawValue, flags: Batch.creating) {
        (writer) throws(NotWritable) in writer.flowtableAttributes(flowtable)
      }
    case .removeFlowtable(let table, let flowtable):
      try message(NFT_MSG_DELFLOWTABLE, table, tableKey: NFTA_FLOWTABLE_TABLE.rawValue) {
        (writer) throws(NotWritable) in writer.text(NFTA_FLOWTABLE_NAME, flowtable.name)
      }
    default: throw NotWritable(what: "a change of routes among those of nftables")
    }
  }

  private mutating func table(_ type: nf_tables_msg_types, _ table: Table, flags: UInt16) throws(NotWritable) {
    writer.beginMessage(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags: flags)
    writer.putHeader(nfgenmsg(nfgen_family: table.id.family.rawValue, version: 0, res_id: 0))
    writer.tableAttributes(table)
    writer.endMessage()
  }

  private mutating func addChain(_ table: TableID, _ chain: Chain) throws(NotWritable) {
    try message(NFT_MSG_NEWCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue, flags: Batch.creating) {
      (writer) throws(NotWritable) in writer.chainAttributes(chain)
    }
    for rule in chain.rules { try addRule(table, .named(chain.name), rule, before: nil) }
  }

  private mutating func removeChain(_ table: TableID, _ name: String) throws(NotWritable) {
    try message(NFT_MSG_DELCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue) { (writer) throws(NotWritable) in
      writer.text(NFTA_CHAIN_NAME, name)
    }
  }

  private mutating func changePolicy(_ table: TableID, _ chain: String, _ policy: ChainPolicy) throws(NotWritable) {
    try message(NFT_MSG_NEWCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue) { (writer) throws(NotWritable) in
      writer.text(NFTA_CHAIN_NAME, chain)
      writer.number(NFTA_CHAIN_POLICY, policy.rawValue)
    }
  }

  private mutating func object(
    _ type: nf_tables_msg_types, _ table: TableID, _ object: StatefulObject, flags: UInt16
  ) throws(NotWritable) {
    try message(type, table, tableKey: NFTA_OBJ_TABLE.rawValue, flags: flags) { (writer) throws(NotWritable) in
      if type == NFT_MSG_DELOBJ {
        writer.text(NFTA_OBJ_NAME, object.name)
        writer.number(NFTA_OBJ_TYPE, object.body.kind?.rawValue ?? 0)
      } else {
        try writer.objectAttributes(object)
      }
    }
  }
}
