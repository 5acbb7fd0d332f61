import Model

/// Rules and elements that refer to other chains, sets and objects than they did.
struct Renaming {
  /// nil for what keeps its name.
  let name: (Reference) -> String?

  func rule(_ rule: Rule) -> Rule {
    guard rule.refers(to: { name($0) != nil }) else { return rule }
    var rule = rule
    rule.expressions = rule.expressions.map(expression)
    return rule
  }

  /// With its elements; its own name stays.
  func set(_ set: SetDefinition) -> SetDefinition {
    guard set.refersFromElements else { return set }
    var set = set
    set.elements = set.elements.map { element($0, of: set.data) }
    return set
  }

  private func expression(_ expression: Expression) -> Expression {
    switch expression {
    case .verdict(let verdict): return .verdict(self.verdict(verdict))
    case .lookup(let set, let key, let data, let inverted):
      return .lookup(reference(set), key: key, to: data, inverted: inverted)
    case .objectMap(let set, let key): return .objectMap(reference(set), key: key)
    case .dynamicSet(let operation, let set, let key, let data, let timeout, let expressions):
      return .dynamicSet(
        operation, set: name(.set(set)) ?? set, key: key, data: data, timeout: timeout,
        expressions: expressions.map(self.expression))
    case .object(let kind, let object):
      return .object(kind, name: name(.object(kind: kind.rawValue, name: object)) ?? object)
    default: return expression
    }
  }

  private func verdict(_ verdict: Verdict) -> Verdict {
    switch verdict {
    case .jump(let chain): .jump(reference(chain))
    case .goto(let chain): .goto(reference(chain))
    case .accept, .drop, .continue, .return: verdict
    }
  }

  private func reference(_ chain: ChainReference) -> ChainReference {
    switch chain {
    case .named(let chain): .named(name(.chain(chain)) ?? chain)
    case .anonymous(let rules): .anonymous(rules.map(rule))
    }
  }

  private func reference(_ set: SetReference) -> SetReference {
    switch set {
    case .named(let set): .named(name(.set(set)) ?? set)
    case .anonymous(let set): .anonymous(self.set(set))
    }
  }

  private func element(_ element: SetElement, of data: MapData?) -> SetElement {
    guard let details = element.details else { return element }
    let renamed: ElementData
    switch (details.data, data) {
    case (.verdict(let verdict), _): renamed = .verdict(self.verdict(verdict))
    case (.object(let object), .object(let kind)):
      renamed = .object(name: name(.object(kind: kind.rawValue, name: object)) ?? object)
    default: return element
    }
    guard renamed != details.data else { return element }
    return SetElement(
      key: element.key, end: element.end,
      details: SetElementDetails(
        data: renamed, timeout: details.timeout, expiration: details.expiration, expressions: details.expressions,
        comment: details.comment, isCatchAll: details.isCatchAll))
  }
}
