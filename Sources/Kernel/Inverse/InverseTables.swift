import CMnl
import CNftnl
import Model
import Netlink
import Plan

/// Each table is written as the commands which would make it what it was: a table, or a part, that is deleted and not
/// made again was not there; one that is made without being deleted before only had parts, or elements, touched.
extension InverseWriter {
  mutating func addTables(_ inPlace: [Change], _ snapshot: Snapshot) throws(KernelError) {
    var byTable: [TableID: [Change]] = [:]
    for change in inPlace { if let id = change.tableID { byTable[id, default: []].append(change) } }
    guard !byTable.isEmpty else { return }
    do throws(NotWritable) {
      for (id, changes) in byTable.sorted(by: { $0.key < $1.key }) {
        let current = snapshot.state.tables.first { $0.id == id }
        try add(TableRestoration(of: id, changes, from: current))
      }
      try add(snapshot.record)
    } catch {
      throw KernelError(.notWritable, "this program could not bring back \(error.what), so it does not change it")
    }
  }

  private mutating func add(_ record: AppliedRecord?) throws(NotWritable) {
    try withBatch { (batch) throws(NotWritable) in
      if let record { try batch.write(record) } else { try batch.removeRecord() }
    }
  }

  mutating func add(_ restoration: TableRestoration) throws(NotWritable) {
    try withBatch { (batch) throws(NotWritable) in try batch.add(restoration) }
  }
}

extension Batch {
  fileprivate mutating func add(_ restoration: TableRestoration) throws(NotWritable) {
    let id = restoration.id
    if restoration.isWhole {
      try message(NFT_MSG_DELTABLE, id, tableKey: NFTA_TABLE_NAME.rawValue) { (_) throws(NotWritable) in }
    }
    guard let before = restoration.before else { return }
    notedTable(before)
    for part in restoration.parts { try removePart(id, part) }
    var contents = NamedContents(before)
    contents.name()
    for chain in contents.chains { try notedChain(id, chain.name, chain.chain, isAnonymous: chain.isAnonymous) }
    for (name, set) in contents.sets {
      try notedSet(id, set, name: name, without: restoration.newElements[set.name] ?? [])
    }
    for object in before.objects {
      try message(NFT_MSG_NEWOBJ, id, tableKey: NFTA_OBJ_TABLE.rawValue) { (writer) throws(NotWritable) in
        try writer.objectAttributes(object)
      }
    }
    for flowtable in before.flowtables {
      try message(NFT_MSG_NEWFLOWTABLE, id, tableKey: NFTA_FLOWTABLE_TABLE.rawValue) { (writer) throws(NotWritable) in
        writer.flowtableAttributes(flowtable)
      }
    }
    for chain in contents.chains {
      for rule in chain.chain.rules { try addRule(id, .named(chain.name), rule, before: nil) }
    }
  }
}

/// A table's chains and sets, those without a name of their own by one that no other has.
private struct NamedContents {
  private(set) var chains: [(name: String, chain: Chain, isAnonymous: Bool)]
  private(set) var sets: [(name: String, set: SetDefinition)]
  private var count = 0

  init(_ table: Table) {
    chains = table.chains.map { ($0.name, $0, false) }
    sets = table.sets.map { ($0.name, $0) }
  }

  /// No identifier of nft's language begins so.
  private mutating func nextName() -> String {
    count += 1
    return "%\(count)"
  }

  mutating func name() {
    var index = 0
    // Chains that are found on the way are added at the end.
    while index < chains.count {
      for place in chains[index].chain.rules.indices {
        guard chains[index].chain.rules[place].expressions.contains(where: \.hasAnonymous) else { continue }
        var rule = chains[index].chain.rules[place]
        rule.expressions = rule.expressions.map { named($0) }
        chains[index].chain.rules[place] = rule
      }
      index += 1
    }
  }

  private mutating func named(_ expression: Expression) -> Expression {
    switch expression {
    case .lookup(.anonymous(let set), let key, let to, let inverted):
      return .lookup(.named(named(set)), key: key, to: to, inverted: inverted)
    case .objectMap(.anonymous(let set), let key): return .objectMap(.named(named(set)), key: key)
    case .verdict(.jump(.anonymous(let rules))): return .verdict(.jump(.named(named(rules))))
    case .verdict(.goto(.anonymous(let rules))): return .verdict(.goto(.named(named(rules))))
    default: return expression
    }
  }

  private mutating func named(_ set: SetDefinition) -> String {
    let name = nextName()
    sets.append((name, set))
    return name
  }

  private mutating func named(_ rules: [Rule]) -> String {
    let name = nextName()
    chains.append((name, Chain(name: name, rules: rules), true))
    return name
  }
}

extension Expression {
  fileprivate var hasAnonymous: Bool {
    switch self {
    case .lookup(.anonymous, _, _, _), .objectMap(.anonymous, _), .verdict(.jump(.anonymous)),
      .verdict(.goto(.anonymous)):
      true
    default: false
    }
  }
}

extension Batch {
  fileprivate mutating func notedTable(_ table: Table) {
    writer.beginMessage(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWTABLE.rawValue), flags: 0)
    writer.putHeader(nfgenmsg(nfgen_family: table.id.family.rawValue, version: 0, res_id: 0))
    writer.tableAttributes(table)
    writer.endMessage()
  }

  fileprivate mutating func removePart(_ table: TableID, _ part: Reference) throws(NotWritable) {
    switch part {
    case .chain(let name):
      try message(NFT_MSG_DELCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue) { (writer) throws(NotWritable) in
        writer.text(NFTA_CHAIN_NAME, name)
      }
    case .set(let name):
      try message(NFT_MSG_DELSET, table, tableKey: NFTA_SET_TABLE.rawValue) { (writer) throws(NotWritable) in
        writer.text(NFTA_SET_NAME, name)
      }
    case .object(let kind, let name):
      try message(NFT_MSG_DELOBJ, table, tableKey: NFTA_OBJ_TABLE.rawValue) { (writer) throws(NotWritable) in
        writer.text(NFTA_OBJ_NAME, name)
        writer.number(NFTA_OBJ_TYPE, kind)
      }
    case .flowtable(let name):
      try message(NFT_MSG_DELFLOWTABLE, table, tableKey: NFTA_FLOWTABLE_TABLE.rawValue) {
        (writer) throws(NotWritable) in writer.text(NFTA_FLOWTABLE_NAME, name)
      }
    }
  }

  fileprivate mutating func notedChain(
    _ table: TableID, _ name: String, _ chain: Chain, isAnonymous: Bool
  ) throws(NotWritable) {
    try message(NFT_MSG_NEWCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue) { (writer) throws(NotWritable) in
      writer.chainAttributes(chain)
      if isAnonymous { writer.number(NFTA_CHAIN_FLAGS, UInt32(NFT_CHAIN_BINDING.rawValue)) }
    }
  }

  /// `NLM_F_APPEND` notes what a set's flags need not say: that rules add to it.
  fileprivate mutating func notedSet(
    _ table: TableID, _ set: SetDefinition, name: String, without new: [SetElement]
  ) throws(NotWritable) {
    try message(
      NFT_MSG_NEWSET, table, tableKey: NFTA_SET_TABLE.rawValue,
      flags: set.isUpdatedByRules ? UInt16(NLM_F_APPEND) : 0
    ) { (writer) throws(NotWritable) in try writer.setAttributes(set, name: name, number: 0) }
    try elements(NFT_MSG_NEWSETELEM, table, of: set, name: name, number: nil, set.elements)
    try elements(NFT_MSG_DELSETELEM, table, of: set, name: name, number: nil, new)
  }
}
