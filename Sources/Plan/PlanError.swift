package import Model

/// Why there is no plan from one state to the other.
package enum PlanError: Error, Hashable, Sendable {
  /// The kernel has the table, and netbaton did not create it.
  case foreignTable(TableID, origin: SourceLocation?)
  /// `inet netbaton` keeps netbaton's own record.
  case reservedTable(TableID, origin: SourceLocation?)
  case tableTwice(TableID, origin: SourceLocation?, other: SourceLocation?)
  /// The kernel has a route of the same key that another program made.
  case foreignRoute(Route, wanted: Route)
  case routeTwice(Route, other: Route)
  /// The kernel has the same policy rule, made by another program.
  case foreignPolicyRule(PolicyRule, wanted: PolicyRule)
  case policyRuleTwice(PolicyRule, other: PolicyRule)
  /// Nothing is desired at all, and `owned` things are there.
  case empty(owned: Int)
  /// More than the share that may go without an explicit word. `kind` is what was counted.
  case removesTooMuch(kind: String, removed: Int, owned: Int, share: Int)
}

extension PlanError: LocatedError {
  package var diagnostic: Diagnostic? {
    origin.map { Diagnostic(.error, message, at: $0, hint: hint) }
  }

  /// Where a spec asks for what cannot be.
  private var origin: SourceLocation? {
    switch self {
    case .foreignTable(_, let origin), .reservedTable(_, let origin), .tableTwice(_, let origin, _): origin
    case .foreignRoute(_, let wanted): wanted.origin
    case .routeTwice(let route, _): route.origin
    case .foreignPolicyRule(_, let wanted): wanted.origin
    case .policyRuleTwice(let rule, _): rule.origin
    case .empty, .removesTooMuch: nil
    }
  }

  private var message: String {
    switch self {
    case .foreignTable(let id, _): "table \(id) is in the kernel already and netbaton did not create it"
    case .reservedTable(let id, _): "table \(id) keeps netbaton's own record"
    case .tableTwice(let id, _, _): "table \(id) is declared twice"
    case .foreignRoute(let route, let wanted):
      "another program's route stands in the way of `\(wanted)`: `\(route)`"
    case .routeTwice(let route, _): "a second route with the same destination, table and metric: `\(route)`"
    case .foreignPolicyRule(let rule, _): "another program made the same policy rule: `\(rule)`"
    case .policyRuleTwice(let rule, _): "the same policy rule twice: `\(rule)`"
    case .empty(let owned): "the spec says nothing for this node, and netbaton owns \(owned) things here"
    case .removesTooMuch(let kind, let removed, let owned, let share):
      "this would remove \(removed) of the \(owned) \(kind) that netbaton owns here, more than \(share) %"
    }
  }

  private var hint: String? {
    switch self {
    case .foreignTable: "name it in `adopt` to have it replaced, or call the spec's table something else"
    case .reservedTable: "call the spec's table something else"
    case .foreignRoute: "remove it or use another metric"
    case .foreignPolicyRule: "remove it or use another priority"
    case .tableTwice(_, _, let other): other.map { "the other is at \($0)" }
    case .routeTwice(_, let other): other.origin.map { "the other is at \($0)" }
    case .policyRuleTwice(_, let other): other.origin.map { "the other is at \($0)" }
    case .empty: "an empty spec removes nothing: `netbaton uninstall` does"
    case .removesTooMuch: "pass --allow-removal if that is meant"
    }
  }
}

extension PlanError: CustomStringConvertible {
  package var description: String {
    diagnostic?.line ?? [message, hint].compactMap(\.self).joined(separator: "; ")
  }
}
