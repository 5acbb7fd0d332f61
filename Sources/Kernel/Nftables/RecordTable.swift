import CMnl
import CNftnl
import Model
import Netlink

/// netbaton's own record in the kernel, written in the transaction that it tells about.
///
/// A table's userdata cannot be changed, a rule's can: the record stands in rules of a chain that is hooked nowhere,
/// cut into pieces, for a rule keeps 256 bytes at most.
enum RecordTable {
  static let id = TableID(.inet, "netbaton")
  static let chain = "record"

  /// The pieces' bytes: each rule's userdata has one entry, of a type and a length byte and what is left.
  private static let pieceLimit = 240

  static let table = Table(id: id, comment: "netbaton's record of what it applied")

  /// The record as lines `key=value`; no value has a line break.
  static func encode(_ record: AppliedRecord) -> [[UInt8]] {
    let fields = [
      ("generation", record.specGeneration), ("commit", record.commit), ("token", String(record.token)),
      ("phase", record.phase.rawValue), ("node", record.node), ("nonce", String(record.nonce, radix: 16)),
    ]
    let text = fields.compactMap { key, value in value.map { "\(key)=\($0.filter { !$0.isNewline })\n" } }.joined()
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: pieceLimit).map { start in
      Array(bytes[start..<min(start + pieceLimit, bytes.count)])
    }
  }

  /// - Returns: nil if what stands there is no record.
  static func decode(_ pieces: [[UInt8]]) -> AppliedRecord? {
    var fields: [Substring: String] = [:]
    for line in String(decoding: pieces.joined(), as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
    }
    guard let generation = fields["generation"], let token = fields["token"].flatMap({ UInt64($0) }),
      let phase = fields["phase"], let node = fields["node"],
      let nonce = fields["nonce"].flatMap({ UInt64($0, radix: 16) })
    else { return nil }
    return AppliedRecord(
      specGeneration: generation, commit: fields["commit"], token: token, phase: .init(rawValue: phase), node: node,
      nonce: nonce)
  }
}

extension Batch {
  /// Puts the record in place of the one before, whether there was one or not.
  mutating func write(_ record: AppliedRecord) throws(NotWritable) {
    writer.beginMessage(
      type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWTABLE.rawValue), flags: UInt16(NLM_F_CREATE))
    writer.putHeader(nfgenmsg(nfgen_family: RecordTable.id.family.rawValue, version: 0, res_id: 0))
    writer.tableAttributes(RecordTable.table)
    writer.endMessage()
    try message(
      NFT_MSG_NEWCHAIN, RecordTable.id, tableKey: NFTA_CHAIN_TABLE.rawValue, flags: UInt16(NLM_F_CREATE)
    ) { (writer) throws(NotWritable) in writer.text(NFTA_CHAIN_NAME, RecordTable.chain) }
    // Without a handle, all rules of the chain go.
    try message(NFT_MSG_DELRULE, RecordTable.id, tableKey: NFTA_RULE_TABLE.rawValue) {
      (writer) throws(NotWritable) in writer.text(NFTA_RULE_CHAIN, RecordTable.chain)
    }
    for piece in RecordTable.encode(record) {
      try message(
        NFT_MSG_NEWRULE, RecordTable.id, tableKey: NFTA_RULE_TABLE.rawValue,
        flags: UInt16(NLM_F_CREATE) | UInt16(NLM_F_APPEND)
      ) { (writer) throws(NotWritable) in
        writer.text(NFTA_RULE_CHAIN, RecordTable.chain)
        writer.nested(NFTA_RULE_EXPRESSIONS) { _ in }
        var userdata = Userdata()
        userdata.append(Userdata.recordPiece, piece)
        writer.put(UInt16(NFTA_RULE_USERDATA.rawValue), userdata.bytes)
      }
    }
  }

  mutating func removeRecord() throws(NotWritable) {
    try message(NFT_MSG_DELTABLE, RecordTable.id, tableKey: NFTA_TABLE_NAME.rawValue) { (_) throws(NotWritable) in }
  }
}

extension NetlinkSocket {
  /// Only for a table that is netbaton's own.
  mutating func readRecord() throws(NetlinkError) -> AppliedRecord? {
    let pieces = try dumpNftables(
      NFT_MSG_GETRULE, family: RecordTable.id.family.rawValue, to: "read netbaton's record", into: [[UInt8]](),
      filter: { writer in
        writer.text(NFTA_RULE_TABLE, RecordTable.id.name)
        writer.text(NFTA_RULE_CHAIN, RecordTable.chain)
      }
    ) { (pieces, _, attributes) throws(NetlinkError) in
      guard let userdata = attributes.first(NFTA_RULE_USERDATA) else { return }
      pieces += Userdata(userdata.payload).entries.filter { $0.type == Userdata.recordPiece }.map(\.value)
    }
    return RecordTable.decode(pieces)
  }

  /// Whether the record's table is there, and whether it is netbaton's own; nil if it is not there.
  mutating func recordTableIsOwn() throws(NetlinkError) -> Bool? {
    try dumpNftables(
      NFT_MSG_GETTABLE, family: RecordTable.id.family.rawValue, to: "read the tables", into: Bool?.none
    ) { (isOwn, family, attributes) throws(NetlinkError) in
      guard let table = Table(attributes, family: family), table.id == RecordTable.id else { return }
      isOwn = table.isOwn
    }
  }
}
