import Model

/// The way from the own policy rules of one family and priority to others, in the order in which the kernel asks them.
///
/// The kernel puts a new rule after all of its priority, and deletes the first one that has all that the message says,
/// and more (`fib_newrule` and `rule_find` in net/core/fib_rules.c). So what stays is what the wanted ones begin with;
/// the rest of them is added first, and what goes is deleted from the front on, so that the first that a message meets
/// is the one that is meant. A rule that stays in spite of its standing before one whose deletion would take it does
/// not: it is made anew, with all after it.
struct PolicyRulesMove {
  /// In this order, before anything is deleted: some rule is there at any time.
  let additions: ArraySlice<PolicyRule>
  /// In this order.
  let deletions: [PolicyRule]

  /// - Parameters:
  ///   - there: the own rules of one family and priority, in the kernel's order, as it lists them.
  ///   - wanted: the same, as they should be.
  init(from there: [PolicyRule], to wanted: [PolicyRule]) {
    var kept: [Int] = []
    var gone: [Int] = []
    for (index, rule) in there.enumerated() {
      if kept.count < wanted.count, rule == wanted[kept.count] { kept.append(index) } else { gone.append(index) }
    }
    var next = 0
    while next < gone.count {
      let index = gone[next]
      if let first = kept.firstIndex(where: { $0 < index && there[index].deletes(there[$0]) }) {
        gone += kept[first...]
        kept.removeSubrange(first...)
      }
      next += 1
    }
    additions = wanted[kept.count...]
    deletions = gone.sorted().map { there[$0] }
  }

  /// - Parameter change: the change that a rule is added or deleted for.
  func steps(change: (PolicyRule) -> Int) -> [RoutingStep] {
    additions.map { RoutingStep(operation: .add, subject: .rule($0), change: change($0)) }
      + deletions.map { RoutingStep(operation: .delete, subject: .rule($0), change: change($0)) }
  }
}

extension PolicyRule {
  /// Whether a message that deletes this rule would take `other` too: what a rule leaves open, the kernel does not
  /// compare, nor ever whether it is inverted or where a `goto` leads.
  func deletes(_ other: PolicyRule) -> Bool {
    func agrees<Value: Equatable>(_ value: Value?, _ other: Value?) -> Bool { value == nil || value == other }
    guard family == other.family, priority == other.priority, routeProtocol == other.routeProtocol,
      action.deletes(other.action), agrees(from, other.from), agrees(to, other.to)
    else { return false }
    return agrees(incomingInterface, other.incomingInterface) && agrees(outgoingInterface, other.outgoingInterface)
      && agrees(mark, other.mark) && agrees(wholeMask, other.wholeMask)
      && (typeOfService == 0 || typeOfService == other.typeOfService) && agrees(ipProtocol, other.ipProtocol)
      && agrees(sourcePorts, other.sourcePorts) && agrees(destinationPorts, other.destinationPorts)
      && agrees(userIDs, other.userIDs) && agrees(suppressedPrefixLength, other.suppressedPrefixLength)
  }

  /// The kernel fills in a mark's mask before it looks.
  private var wholeMask: UInt32? { markMask ?? (mark == nil ? nil : .max) }
}

extension PolicyAction {
  fileprivate func deletes(_ other: PolicyAction) -> Bool {
    if case .goto = self, case .goto = other { true } else { self == other }
  }
}
