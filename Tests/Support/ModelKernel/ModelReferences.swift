import Model

/// The names that rules and elements refer to.
struct ModelReferences {
  /// Named by a verdict, in a rule or in an anonymous set.
  private(set) var directChains: Swift.Set<String> = []
  /// Also through the named maps that rules look into.
  private(set) var chains: Swift.Set<String> = []
  private(set) var sets: Swift.Set<String> = []
  /// Kind's number, a space, the name.
  private(set) var objects: Swift.Set<String> = []
  private(set) var flowtables: Swift.Set<String> = []

  init() {}

  init(of rules: [Rule], in table: Table) {
    for rule in rules { add(rule) }
    chains = directChains
    for set in table.sets where sets.contains(set.name) {
      var inner = ModelReferences()
      inner.add(set.elements, of: set)
      chains.formUnion(inner.directChains)
    }
  }

  mutating func add(_ elements: [SetElement], of set: SetDefinition) {
    if set.data == nil { return }
    for element in elements {
      switch element.details?.data {
      case .verdict(let verdict): add(verdict)
      case .object(let name): if case .object(let kind) = set.data { objects.insert("\(kind.rawValue) \(name)") }
      case .value, nil: break
      }
    }
  }

  private mutating func add(_ rule: Rule) {
    for expression in rule.expressions {
      switch expression {
      case .verdict(let verdict): add(verdict)
      case .lookup(.named(let name), _, _, _), .objectMap(.named(let name), _), .dynamicSet(_, let name, _, _, _, _):
        sets.insert(name)
      case .lookup(.anonymous(let set), _, _, _), .objectMap(.anonymous(let set), _): add(set.elements, of: set)
      case .object(let kind, let name): objects.insert("\(kind.rawValue) \(name)")
      case .flowOffload(let name): flowtables.insert(name)
      default: break
      }
    }
  }

  private mutating func add(_ verdict: Verdict) {
    switch verdict {
    case .jump(.named(let name)), .goto(.named(let name)): directChains.insert(name)
    case .jump(.anonymous(let rules)), .goto(.anonymous(let rules)): for rule in rules { add(rule) }
    case .accept, .drop, .continue, .return: break
    }
  }
}
