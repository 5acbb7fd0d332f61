/// The tables, routes and policy rules that a node has, or should have.
package struct NetworkState: Hashable, Sendable {
  package var tables: [Table]
  package var routes: [Route]
  package var policyRules: [PolicyRule]

  package init(tables: [Table] = [], routes: [Route] = [], policyRules: [PolicyRule] = []) {
    self.tables = tables
    self.routes = routes
    self.policyRules = policyRules
  }
}
