package import Model

/// What the kernel told of rules as it removed them: what they had counted in the end.
package struct LastCounts: Sendable {
  private var rules: [TableID: [UInt64: Rule]] = [:]

  package init() {}

  package mutating func note(_ rule: Rule, in table: TableID) {
    if let handle = rule.handle { rules[table, default: [:]][handle] = rule }
  }

  /// The rule that had the handle; nil if nothing was told of it.
  package func rule(_ handle: UInt64?, in table: TableID) -> Rule? { handle.flatMap { rules[table]?[$0] } }

  /// Of how many rules that count and were removed nothing was told.
  package func untold(of changes: [Change]) -> Int {
    changes.count { change in
      guard case .removeRule(let table, _, let removed) = change else { return false }
      return removed.countsPackets && rule(removed.handle, in: table) == nil
    }
  }

  /// A table as it was when rules of it were removed, if it was `table` when it was read; nil if none has counted
  /// more since.
  func completing(_ table: Table) -> Table? {
    guard let last = rules[table.id] else { return nil }
    var complete = table
    var hasMore = false
    for chain in table.chains.indices {
      for (index, rule) in table.chains[chain].rules.enumerated() {
        guard let handle = rule.handle, let last = last[handle] else { continue }
        guard last.counted(since: rule).hasCountedPackets else { continue }
        complete.chains[chain].rules[index].takeCounts(of: last)
        hasMore = true
      }
    }
    return hasMore ? complete : nil
  }
}

/// A rule that goes on for others, and misses what these counted between the reading that it began with and the commit
/// that put it in their place.
package struct LateCount: Hashable, Sendable {
  package var table: TableID
  package var chain: String
  /// Among the chain's rules.
  package var index: Int
  /// The rule, with what it misses in place of what it has counted.
  package var missing: Rule
  /// What a rule's own chain without a name has counted is neither read nor told with the rule: made again, it would be
  /// lost.
  package var canBeAdded: Bool { !missing.hasOwnChain }

  package init(table: TableID, chain: String, index: Int, missing: Rule) {
    self.table = table
    self.chain = chain
    self.index = index
    self.missing = missing
  }
}

extension Trial {
  /// What rules miss after `promote`.
  /// - Parameters:
  ///   - tables: as they were when it was worked out.
  ///   - last: what it removed.
  package static func lateCounts(of tables: [Table], last: LastCounts) -> [LateCount] {
    tables.flatMap { table -> [LateCount] in
      guard let complete = last.completing(table) else { return [] }
      // A chain is as it was where nothing had been counted that would have to be added.
      let made = Dictionary((promoted(table) + table.chains).map { ($0.name, $0.rules) }) { first, _ in first }
      return promoted(complete).flatMap { chain in
        zip(chain.rules, made[chain.name] ?? []).enumerated().compactMap { index, rules in
          let missing = rules.0.counted(since: rules.1)
          return missing.hasCountedPackets
            ? LateCount(table: table.id, chain: chain.name, index: index, missing: missing) : nil
        }
      }
    }
  }

  /// The chains whose rules `promote` changes, as it leaves them.
  private static func promoted(_ table: Table) -> [Chain] {
    var removed: [String: Swift.Set<UInt64>] = [:]
    var added: [String: [UInt64?: [Rule]]] = [:]
    for change in promote([table]) {
      switch change {
      case .removeRule(_, let chain, let rule):
        if let handle = rule.handle { removed[chain, default: []].insert(handle) }
      case .addRule(_, let chain, let rule, let before): added[chain, default: [:]][before, default: []].append(rule)
      default: continue
      }
    }
    return table.chains.compactMap { chain in
      let removed = removed[chain.name] ?? []
      let added = added[chain.name] ?? [:]
      if removed.isEmpty, added.isEmpty { return nil }
      var chain = chain
      chain.rules = chain.rules.flatMap { rule in
        (added[rule.handle] ?? []) + (rule.handle.map(removed.contains) == true ? [] : [rule])
      }
      chain.rules += added[nil] ?? []
      return chain
    }
  }
}
