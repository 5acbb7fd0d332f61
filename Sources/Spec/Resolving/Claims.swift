import Model

/// What a spec says alone: nobody else may say it for the same node.
struct Claims {
  /// What the kernel tells policy rules apart by, and what it does not do with two of.
  private struct PolicyClaim: Hashable {
    let rule: PolicyRule

    init(_ rule: PolicyRule) {
      var selector = rule
      selector.action = .nop
      selector.suppressedPrefixLength = nil
      self.rule = selector
    }
  }

  private var tables: [TableID: SourceLocation?] = [:]
  private var routes: [RouteKey: SourceLocation?] = [:]
  /// Those of the first spec, while no other one has any, if they cannot clash among themselves.
  private var firstRoutes: [Route] = []
  private var policyRules: [PolicyClaim: SourceLocation?] = [:]

  /// - Parameter context: what to add to a message: for which nodes both hold.
  mutating func add(_ state: NetworkState, context: String = "", into report: inout Report) {
    for table in state.tables {
      if let other = tables.updateValue(table.origin, forKey: table.id) {
        Claims.clash("table \(table.id)", at: table.origin, other, context, &report)
      }
    }
    add(state.routes, context, &report)
    for rule in state.policyRules {
      if let other = policyRules.updateValue(rule.origin, forKey: PolicyClaim(rule)) {
        Claims.clash("the policy rule `\(rule)`", at: rule.origin, other, context, &report)
      }
    }
  }

  private mutating func add(_ added: [Route], _ context: String, _ report: inout Report) {
    if added.isEmpty { return }
    if routes.isEmpty, firstRoutes.isEmpty, added.ascends {
      firstRoutes = added
      return
    }
    routes.reserveCapacity(firstRoutes.count + added.count)
    for route in firstRoutes { routes.updateValue(route.origin, forKey: route.key) }
    firstRoutes = []
    for route in added {
      if let other = routes.updateValue(route.origin, forKey: route.key) {
        let (key, table) = (route.key, RouteTable.name(route.key.table))
        let text = "the route to \(key.destination) in table \(table) with metric \(key.metric)"
        Claims.clash(text, at: route.origin, other, context, &report)
      }
    }
  }

  private static func clash(
    _ subject: String, at place: SourceLocation?, _ other: SourceLocation?, _ context: String, _ report: inout Report
  ) {
    report.add(
      Diagnostic(
        .error, "\(subject) is claimed twice\(context)", at: place ?? SourceLocation(file: "spec"),
        hint: other.map { "the other is at \($0)" }))
  }
}
