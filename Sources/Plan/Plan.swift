package import Model

/// The ordered way from what the kernel has to what the spec wants.
///
/// The firewall is one transaction; routes go before it or after it. A change of the firewall that only lets more
/// through comes first (open, then change routes); every other one comes last (change routes, then close). One
/// transaction that both opens and closes has no place that suits every flow; it comes last too, because routes can
/// fail one by one and are undone by themselves, while nothing of the firewall has happened yet.
package struct Plan: Hashable, Sendable {
  /// Routes and policy rules to change while the old firewall stands.
  package var routesBefore: [Change]
  /// One transaction.
  package var nftables: [Change]
  /// Routes and policy rules to change once the new firewall stands.
  package var routesAfter: [Change]

  package init(routesBefore: [Change] = [], nftables: [Change] = [], routesAfter: [Change] = []) {
    self.routesBefore = routesBefore
    self.nftables = nftables
    self.routesAfter = routesAfter
  }

  /// netbaton's own record, which no plan touches.
  package static let recordTable = TableID(.inet, "netbaton")

  /// - Parameters:
  ///   - current: what the kernel has, with handles. Of tables that are neither own nor desired only the name counts.
  ///   - desired: what one node should have, with the places where it was written.
  package init(
    current: NetworkState, desired: NetworkState, options: PlanOptions = PlanOptions()
  ) throws(PlanError) {
    let tables = try TablesDifference(current: current.tables, desired: desired.tables, options: options)
    let routes = try RoutesDifference(current: current.routes, desired: desired.routes, options: options)
    let rules = try PolicyRulesDifference(current: current.policyRules, desired: desired.policyRules, options: options)
    try RemovalGuard(current: current, options: options).check(
      desired: desired, tables: tables, routes: routes, rules: rules)
    self.init()
    nftables = tables.changes
    // A policy rule comes after the routes of its table and goes before them.
    let rest = rules.additions + rules.removals + routes.removals
    let routing = rest.isEmpty ? routes.additions : routes.additions + rest
    if FirewallDirection(of: tables, desired: desired.tables).onlyLoosens {
      routesAfter = routing
    } else {
      routesBefore = routing
    }
  }

  package var isEmpty: Bool { routesBefore.isEmpty && nftables.isEmpty && routesAfter.isEmpty }

  package var changeCount: Int { routesBefore.count + nftables.count + routesAfter.count }

  /// Of routes and policy rules, in the order in which they take effect.
  package var routes: [Change] { routesBefore + routesAfter }

  /// All changes in the order in which they take effect.
  package var changes: [Change] { routesBefore + nftables + routesAfter }
}
