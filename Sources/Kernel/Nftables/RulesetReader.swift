import CNftnl
import Model
import Netlink

/// What was read of nftables at one generation.
struct ReadRuleset {
  var tables: [Table]
  var record: AppliedRecord?
  var generation: UInt32
}

extension NetlinkSocket {
  mutating func readRuleset(_ scope: ReadScope) throws(NetlinkError) -> ReadRuleset {
    let ((tables, record), generation) = try readAtOneGeneration(to: "read the ruleset") {
      (socket) throws(NetlinkError) in try socket.readTables(scope)
    }
    return ReadRuleset(tables: tables, record: record, generation: generation)
  }

  private mutating func readTables(_ scope: ReadScope) throws(NetlinkError) -> ([Table], AppliedRecord?) {
    var tables = try dumpNftables(NFT_MSG_GETTABLE, family: 0, to: "read the tables", into: [Table]()) {
      (tables, family, attributes) throws(NetlinkError) in
      if let table = Table(attributes, family: family) { tables.append(table) }
    }
    var record: AppliedRecord?
    if let index = tables.firstIndex(where: { $0.id == RecordTable.id && $0.isOwn }) {
      tables.remove(at: index)
      record = try readRecord()
    }
    let wanted = tables.indices.filter { tables[$0].isOwn || scope.tables.contains(tables[$0].id) }
    let chains = try readChains(of: Swift.Set(wanted.map { tables[$0].id }))
    for index in wanted { try readContents(of: &tables[index], chains: chains[tables[index].id] ?? []) }
    return (tables, record)
  }

  /// The kernel filters chains by family alone (`nf_tables_dump_chains` in nf_tables_api.c).
  private mutating func readChains(of tables: Swift.Set<TableID>) throws(NetlinkError) -> [TableID: [ReadChain]] {
    var chains: [TableID: [ReadChain]] = [:]
    for family in Swift.Set(tables.map(\.family)) {
      chains = try dumpNftables(
        NFT_MSG_GETCHAIN, family: family.rawValue, to: "read the chains of family \(family.keyword)", into: chains
      ) { (chains, family, attributes) throws(NetlinkError) in
        guard let name = attributes.text(NFTA_CHAIN_TABLE), tables.contains(TableID(family, name)),
          let chain = ReadChain(attributes)
        else { return }
        chains[TableID(family, name), default: []].append(chain)
      }
    }
    return chains
  }

  private mutating func readContents(of table: inout Table, chains: [ReadChain]) throws(NetlinkError) {
    let id = table.id
    let sets = try readSets(of: id)
    table.sets = sets.filter { !$0.flags.contains(.anonymous) }
    table.objects = try dumpTable(NFT_MSG_GETOBJ, id, key: NFTA_OBJ_TABLE.rawValue, to: "read the objects") {
      StatefulObject($0)
    }
    table.flowtables = try dumpTable(
      NFT_MSG_GETFLOWTABLE, id, key: NFTA_FLOWTABLE_TABLE.rawValue, to: "read the flowtables"
    ) { Flowtable($0) }
    var rules = try readRules(of: id)
    let anonymousSets = Dictionary(
      sets.lazy.filter { $0.flags.contains(.anonymous) }.map { ($0.name, $0.unnamed) }, uniquingKeysWith: { $1 })
    let anonymousChains = Swift.Set(chains.lazy.filter(\.isAnonymous).map(\.chain.name))
    if !anonymousSets.isEmpty || !anonymousChains.isEmpty {
      let resolver = AnonymousResolver(sets: anonymousSets, chains: anonymousChains, rules: rules)
      for chain in rules.keys where !anonymousChains.contains(chain) {
        guard var list = rules.removeValue(forKey: chain) else { continue }
        for index in list.indices { resolver.resolve(&list[index]) }
        rules[chain] = list
      }
    }
    table.chains = chains.filter { !$0.isAnonymous }.map { read in
      var chain = read.chain
      chain.rules = rules.removeValue(forKey: chain.name) ?? []
      return chain
    }
    table.noteUpdatedSets()
  }

  private mutating func dumpTable<Element>(
    _ type: nf_tables_msg_types, _ table: TableID, key: UInt32, to operation: String,
    _ decode: (Attributes) -> Element?
  ) throws(NetlinkError) -> [Element] {
    try dumpNftables(
      type, family: table.family.rawValue, to: "\(operation) of table \(table)", into: [Element](),
      filter: { $0.put(UInt16(key), table.name) }
    ) { (elements, _, attributes) throws(NetlinkError) in
      if let element = decode(attributes) { elements.append(element) }
    }
  }

