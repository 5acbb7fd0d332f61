import Model

/// Promise 10: nothing is not an order, and removing much asks for an explicit word.
///
/// What is replaced is not removed: of a table, a set or the routes only what goes beyond what comes counts. Rules,
/// elements and routes are counted apart, so that none hides among the others.
struct RemovalGuard {
  private let current: NetworkState
  private let options: PlanOptions

  init(current: NetworkState, options: PlanOptions) {
    self.current = current
    self.options = options
  }

  private var ownTables: [Table] { current.tables.filter { $0.isOwn && $0.id != Plan.recordTable } }

  func check(
    desired: NetworkState, tables: TablesDifference, routes: RoutesDifference, rules: PolicyRulesDifference
  ) throws(PlanError) {
    let ownedRoutes =
      current.routes.count { $0.routeProtocol == options.routeProtocol }
      + current.policyRules.count { $0.routeProtocol == options.routeProtocol }
    let ownedParts = ownTables.reduce(0) { $0 + $1.partCount }
    if options.removesEverything { return }
    if desired.tables.isEmpty, desired.routes.isEmpty, desired.policyRules.isEmpty, ownedParts + ownedRoutes > 0 {
      throw .empty(owned: ownedParts + ownedRoutes)
    }
    if options.allowsRemoval { return }
    let tallies = tables.tables.map { RemovalTally($0) }
    try check(
      "tables, chains, rules, sets and objects", removed: tallies.reduce(0) { $0 + $1.parts }, owned: ownedParts)
    try check(
      "set elements", removed: tallies.reduce(0) { $0 + $1.elements },
      owned: ownTables.reduce(0) { $0 + $1.elementCount })
    let additions =
      rules.additions.count + routes.additions.count { if case .replaceRoute = $0 { false } else { true } }
    try check(
      "routes and policy rules", removed: routes.removals.count + rules.removals.count - additions, owned: ownedRoutes)
  }

  private func check(_ kind: String, removed: Int, owned: Int) throws(PlanError) {
    guard removed > options.freeRemovals, removed * 100 > owned * options.removalShare else { return }
    throw .removesTooMuch(kind: kind, removed: removed, owned: owned, share: options.removalShare)
  }
}

extension Table {
  /// The table and what it holds but elements.
  fileprivate var partCount: Int {
    1 + chains.reduce(0) { $0 + 1 + $1.rules.count } + sets.count + objects.count + flowtables.count
  }

  /// Those that no packet or timer brought.
  fileprivate var elementCount: Int { sets.reduce(0) { $0 + ($1.gathersElements ? 0 : $1.elements.count) } }
}

/// How much less there is of one table afterwards.
private struct RemovalTally {
  private(set) var parts = 0
  private(set) var elements = 0

  init(_ table: TableDifference) {
    var balances: [String: Int] = [:]
    for change in table.changes { count(change, &balances) }
    parts = max(0, parts)
    elements = balances.values.reduce(0) { $0 + max(0, $1) }
  }

  private mutating func count(_ change: Change, _ elements: inout [String: Int]) {
    switch change {
    case .removeTable(let table) where table.isOwn:
      parts += table.partCount
      for set in table.sets where !set.gathersElements { elements[set.name, default: 0] += set.elements.count }
    case .removeChain, .removeRule, .removeObject, .removeFlowtable: parts += 1
    case .addTable, .addChain, .addRule, .addObject, .addFlowtable: parts -= 1
    case .removeSet(_, let set):
      parts += 1
      if !set.gathersElements { elements[set.name, default: 0] += set.elements.count }
    case .addSet(_, let set):
      parts -= 1
      elements[set.name, default: 0] -= set.elements.count
    case .removeElements(_, let set, let list) where !set.gathersElements:
      elements[set.name, default: 0] += list.count
    case .addElements(_, let set, let list): elements[set.name, default: 0] -= list.count
    default: break
    }
  }
}
