import CMnl
import CNftnl
import Model
import Netlink
import Plan

/// Reads what `InverseWriter` wrote of tables and the record.
struct TablesPartReader {
  /// One table as its messages tell it.
  fileprivate struct Noted {
    var id: TableID
    var isWhole = false
    var table: Table?
    var parts: Swift.Set<Reference> = []
    var chains: [ReadChain] = []
    var sets: [ReadSet] = []
    var elements: [String: [KernelElement]] = [:]
    var newElements: [String: [KernelElement]] = [:]
    var rules: [String: [Rule]] = [:]
  }

  private var tables: [Noted] = []
  private var pieces: [[UInt8]] = []
  private var sawRecord = false

  /// What becomes of the record: as it was, or gone if there was none.
  var record: RecordUpdate {
    guard sawRecord else { return .keep }
    return RecordTable.decode(pieces).map(RecordUpdate.write) ?? .remove
  }

  var restorations: [TableRestoration] { tables.map(TableRestoration.init) }

  mutating func take(_ message: Message) {
    guard let header = message.header(as: nfgenmsg.self), let family = Family(rawValue: header.nfgen_family) else {
      return
    }
    let attributes = message.attributes(after: MemoryLayout<nfgenmsg>.size)
    // `NFTA_TABLE_NAME`, `NFTA_CHAIN_TABLE` and their like are all the first attribute.
    guard let name = attributes.text(NFTA_TABLE_NAME) else { return }
    let id = TableID(family, name)
    if id == RecordTable.id {
      sawRecord = true
      guard let userdata = attributes.first(NFTA_RULE_USERDATA), message.isAbout(NFT_MSG_NEWRULE) else { return }
      pieces += Userdata(userdata.payload).entries.filter { $0.type == Userdata.recordPiece }.map(\.value)
      return
    }
    if tables.last?.id != id { tables.append(Noted(id: id)) }
    tables[tables.count - 1].take(message, attributes)
  }
}

extension TablesPartReader.Noted {
  fileprivate mutating func take(_ message: Message, _ attributes: Attributes) {
    switch UInt32(message.type & 0xff) {
    case NFT_MSG_DELTABLE.rawValue: isWhole = true
    case NFT_MSG_NEWTABLE.rawValue: table = Table(attributes, family: id.family)
    case NFT_MSG_NEWCHAIN.rawValue: if let chain = ReadChain(attributes) { chains.append(chain) }
    case NFT_MSG_NEWSET.rawValue: addSet(message, attributes)
    case NFT_MSG_NEWSETELEM.rawValue: add(attributes, to: \.elements)
    case NFT_MSG_DELSETELEM.rawValue: add(attributes, to: \.newElements)
    case NFT_MSG_NEWOBJ.rawValue: if let object = StatefulObject(attributes) { table?.objects.append(object) }
    case NFT_MSG_NEWFLOWTABLE.rawValue: if let one = Flowtable(attributes) { table?.flowtables.append(one) }
    case NFT_MSG_NEWRULE.rawValue:
      if let chain = attributes.text(NFTA_RULE_CHAIN) { rules[chain, default: []].append(Rule(attributes)) }
    default: if let part = Reference(message, attributes) { parts.insert(part) }
    }
  }

  private mutating func addSet(_ message: Message, _ attributes: Attributes) {
    guard var set = ReadSet(attributes, family: id.family) else { return }
    set.definition.isUpdatedByRules = message.flags & UInt16(NLM_F_APPEND) != 0
    sets.append(set)
  }

  private mutating func add(_ attributes: Attributes, to list: WritableKeyPath<Self, [String: [KernelElement]]>) {
    guard let name = attributes.text(NFTA_SET_ELEM_LIST_SET),
      let set = sets.last(where: { $0.definition.name == name }),
      let elements = attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS)
    else { return }
    let kind = ElementSet(set.definition)
    for element in elements { self[keyPath: list][name, default: []].append(KernelElement(element.nested, of: kind)) }
  }
}

extension Reference {
  /// What a message deletes.
  fileprivate init?(_ message: Message, _ attributes: Attributes) {
    switch UInt32(message.type & 0xff) {
    case NFT_MSG_DELCHAIN.rawValue: self = .chain(attributes.text(NFTA_CHAIN_NAME) ?? "")
    case NFT_MSG_DELSET.rawValue: self = .set(attributes.text(NFTA_SET_NAME) ?? "")
    case NFT_MSG_DELOBJ.rawValue:
      self = .object(kind: attributes.number(NFTA_OBJ_TYPE) ?? 0, name: attributes.text(NFTA_OBJ_NAME) ?? "")
    case NFT_MSG_DELFLOWTABLE.rawValue: self = .flowtable(attributes.text(NFTA_FLOWTABLE_NAME) ?? "")
    default: return nil
    }
  }
}

extension TableRestoration {
  fileprivate init(_ noted: TablesPartReader.Noted) {
    self.init(id: noted.id, isWhole: noted.isWhole, parts: noted.parts)
    guard var table = noted.table else { return }
    var named: [SetDefinition] = []
    var anonymous: [String: SetDefinition] = [:]
    for read in noted.sets {
      var set = read.definition
      set.elements = set.joined(noted.elements[set.name] ?? [])
      if let new = noted.newElements[set.name] { newElements[set.name] = set.joined(new) }
      if set.flags.contains(.anonymous) { anonymous[set.name] = set.unnamed } else { named.append(set) }
    }
    table.sets = named
    let chains = Swift.Set(noted.chains.lazy.filter(\.isAnonymous).map(\.chain.name))
    let resolver = AnonymousResolver(sets: anonymous, chains: chains, rules: noted.rules)
    table.chains = noted.chains.filter { !$0.isAnonymous }.map { read in
      var chain = read.chain
      chain.rules = noted.rules[chain.name] ?? []
      for index in chain.rules.indices { resolver.resolve(&chain.rules[index]) }
      return chain
    }
    before = table
  }
}

extension Message {
  fileprivate func isAbout(_ type: nf_tables_msg_types) -> Bool { UInt32(self.type & 0xff) == type.rawValue }
}