  /// Rules by the name of their chain, in order.
  private mutating func readRules(of table: TableID) throws(NetlinkError) -> [String: [Rule]] {
    struct Collected {
      var rules: [String: [Rule]] = [:]
      var chain: [UInt8] = []
      var current: [Rule] = []

      mutating func add(_ rule: Rule, chain name: ReceivedBytes) {
        if !name.equals(chain) {
          flush()
          chain = Array(name)
        }
        current.append(rule)
      }

      mutating func flush() {
        guard !current.isEmpty else { return }
        rules[String(decoding: chain.prefix { $0 != 0 }, as: UTF8.self), default: []] += current
        current = []
      }
    }
    var collected = try dumpNftables(
      NFT_MSG_GETRULE, family: table.family.rawValue, to: "read the rules of table \(table)", into: Collected(),
      filter: { $0.text(NFTA_RULE_TABLE, table.name) }
    ) { (collected, _, attributes) throws(NetlinkError) in
      guard let chain = attributes.first(NFTA_RULE_CHAIN)?.payload else { return }
      collected.add(Rule(attributes), chain: chain)
    }
    collected.flush()
    return collected.rules
  }

  private mutating func readSets(of table: TableID) throws(NetlinkError) -> [SetDefinition] {
    let sets = try dumpNftables(
      NFT_MSG_GETSET, family: table.family.rawValue, to: "read the sets of table \(table)", into: [ReadSet](),
      filter: { $0.text(NFTA_SET_TABLE, table.name) }
    ) { (sets, family, attributes) throws(NetlinkError) in
      if let set = ReadSet(attributes, family: family) { sets.append(set) }
    }
    var complete: [SetDefinition] = []
    for var set in sets {
      set.definition.elements = try readElements(of: set)
      complete.append(set.definition)
    }
    return complete
  }

  private mutating func readElements(of set: ReadSet) throws(NetlinkError) -> [SetElement] {
    let definition = ElementSet(set.definition)
    let elements = try dumpNftables(
      NFT_MSG_GETSETELEM, family: set.table.family.rawValue,
      to: "read the elements of set \(set.table) \(set.definition.name)", into: [KernelElement](),
      filter: { writer in
        writer.text(NFTA_SET_ELEM_LIST_TABLE, set.table.name)
        writer.text(NFTA_SET_ELEM_LIST_SET, set.definition.name)
      }
    ) { (elements, _, attributes) throws(NetlinkError) in
      guard let list = attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS) else { return }
      for attribute in list { elements.append(KernelElement(attribute.nested, of: definition)) }
    }
    return set.definition.joined(elements)
  }
}

extension Table {
  /// A map's flags may not say that rules add to it.
  fileprivate mutating func noteUpdatedSets() {
    guard sets.contains(where: { $0.data != nil && !$0.gathersElements }) else { return }
    var updated: Swift.Set<String> = []
    for chain in chains {
      for rule in chain.rules { rule.collectUpdatedSets(into: &updated) }
    }
    for index in sets.indices where updated.contains(sets[index].name) { sets[index].isUpdatedByRules = true }
  }
}

extension Rule {
  init(_ attributes: Attributes) {
    self.init(
      expressions: attributes.nested(NFTA_RULE_EXPRESSIONS).map { ExpressionDecoder.list($0) } ?? [],
      comment: attributes.first(NFTA_RULE_USERDATA).flatMap { Userdata($0.payload).text(NFTNL_UDATA_RULE_COMMENT) },
      handle: attributes.long(NFTA_RULE_HANDLE))
  }
}

extension SetDefinition {
  /// The set's elements out of the kernel's.
  func joined(_ elements: [KernelElement]) -> [SetElement] {
    if elementForm == .split { return SetElement.joining(elements) }
    return elements.map { SetElement(key: $0.key, end: $0.keyEnd, details: $0.details) }
  }

  /// As a rule that it is bound to writes it: the name and the handle that the kernel gave it say nothing.
  var unnamed: SetDefinition {
    var set = self
    set.name = ""
    set.handle = nil
    return set
  }
}

/// Puts the sets and chains that have no name of their own into the rules that refer to them.
struct AnonymousResolver {
  var sets: [String: SetDefinition]
  var chains: Swift.Set<String>
  var rules: [String: [Rule]]

  func resolve(_ rule: inout Rule) {
    for index in rule.expressions.indices {
      switch rule.expressions[index] {
      case .lookup(.named(let name), let key, let to, let inverted):
        guard let set = sets[name] else { continue }
        rule.expressions[index] = .lookup(.anonymous(set), key: key, to: to, inverted: inverted)
      case .objectMap(.named(let name), let key):
        guard let set = sets[name] else { continue }
        rule.expressions[index] = .objectMap(.anonymous(set), key: key)
      case .verdict(.jump(.named(let name))) where chains.contains(name):
        rule.expressions[index] = .verdict(.jump(.anonymous(resolvedRules(of: name))))
      case .verdict(.goto(.named(let name))) where chains.contains(name):
        rule.expressions[index] = .verdict(.goto(.anonymous(resolvedRules(of: name))))
      default: continue
      }
    }
  }

  /// The kernel admits no loops of chains, so this ends.
  private func resolvedRules(of chain: String) -> [Rule] {
    (rules[chain] ?? []).map { rule in
      var rule = rule
      resolve(&rule)
      return rule
    }
  }
}
