import Model

/// What a rule or an element can refer to by name, within its table.
package enum Reference: Hashable, Sendable {
  case chain(String)
  case set(String)
  /// The kernel looks objects up by kind and name.
  case object(kind: UInt32, name: String)
  case flowtable(String)
}

extension StatefulObject {
  var reference: Reference { .object(kind: body.kindNumber, name: name) }
}

extension StatefulObject.Body {
  var kindNumber: UInt32 {
    if case .unknown(let kind, _) = self { kind } else { kind?.rawValue ?? 0 }
  }
}

extension Rule {
  /// Also what its anonymous chains and sets refer to.
  func refers(to isWanted: (Reference) -> Bool) -> Bool {
    expressions.contains { $0.refers(to: isWanted) }
  }
}

extension Expression {
  func refers(to isWanted: (Reference) -> Bool) -> Bool {
    switch self {
    case .verdict(let verdict): verdict.refers(to: isWanted)
    case .lookup(let set, _, _, _), .objectMap(let set, _): set.refers(to: isWanted)
    case .dynamicSet(_, let set, _, _, _, let expressions):
      isWanted(.set(set)) || expressions.contains { $0.refers(to: isWanted) }
    case .object(let kind, let name): isWanted(.object(kind: kind.rawValue, name: name))
    case .flowOffload(let name): isWanted(.flowtable(name))
    default: false
    }
  }
}

extension Verdict {
  func refers(to isWanted: (Reference) -> Bool) -> Bool {
    switch self {
    case .jump(.named(let name)), .goto(.named(let name)): isWanted(.chain(name))
    case .jump(.anonymous(let rules)), .goto(.anonymous(let rules)): rules.contains { $0.refers(to: isWanted) }
    case .accept, .drop, .continue, .return: false
    }
  }
}

extension SetReference {
  func refers(to isWanted: (Reference) -> Bool) -> Bool {
    switch self {
    case .named(let name): isWanted(.set(name))
    case .anonymous(let set): set.refersFromElements && set.elements.contains { $0.refers(in: set, to: isWanted) }
    }
  }
}

extension SetDefinition {
  /// Whether elements can refer to anything: a plain set's million elements need no look.
  var refersFromElements: Bool {
    switch data {
    case .verdict, .object: true
    case .value, nil: false
    }
  }
}

extension SetElement {
  func refers(in set: SetDefinition, to isWanted: (Reference) -> Bool) -> Bool {
    switch details?.data {
    case .verdict(let verdict): return verdict.refers(to: isWanted)
    case .object(let name):
      guard case .object(let kind) = set.data else { return false }
      return isWanted(.object(kind: kind.rawValue, name: name))
    case .value, nil: return false
    }
  }
}
