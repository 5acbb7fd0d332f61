import Model

private enum SelectorKey: String, CaseIterable { case matchLabels, matchExpressions }
private enum RequirementKey: String, CaseIterable { case key, `operator`, values }

private let selectorKeys = KeyTable<SelectorKey>("nodeSelector")
private let requirementKeys = KeyTable<RequirementKey>("a match expression")

extension SpecDecoder {
  mutating func selector(_ node: Int) -> NodeSelector {
    var selector = NodeSelector()
    fields(of: node, selectorKeys) { decoder, key, value in
      switch key {
      case .matchLabels:
        decoder.entries(of: value, "matchLabels") { decoder, key, value in
          guard let label = decoder.labelValue(value) else { return }
          selector.requirements.append(.init(key: decoder.tree.string(key), op: .in, values: [label]))
        }
      case .matchExpressions:
        decoder.items(of: value, "matchExpressions") { decoder, item in
          if let requirement = decoder.requirement(item) { selector.requirements.append(requirement) }
        }
      }
    }
    return selector
  }

  /// A label's value may be empty; a bare number or `true` is no text in Kubernetes either.
  private mutating func labelValue(_ node: Int) -> String? {
    if tree.kind(node) == .quoted, tree.bytes(node).isEmpty { return "" }
    return text(node, "a label's value")
  }

  private mutating func requirement(_ node: Int) -> NodeSelector.Requirement? {
    var key: String?
    var op: NodeSelector.Requirement.Operator?
    var isOperatorGiven = false
    var values: [String] = []
    fields(of: node, requirementKeys) { decoder, field, value in
      switch field {
      case .key: key = decoder.text(value, "key")
      case .operator:
        isOperatorGiven = true
        let word = decoder.tree.isScalar(value) ? decoder.tree.string(value) : ""
        op = NodeSelector.Requirement.Operator(rawValue: word)
        if op == nil {
          let known = NodeSelector.Requirement.Operator.allCases.map(\.rawValue)
          decoder.mismatch(
            value, "operator", expected: "one of \(known.joined(separator: ", "))",
            hint: Suggestion.nearest(to: word, among: known).map { "did you mean \"\($0)\"?" })
        }
      case .values:
        decoder.items(of: value, "values") { decoder, item in
          if let label = decoder.labelValue(item) { values.append(label) }
        }
      }
    }
    guard tree.kind(node) == .mapping else { return nil }
    if key == nil { error("a match expression needs a key", at: node) }
    if !isOperatorGiven { error("a match expression needs an operator", at: node) }
    guard let key, let op else { return nil }
    return check(NodeSelector.Requirement(key: key, op: op, values: values), at: node)
  }

  private mutating func check(_ requirement: NodeSelector.Requirement, at node: Int) -> NodeSelector.Requirement? {
    let op = requirement.op.rawValue
    switch requirement.op {
    case .in, .notIn:
      if requirement.values.isEmpty { error("\(op) needs values", at: node) }
    case .exists, .doesNotExist:
      if !requirement.values.isEmpty { error("\(op) takes no values", at: node) }
    case .greater, .less:
      if requirement.values.count != 1 || Int64(requirement.values[0]) == nil {
        error("\(op) needs one value, a whole number in quotes", at: node)
      }
    }
    return requirement
  }
}
