import Model
import Plan

/// The messages that make some changes, in the changes' order. Each is made when it is asked for: there may be a
/// hundred thousand of them.
struct RoutingSteps: Sequence, IteratorProtocol {
  private let changes: [Change]
  /// The own policy rules that are there by now, in the kernel's order.
  private var rules: [PolicyRule]
  /// The change, counted from 0, that comes next.
  private var index = 0
  /// What is left to do for the change before, the next step last.
  private var waiting: [RoutingStep] = []

  /// - Parameter rules: those that are there before the first change.
  init(for changes: [Change], rules: [PolicyRule]) {
    self.changes = changes
    self.rules = rules
  }

  mutating func next() -> RoutingStep? {
    while waiting.isEmpty, index < changes.count {
      let change = index
      index += 1
      switch changes[change] {
      case .addRoute(let route): return RoutingStep(operation: .add, subject: .route(route), change: change)
      case .removeRoute(let route): return RoutingStep(operation: .delete, subject: .route(route), change: change)
      case .replaceRoute(let old, let new): waiting = replacement(of: old, by: new, change: change).reversed()
      case .addPolicyRule(let rule):
        rules.append(rule)
        return RoutingStep(operation: .add, subject: .rule(rule), change: change)
      case .removePolicyRule(let rule): waiting = removal(of: rule, change: change).reversed()
      default: break
      }
    }
    return waiting.popLast()
  }

  /// IPv4: the new route stands beside the old one before that goes, so that there is one at any time, and no other
  /// program's can be met: a replacing message takes the first route with the key, whoever made it
  /// (`fib_table_insert` in net/ipv4/fib_trie.c).
  private func replacement(of old: Route, by new: Route, change: Int) -> [RoutingStep] {
    if new.key.destination.address.family == .ipv6 {
      return [RoutingStep(operation: .replace, subject: .route(new), change: change)]
    }
    return [
      RoutingStep(operation: .append, subject: .route(new), change: change),
      RoutingStep(operation: .delete, subject: .route(old), change: change),
    ]
  }

  /// The kernel deletes the first rule that has all that the message says, and more (`rule_find` in
  /// net/core/fib_rules.c). Own rules that it would meet before this one stand aside for the moment.
  private mutating func removal(of rule: PolicyRule, change: Int) -> [RoutingStep] {
    let place = rules.firstIndex(of: rule) ?? rules.endIndex
    let before = rules[..<place].filter { rule.deletes($0) }
    rules.removeAll { $0 == rule }
    let aside = before.map { RoutingStep(operation: .delete, subject: .rule($0), change: change) }
    let back = before.map { RoutingStep(operation: .add, subject: .rule($0), change: change) }
    return aside + [RoutingStep(operation: .delete, subject: .rule(rule), change: change)] + back
  }
}

extension PolicyRule {
  /// Whether a message that deletes this rule would take `other` too: what a rule leaves open, the kernel does not
  /// compare, nor ever whether it is inverted.
  func deletes(_ other: PolicyRule) -> Bool {
    func agrees<Value: Equatable>(_ value: Value?, _ other: Value?) -> Bool { value == nil || value == other }
    guard family == other.family, priority == other.priority, routeProtocol == other.routeProtocol,
      action == other.action, agrees(from, other.from), agrees(to, other.to)
    else { return false }
    return agrees(incomingInterface, other.incomingInterface) && agrees(outgoingInterface, other.outgoingInterface)
      && agrees(mark, other.mark) && agrees(markMask, other.markMask)
      && (typeOfService == 0 || typeOfService == other.typeOfService) && agrees(ipProtocol, other.ipProtocol)
      && agrees(sourcePorts, other.sourcePorts) && agrees(destinationPorts, other.destinationPorts)
      && agrees(userIDs, other.userIDs) && agrees(suppressedPrefixLength, other.suppressedPrefixLength)
  }
}
