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

  /// Whether all interfaces that it names are there.
  func isPossible(with interfaces: inout Interfaces) -> Bool {
    guard case .route(let route) = subject else { return true }
    return route.nextHops.allSatisfy { hop in hop.device.map { interfaces.index(of: $0) != nil } ?? true }
  }

  func encode(
    acknowledged: Bool, into writer: inout MessageWriter, _ interfaces: inout Interfaces
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
    case .route(var route):
      if isDeletion, route.isListedWhole { route.nextHops = [] }
      try route.encode(type: Int32(isDeletion ? RTM_DELROUTE : RTM_NEWROUTE), flags: all, into: &writer, &interfaces)
    case .rule(let rule):
      rule.encode(type: Int32(isDeletion ? RTM_DELRULE : RTM_NEWRULE), flags: all, into: &writer)
    }
  }
}

extension Route {
  /// Whether the kernel lists as one route what may be several programs': it joins the next hop of another one, which
  /// was appended to the same IPv6 key, with those that are there, and lists all under the first one's protocol.
  /// Deleted by its next hops, such a route would lose the own ones and fail on the other
  /// (`ip6_route_multipath_del` in net/ipv6/route.c); without them, all go at once, as all do when it is replaced.
  fileprivate var isListedWhole: Bool { key.destination.address.family == .ipv6 && nextHops.count > 1 }
}
