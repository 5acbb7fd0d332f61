package import Model

/// What rules have counted, beside what they do.
extension Rule {
  /// Whether it has a counter or a quota of its own, whatever that has counted.
  package var countsPackets: Bool {
    expressions.contains { expression in
      switch expression {
      case .counter, .quota: true
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.contains(where: \.countsPackets)
      default: false
      }
    }
  }

  /// Whether its counters or quotas have met a packet.
  package var hasCountedPackets: Bool {
    expressions.contains { expression in
      switch expression {
      case .counter(let packets, _): packets > 0
      case .quota(_, let consumed, _): consumed > 0
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.contains(where: \.hasCountedPackets)
      default: false
      }
    }
  }

  /// The sum of its counters.
  package var countedPackets: UInt64 {
    expressions.reduce(0) { sum, expression in
      switch expression {
      case .counter(let packets, _): sum &+ packets
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.reduce(sum) { $0 &+ $1.countedPackets }
      default: sum
      }
    }
  }

  /// Whether it leads to a chain that has no name.
  var hasOwnChain: Bool {
    expressions.contains { expression in
      switch expression {
      case .verdict(.jump(.anonymous)), .verdict(.goto(.anonymous)): true
      default: false
      }
    }
  }

  /// Whether packets have met it, as far as it tells.
  var hasCounted: Bool {
    hasCountedPackets || expressions.contains { if case .last(_?) = $0 { true } else { false } }
  }

  /// - Parameter other: an equal rule.
  package mutating func addCounts(of other: Rule) { combineCounts(with: other) { $0 &+ $1 } }

  /// Its counts become those of an equal rule.
  package mutating func takeCounts(of other: Rule) { combineCounts(with: other) { $1 } }

  /// The same rule, with nothing but what it has counted since it was as `earlier`.
  package func counted(since earlier: Rule) -> Rule {
    var rule = self
    rule.combineCounts(with: earlier) { $0 > $1 ? $0 - $1 : 0 }
    return rule
  }

  fileprivate mutating func combineCounts(with other: Rule, _ operation: (UInt64, UInt64) -> UInt64) {
    for (index, other) in zip(expressions.indices, other.expressions) {
      expressions[index].combineCounts(with: other, operation)
    }
  }
}

extension Expression {
  fileprivate mutating func combineCounts(with other: Expression, _ operation: (UInt64, UInt64) -> UInt64) {
    switch (self, other) {
    case (.counter(let packets, let bytes), .counter(let otherPackets, let otherBytes)):
      self = .counter(packets: operation(packets, otherPackets), bytes: operation(bytes, otherBytes))
    case (.quota(let bytes, let consumed, let inverted), .quota(_, let otherConsumed, _)):
      self = .quota(bytes: bytes, consumed: operation(consumed, otherConsumed), inverted: inverted)
    case (.last, .last(let milliseconds?)): self = .last(milliseconds: milliseconds)
    case (.verdict(.jump(.anonymous(let rules))), .verdict(.jump(.anonymous(let others)))):
      self = .verdict(.jump(.anonymous(rules.combiningCounts(with: others, operation))))
    case (.verdict(.goto(.anonymous(let rules))), .verdict(.goto(.anonymous(let others)))):
      self = .verdict(.goto(.anonymous(rules.combiningCounts(with: others, operation))))
    default: break
    }
  }
}

extension [Rule] {
  fileprivate func combiningCounts(with others: [Rule], _ operation: (UInt64, UInt64) -> UInt64) -> [Rule] {
    var rules = self
    for (index, other) in zip(indices, others) { rules[index].combineCounts(with: other, operation) }
    return rules
  }
}
