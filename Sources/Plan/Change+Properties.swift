package import Model

extension Change {
  package var action: ChangeRecord.Action {
    switch self {
    case .addTable, .addChain, .addRule, .addSet, .addElements, .addObject, .addFlowtable, .addRoute, .addPolicyRule:
      .add
    case .removeTable, .removeChain, .removeRule, .removeSet, .removeElements, .removeObject, .removeFlowtable,
      .removeRoute, .removePolicyRule:
      .remove
    case .changeTable, .changePolicy, .changeObject, .replaceRoute: .change
    }
  }

  package var subject: ChangeRecord.Subject {
    switch self {
    case .addTable, .removeTable, .changeTable: .table
    case .addChain, .removeChain, .changePolicy: .chain
    case .addRule, .removeRule: .rule
    case .addSet, .removeSet: .set
    case .addElements, .removeElements: .elements
    case .addObject, .removeObject, .changeObject: .object
    case .addFlowtable, .removeFlowtable: .flowtable
    case .addRoute, .removeRoute, .replaceRoute: .route
    case .addPolicyRule, .removePolicyRule: .policyRule
    }
  }

  /// nil for routes and policy rules.
  package var tableID: TableID? {
    switch self {
    case .addTable(let table), .removeTable(let table), .changeTable(_, let table): table.id
    case .addChain(let id, _), .removeChain(let id, _), .changePolicy(let id, _, _, _), .addRule(let id, _, _, _),
      .removeRule(let id, _, _), .addSet(let id, _), .removeSet(let id, _), .addElements(let id, _, _),
      .removeElements(let id, _, _), .addObject(let id, _), .removeObject(let id, _), .changeObject(let id, _, _),
      .addFlowtable(let id, _), .removeFlowtable(let id, _):
      id
    case .addRoute, .removeRoute, .replaceRoute, .addPolicyRule, .removePolicyRule: nil
    }
  }

  /// The place in the spec that asks for it; nil where the spec says nothing any more.
  package var origin: SourceLocation? {
    switch self {
    case .addTable(let table), .changeTable(_, let table): table.origin
    case .addChain(_, let chain): chain.origin
    case .addRule(_, _, let rule, _): rule.origin
    case .addSet(_, let set), .addElements(_, let set, _): set.origin
    case .addObject(_, let object), .changeObject(_, _, let object): object.origin
    case .addFlowtable(_, let flowtable): flowtable.origin
    case .addRoute(let route), .replaceRoute(_, let route): route.origin
    case .addPolicyRule(let rule): rule.origin
    default: nil
    }
  }

  /// For a change of routes: what takes it back; nil for nftables, whose transaction takes itself back.
  package var inverse: Change? {
    switch self {
    case .addRoute(let route): .removeRoute(route)
    case .removeRoute(let route): .addRoute(route)
    case .replaceRoute(let from, let to): .replaceRoute(from: to, to: from)
    case .addPolicyRule(let rule): .removePolicyRule(rule)
    case .removePolicyRule(let rule): .addPolicyRule(rule)
    default: nil
    }
  }
}
