import Model

/// How much a plan does. An element counts like a rule; what goes and comes back equal, or under the same name, is
/// one change.
package struct PlanSummary: Codable, Hashable, Sendable {
  package private(set) var add = 0
  package private(set) var remove = 0
  package private(set) var change = 0

  package init(_ plan: Plan) {
    var gone: [Identity: Int] = [:]
    for step in [plan.routesBefore, plan.nftables, plan.routesAfter].joined() {
      let count = step.count
      switch step.action {
      case .change: change += 1
      case .remove:
        remove += count
        if let identity = Identity(step) { gone[identity, default: 0] += count }
      case .add:
        guard !gone.isEmpty, let identity = Identity(step), let left = gone[identity], left >= count else {
          add += count
          continue
        }
        gone[identity] = left - count
        remove -= count
        change += count
      }
    }
  }

  /// What makes two changes the two halves of one.
  private enum Identity: Hashable {
    case table(TableID)
    case rule(TableID, chain: String, Rule)
    case part(TableID, Reference)

    init?(_ change: Change) {
      switch change {
      case .addTable(let table), .removeTable(let table): self = .table(table.id)
      case .addRule(let id, let chain, let rule, _), .removeRule(let id, let chain, let rule):
        self = .rule(id, chain: chain, rule)
      case .addChain(let id, let chain), .removeChain(let id, let chain): self = .part(id, .chain(chain.name))
      case .addSet(let id, let set), .removeSet(let id, let set): self = .part(id, .set(set.name))
      case .addObject(let id, let object), .removeObject(let id, let object): self = .part(id, object.reference)
      case .addFlowtable(let id, let table), .removeFlowtable(let id, let table):
        self = .part(id, .flowtable(table.name))
      default: return nil
      }
    }
  }
}

extension PlanSummary: CustomStringConvertible {
  package var description: String { "\(add) to add, \(remove) to remove, \(change) to change" }
}

extension Change {
  fileprivate var count: Int {
    switch self {
    case .addElements(_, _, let elements), .removeElements(_, _, let elements): elements.count
    default: 1
    }
  }
}
