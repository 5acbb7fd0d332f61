import Model
import Plan

/// A transaction under way: the tables as the next generation would see them.
struct ModelBatch {
  typealias Reason = ModelKernelError.Reason

  var tables: [Table]
  var lastHandle: UInt64
  /// Tables whose flags this transaction changed: no base chain may follow.
  var changedTables: Swift.Set<TableID> = []

  mutating func apply(_ change: Change) throws(Reason) {
    switch change {
    case .addTable(let table):
      if tables.contains(where: { $0.id == table.id }) { throw .exists }
      tables.append(Table(id: table.id, flags: table.flags, comment: table.comment, isOwn: table.isOwn))
    case .removeTable(let table): tables.remove(at: try index(of: table.id))
    case .changeTable(_, let to):
      tables[try index(of: to.id)].flags = to.flags
      changedTables.insert(to.id)
    case .addChain, .removeChain, .changePolicy, .addRule, .removeRule: try applyToChains(change)
    case .addSet, .removeSet, .addElements, .removeElements: try applyToSets(change)
    case .addObject, .removeObject, .changeObject, .addFlowtable, .removeFlowtable: try applyToObjects(change)
    case .addRoute, .removeRoute, .replaceRoute, .addPolicyRule, .removePolicyRule: throw .notSupported
    }
  }

  /// The kernel looks for circles once the whole batch is there (`nft_table_validate`).
  func validate() throws(Reason) {
    for table in tables {
      var jumps: [String: Swift.Set<String>] = [:]
      for chain in table.chains {
        jumps[chain.name] = ModelReferences(of: chain.rules, in: table).chains
      }
      var done: Swift.Set<String> = []
      for chain in table.chains where hasCircle(from: chain.name, jumps, path: [], &done) { throw .loop }
    }
  }

  private func hasCircle(
    from chain: String, _ jumps: [String: Swift.Set<String>], path: [String], _ done: inout Swift.Set<String>
  ) -> Bool {
    if path.contains(chain) { return true }
    if done.contains(chain) { return false }
    for next in jumps[chain] ?? [] where hasCircle(from: next, jumps, path: path + [chain], &done) { return true }
    done.insert(chain)
    return false
  }

  func index(of id: TableID) throws(Reason) -> Int {
    guard let index = tables.firstIndex(where: { $0.id == id }) else { throw .noEntry }
    return index
  }

  mutating func newHandle() -> UInt64 {
    lastHandle += 1
    return lastHandle
  }

  /// Everything the table's rules and elements refer to.
  func references(in table: Int) -> ModelReferences {
    var all = ModelReferences(of: tables[table].chains.flatMap(\.rules), in: tables[table])
    for set in tables[table].sets { all.add(set.elements, of: set) }
    return all
  }

  /// Refuses what names something that is not there, and jumps to base chains.
  func check(_ references: ModelReferences, in table: Int) throws(Reason) {
    let table = tables[table]
    for name in references.directChains {
      guard let chain = table.chains.first(where: { $0.name == name }) else { throw .noEntry }
      if chain.base != nil { throw .notSupported }
    }
    let sets = Swift.Set(table.sets.map(\.name))
    let objects = Swift.Set(table.objects.map { "\($0.body.kind?.rawValue ?? 0) \($0.name)" })
    let flowtables = Swift.Set(table.flowtables.map(\.name))
    guard references.sets.isSubset(of: sets), references.objects.isSubset(of: objects),
      references.flowtables.isSubset(of: flowtables)
    else { throw .noEntry }
  }
}
