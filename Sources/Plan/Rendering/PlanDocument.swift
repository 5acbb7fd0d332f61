import FoundationEssentials
package import Model
package import RuleLanguage

/// A plan as one JSON document: `-o json`.
///
/// ```json
/// { "apiVersion": "netbaton.dev/v1alpha1", "kind": "Plan",
///   "summary": { "add": 1, "remove": 0, "change": 0 },
///   "steps": [ { "step": "nftables", "changes": [ { "action": "add", "subject": "rule", … } ] } ] }
/// ```
/// Steps stand in the order in which they take effect; one that has no changes is left out.
package struct PlanDocument: Codable, Hashable, Sendable {
  package enum StepName: String, Codable, Hashable, Sendable {
    case routesBefore, nftables, routesAfter
  }

  package struct Step: Codable, Hashable, Sendable {
    package var step: StepName
    package var changes: [ChangeRecord]
  }

  package var apiVersion = "netbaton.dev/v1alpha1"
  package var kind = "Plan"
  package var summary: PlanSummary
  package var steps: [Step]
  /// Only in a dry run.
  package var trial: TrialForecast?

  /// - Parameters:
  ///   - current: the state that the plan begins with, for the sets that rules name.
  ///   - desired: the state that it leads to.
  ///   - names: for interfaces; their numbers are printed where it is nil.
  package init(
    _ plan: Plan, current: NetworkState, desired: NetworkState, names: (any NameResolver)? = nil
  ) {
    let wording = Wording(current: current, desired: desired, names: names)
    let all: [(StepName, [Change])] = [
      (.routesBefore, plan.routesBefore), (.nftables, plan.nftables), (.routesAfter, plan.routesAfter),
    ]
    summary = PlanSummary(plan)
    steps = all.filter { !$0.1.isEmpty }.map { name, changes in
      Step(step: name, changes: changes.map { ChangeRecord($0, wording: wording) })
    }
  }

  /// Indented, keys in alphabetical order, without a line feed at the end.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
