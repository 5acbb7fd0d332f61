import Model
import Plan

extension ModelBatch {
  mutating func applyToChains(_ change: Change) throws(Reason) {
    switch change {
    case .addChain(let id, let chain): try add(chain, to: try index(of: id))
    case .removeChain(let id, let chain): try remove(chain, from: try index(of: id))
    case .changePolicy(let id, let name, _, let policy):
      let table = try index(of: id)
      let place = try chainIndex(name, in: table)
      guard tables[table].chains[place].base != nil else { throw .notSupported }
      tables[table].chains[place].base?.policy = policy
    case .addRule(let id, let chain, let rule, let before):
      let table = try index(of: id)
      try add(rule, to: try chainIndex(chain, in: table), in: table, before: before)
    case .removeRule(let id, let chain, let rule):
      let table = try index(of: id)
      let place = try chainIndex(chain, in: table)
      guard let handle = rule.handle,
        let old = tables[table].chains[place].rules.firstIndex(where: { $0.handle == handle })
      else { throw .noEntry }
      tables[table].chains[place].rules.remove(at: old)
    default: throw .notSupported
    }
  }

  private func chainIndex(_ name: String, in table: Int) throws(Reason) -> Int {
    guard let index = tables[table].chains.firstIndex(where: { $0.name == name }) else { throw .noEntry }
    return index
  }

  private mutating func add(_ chain: Chain, to table: Int) throws(Reason) {
    if tables[table].chains.contains(where: { $0.name == chain.name }) { throw .exists }
    // `nf_tables_addchain`: not after the table's flags were changed.
    if chain.base != nil, changedTables.contains(tables[table].id) { throw .invalid }
    tables[table].chains.append(
      Chain(name: chain.name, base: chain.base, comment: chain.comment, handle: newHandle()))
  }

  private mutating func remove(_ chain: Chain, from table: Int) throws(Reason) {
    let place = try chainIndex(chain.name, in: table)
    guard tables[table].chains[place].rules.isEmpty else { throw .busy }
    if references(in: table).directChains.contains(chain.name) { throw .busy }
    tables[table].chains.remove(at: place)
  }

  private mutating func add(_ rule: Rule, to chain: Int, in table: Int, before: UInt64?) throws(Reason) {
    try check(ModelReferences(of: [rule], in: Table(id: tables[table].id)), in: table)
    var rule = rule
    rule.handle = newHandle()
    rule.origin = nil
    guard let before else {
      tables[table].chains[chain].rules.append(rule)
      return
    }
    guard let place = tables[table].chains[chain].rules.firstIndex(where: { $0.handle == before }) else {
      throw .noEntry
    }
    tables[table].chains[chain].rules.insert(rule, at: place)
  }
}
