/// Which nodes a spec is for: Kubernetes' label selector, and `Gt` and `Lt` of its node affinity.
package struct NodeSelector: Hashable, Sendable {
  package struct Requirement: Hashable, Sendable {
    package enum Operator: String, Hashable, Sendable, CaseIterable {
      case `in` = "In"
      case notIn = "NotIn"
      case exists = "Exists"
      case doesNotExist = "DoesNotExist"
      case greater = "Gt"
      case less = "Lt"
    }

    var key: String
    var op: Operator
    var values: [String]

    /// - Parameter value: the node's label; nil if it has none of this key.
    func matches(_ value: String?) -> Bool {
      switch op {
      case .in: value.map(values.contains) ?? false
      // As in Kubernetes, a node without the label is not in any set of values.
      case .notIn: value.map { !values.contains($0) } ?? true
      case .exists: value != nil
      case .doesNotExist: value == nil
      case .greater: compare(value) { $0 > $1 }
      case .less: compare(value) { $0 < $1 }
      }
    }

    private func compare(_ value: String?, _ holds: (Int64, Int64) -> Bool) -> Bool {
      guard let value = value.flatMap({ Int64($0) }), let bound = values.first.flatMap({ Int64($0) }) else {
        return false
      }
      return holds(value, bound)
    }
  }

  /// All must hold; none is needed for "every node".
  var requirements: [Requirement] = []

  package func matches(_ labels: [String: String]) -> Bool {
    requirements.allSatisfy { $0.matches(labels[$0.key]) }
  }

  /// Labels of a node that both select, the fewest that are needed; nil if there can be none.
  ///
  /// Labels are free of each other, so that each key can be settled by itself: the candidates are no label, the
  /// values that are named, the numbers beside the bounds, and one that nobody names.
  func commonLabels(with other: NodeSelector) -> [String: String]? {
    let byKey = Dictionary(grouping: requirements + other.requirements, by: \.key)
    var labels: [String: String] = [:]
    for (key, requirements) in byKey {
      let holds = { (value: String?) in requirements.allSatisfy { $0.matches(value) } }
      if holds(nil) { continue }
      let named = requirements.flatMap(\.values)
      let numbers = named.compactMap { Int64($0) }
        .flatMap { [$0.addingReportingOverflow(1).partialValue, $0.subtractingReportingOverflow(1).partialValue] }
      let candidates = ["any"] + named + numbers.map(String.init)
      guard let value = candidates.first(where: { holds($0) }) else { return nil }
      labels[key] = value
    }
    return labels
  }
}
