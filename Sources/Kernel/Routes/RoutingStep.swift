import CMnl
import Model
import Netlink
import Plan

/// One message that changes a route or a policy rule.
struct RoutingStep {
  enum Subject {
    case route(Route)
    case rule(PolicyRule)
  }

  enum Operation {
    /// A route: fails if anything with the same key is there, whoever made it. Rules have no key; with `NLM_F_EXCL` the
    /// kernel would refuse one that merely says less than another of its priority (`rule_exists` in
    /// net/core/fib_rules.c).
    case add
    /// Beside what is there with the same key, and asked after it.
    case append
    /// In place of what is there with the same key (IPv6, whose next hops would else be joined with the old ones).
    case replace
    case delete
  }

  var operation: Operation
  var subject: Subject
  /// The change, counted from 0, that it is for.
  var change: Int

  private var isRoute: Bool { if case .route = subject { true } else { false } }

  func encode(
    acknowledged: Bool, into writer: inout MessageWriter, _ interfaces: Interfaces
  ) throws(MissingInterface) {
    let flags: Int32
    switch operation {
    case .add: flags = isRoute ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE
    case .append: flags = NLM_F_CREATE | NLM_F_APPEND
    case .replace: flags = NLM_F_REPLACE
    case .delete: flags = 0
    }
    let all = flags | (acknowledged ? NLM_F_ACK : 0)
    let isDeletion = operation == .delete
    switch subject {
    case .route(let route):
      try route.encode(type: Int32(isDeletion ? RTM_DELROUTE : RTM_NEWROUTE), flags: all, into: &writer, interfaces)
    case .rule(let rule):
      rule.encode(type: Int32(isDeletion ? RTM_DELRULE : RTM_NEWRULE), flags: all, into: &writer)
    }
  }
}

extension RoutingStep {
  /// The messages that make the changes, in the changes' order.
  ///
  /// - Parameter rules: the own policy rules that are there, in the kernel's order.
  static func steps(for changes: [Change], rules: [PolicyRule]) -> [RoutingStep] {
    var rules = rules
    var steps: [RoutingStep] = []
    steps.reserveCapacity(changes.count)
    for (index, change) in changes.enumerated() {
      switch change {
      case .addRoute(let route): steps.append(RoutingStep(operation: .add, subject: .route(route), change: index))
      case .removeRoute(let route):
        steps.append(RoutingStep(operation: .delete, subject: .route(route), change: index))
      case .replaceRoute(let old, let new): steps += replacement(of: old, by: new, change: index)
      case .addPolicyRule(let rule):
        steps.append(RoutingStep(operation: .add, subject: .rule(rule), change: index))
        rules.append(rule)
      case .removePolicyRule(let rule): steps += removal(of: rule, from: &rules, change: index)
      default: break
      }
    }
    return steps
  }

  /// IPv4: the new route stands beside the old one before that goes, so that there is one at any time, and no other
  /// program's can be met: a replacing message takes the first route with the key, whoever made it
  /// (`fib_table_insert` in net/ipv4/fib_trie.c).
  private static func replacement(of old: Route, by new: Route, change: Int) -> [RoutingStep] {
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
  private static func removal(of rule: PolicyRule, from rules: inout [PolicyRule], change: Int) -> [RoutingStep] {
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
