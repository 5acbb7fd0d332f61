import Model

/// Large sets on trial: not copied, but overlaid with two small ones, of the elements that come and of those that go.
///
/// Each new rule that looks into such a set stands twice: once for what the set has and the second one has not, and once
/// for the elements that come. No packet meets both.
struct TrialOverlays {
  /// By the set's name, what it gains and loses.
  private(set) var differences: [String: ElementsDifference] = [:]

  init() {}

  /// - Parameters:
  ///   - differences: of sets that are large; those whose rules cannot stand twice are left out.
  ///   - table: the new one.
  init(_ differences: [String: ElementsDifference], in table: Table) {
    guard !differences.isEmpty else { return }
    self.differences = differences
    let rules = table.chains.flatMap(\.rules)
    let writes = rules.contains(where: \.writesPackets)
    for rule in rules {
      let names = rule.sets(in: differences)
      if names.isEmpty || names.count == 1 && rule.canStandTwice(for: names, isAlone: !writes) { continue }
      for name in names { self.differences[name] = nil }
    }
  }

  func sets(of set: SetDefinition, _ names: TrialNames) -> [SetDefinition] {
    guard let difference = differences[set.name] else { return [] }
    return [(names.added(to: set.name), difference.added), (names.removed(from: set.name), difference.removed)].map {
      var overlay = set
      overlay.name = $0
      overlay.size = nil
      overlay.handle = nil
      overlay.elements = $1
      return overlay
    }
  }

  /// A rule of the new generation as it stands on trial.
  func rules(for rule: Rule, _ names: TrialNames) -> [Rule] {
    for (index, expression) in rule.expressions.enumerated() {
      guard case .lookup(.named(let name), let key, nil, let inverted) = expression, differences[name] != nil else {
        continue
      }
      let isAdded = Expression.lookup(.named(names.added(to: name)), key: key, to: nil, inverted: inverted)
      let isRemoved = Expression.lookup(.named(names.removed(from: name)), key: key, to: nil, inverted: !inverted)
      var first = rule
      var second = rule
      first.expressions[index...index] = inverted ? [expression, isAdded] : [expression, isRemoved]
      second.expressions[index...index] = inverted ? [isRemoved, isAdded] : [isAdded]
      return [first, second]
    }
    return [rule]
  }

  // MARK: Back again

  /// The rules that `rules` stands for. What both of a pair have counted is counted by the one.
  /// - Parameter overlays: the names of sets that are overlaid.
  static func joined(_ rules: [Rule], overlays: Swift.Set<String>, _ names: TrialNames) -> [Rule] {
    guard !overlays.isEmpty else { return rules }
    let parts = Swift.Set(overlays.flatMap { [names.added(to: $0), names.removed(from: $0)] })
    var joined: [Rule] = []
    for var rule in rules {
      var place: Int?
      var isSecond = false
      for (index, expression) in rule.expressions.enumerated().reversed() {
        guard case .lookup(.named(let name), _, nil, let inverted) = expression, parts.contains(name) else { continue }
        rule.expressions.remove(at: index)
        place = index
        if !inverted { isSecond = true }
      }
      guard isSecond, let place, let lookup = joined.last?.expressions.dropFirst(place).first else {
        joined.append(rule)
        continue
      }
      // It is the first's but for the lookup into the set itself.
      rule.expressions.insert(lookup, at: place)
      joined[joined.count - 1].addCounts(of: rule)
    }
    return joined
  }

  /// What the set will hold.
  static func elements(of set: SetDefinition, added: [SetElement], removed: [SetElement]) -> [SetElement] {
    let gone = ElementIndex(removed)
    var elements = set.elements.filter { gone.position(of: $0) == nil } + added
    if set.flags.contains(.interval) { elements.sort { $0.key < $1.key } }
    return elements
  }
}

extension TrialNames {
  func added(to set: String) -> String { prefix + set + "_add" }
  func removed(from set: String) -> String { prefix + set + "_del" }
}

extension SetDefinition {
  /// Whether elements are all that tells it from `new`, and nothing hangs on them.
  func canBeOverlaid(to new: SetDefinition) -> Bool {
    canBecome(new) && data == nil && !gathersElements && !new.gathersElements && expressions.isEmpty
      && !flags.contains(.constant)
  }
}

extension Rule {
  fileprivate func sets(in names: [String: ElementsDifference]) -> Swift.Set<String> {
    var found: Swift.Set<String> = []
    _ = refers { reference in
      if case .set(let name) = reference, names[name] != nil { found.insert(name) }
      return false
    }
    return found
  }

  /// Whether this rule may stand twice, each for a part of a set: it looks into the set once and does nothing before,
  /// and what it does afterwards keeps no count of its own.
  /// - Parameter isAlone: whether nothing that it leads to changes the packet before the second one sees it.
  fileprivate func canStandTwice(for names: Swift.Set<String>, isAlone: Bool) -> Bool {
    let places = expressions.indices.filter { index in
      if case .lookup(.named(let name), _, nil, _) = expressions[index] { names.contains(name) } else { false }
    }
    let others = expressions.filter { expression in
      expression.refers { if case .set(let name) = $0 { names.contains(name) } else { false } }
    }
    guard let place = places.first, places.count == 1, others.count == 1 else { return false }
    return expressions[..<place].allSatisfy(\.onlyLooks) && !expressions[place...].contains(where: \.countsForItself)
      && (isAlone || isFinal)
  }

  private var isFinal: Bool {
    switch expressions.last {
    case .verdict(.accept), .verdict(.drop), .verdict(.return), .verdict(.goto), .reject: true
    default: false
    }
  }

  fileprivate var writesPackets: Bool {
    expressions.contains { expression in
      switch expression {
      case .payloadSet, .metaSet, .conntrackSet, .extensionHeaderSet, .extensionHeaderReset, .unknown: true
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.contains(where: \.writesPackets)
      default: false
      }
    }
  }
}

extension Expression {
  fileprivate var onlyLooks: Bool {
    switch self {
    case .immediate, .compare, .range, .bitwise, .shift, .bitwiseRegisters, .byteOrder, .payload, .meta, .conntrack,
      .extensionHeader, .routing, .fib, .socket, .xfrm, .tunnel, .osFingerprint:
      true
    case .lookup(_, _, let data, _): data != .verdict
    default: false
    }
  }

  fileprivate var countsForItself: Bool {
    switch self {
    case .limit, .quota, .connectionLimit, .last, .numberGenerator, .unknown, .verdict(.jump(.anonymous)),
      .verdict(.goto(.anonymous)):
      true
    default: false
    }
  }
}
