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

extension PlanError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .foreignTable(let id, let origin):
      """
      \(place(origin))table \(id) is in the kernel already and netbaton did not create it; name it in `adopt` to have \
      it replaced, or call the spec's table something else
      """
    case .reservedTable(let id, let origin):
      "\(place(origin))table \(id) keeps netbaton's own record; call the spec's table something else"
    case .tableTwice(let id, let origin, let other):
      "\(place(origin))table \(id) is declared twice\(also(other))"
    case .foreignRoute(let route, let wanted):
      "\(place(wanted.origin))another program's route stands in the way of `\(wanted)`: `\(route)`; remove it or use another metric"
    case .routeTwice(let route, let other):
      "\(place(route.origin))a second route with the same destination, table and metric: `\(route)`\(also(other.origin))"
    case .foreignPolicyRule(let rule, let wanted):
      "\(place(wanted.origin))another program made the same policy rule: `\(rule)`; remove it or use another priority"
    case .policyRuleTwice(let rule, let other):
      "\(place(rule.origin))the same policy rule twice: `\(rule)`\(also(other.origin))"
    case .empty(let owned):
      """
      the spec says nothing for this node, and netbaton owns \(owned) things here; an empty spec removes nothing: \
      `netbaton uninstall` does
      """
    case .removesTooMuch(let kind, let removed, let owned, let share):
      """
      this would remove \(removed) of the \(owned) \(kind) that netbaton owns here, more than \(share) %; \
      pass --allow-removal if that is meant
      """
    }
  }

  private func place(_ origin: SourceLocation?) -> String { origin.map { "\($0): " } ?? "" }
  private func also(_ origin: SourceLocation?) -> String { origin.map { "; the other is at \($0)" } ?? "" }
}
