import CMnl
import Model
import Netlink
import Plan

/// What is looked at before anything is sent.
enum RoutingGuards {
  static let exists: Int32 = EEXIST
  static let noEntry: Int32 = ENOENT
  static let noSuchRoute: Int32 = ESRCH

  /// Whose routes and rules the changes are about.
  /// - Returns: nil if there are no changes.
  static func routeProtocol(of changes: [Change]) throws(KernelError) -> UInt8? {
    var found: UInt8?
    for change in changes {
      let (number, other) = try protocols(of: change)
      try check(number, same: found, change)
      try check(other, same: number, change)
      found = number
    }
    return found
  }

  /// Of what goes and of what comes.
  private static func protocols(of change: Change) throws(KernelError) -> (UInt8, UInt8) {
    switch change {
    case .addRoute(let route), .removeRoute(let route): (route.routeProtocol, route.routeProtocol)
    case .replaceRoute(let old, let new): (old.routeProtocol, new.routeProtocol)
    case .addPolicyRule(let rule), .removePolicyRule(let rule): (rule.routeProtocol, rule.routeProtocol)
    default: throw KernelError(.notWritable, "this is no change of a route or policy rule", change: change)
    }
  }

  /// Zero deletes whatever has the key, 1 to 4 are the kernel's and the administrator's own (RTPROT_STATIC).
  private static func check(_ number: UInt8, same other: UInt8?, _ change: Change) throws(KernelError) {
    guard number > 4, number == other ?? number else {
      throw KernelError(
        .notWritable, "protocol \(RouteProtocol.name(number)) does not mark what netbaton made", change: change)
    }
  }

  static func checkInterfaces(of changes: [Change], _ interfaces: inout Interfaces) throws(KernelError) {
    for change in changes {
      let hops: [NextHop]
      switch change {
      case .addRoute(let route), .replaceRoute(_, let route): hops = route.nextHops
      default: continue
      }
      for hop in hops {
        guard let device = hop.device, interfaces.index(of: device) == nil else { continue }
        throw KernelError.missing(MissingInterface(name: device), change)
      }
    }
  }

  /// The changes with what is to be removed or replaced as the kernel lists it: a change may name it as a spec does,
  /// with the device left to the kernel.
  ///
  /// What is to be removed or replaced must be there as it was when the plan was made, and a rule that is to be added
  /// must not, for the kernel would take it twice; unless it is removed too, and only comes to stand elsewhere.
  static func resolve(_ changes: [Change], in state: RoutingState) throws(KernelError) -> [Change] {
    let rules = Swift.Set(state.policyRules)
    let moved = Swift.Set(
      changes.lazy.compactMap { if case .removePolicyRule(let rule) = $0 { rule.asListed } else { nil } })
    var routes: [RouteKey: [Route]]?
    var resolved = changes
    for (index, change) in changes.enumerated() {
      switch change {
      case .removeRoute(let route), .replaceRoute(let route, _):
        let there = routes ?? Dictionary(grouping: state.routes, by: \.key)
        routes = there
        let candidates = there[route.key] ?? []
        guard let found = candidates.first(where: { $0 == route }) ?? candidates.first(where: { route.isMet(by: $0) })
        else { throw KernelError.gone(change) }
        resolved[index] =
          if case .replaceRoute(_, let new) = change { .replaceRoute(from: found, to: new) } else {
            .removeRoute(found)
          }
      case .removePolicyRule(let rule):
        guard rules.contains(rule.asListed) else { throw KernelError.gone(change) }
        resolved[index] = .removePolicyRule(rule.asListed)
      case .addPolicyRule(let rule):
        let listed = rule.asListed
        guard !rules.contains(listed) || moved.contains(listed) else { throw KernelError.gone(change) }
        resolved[index] = .addPolicyRule(listed)
      default: break
      }
    }
    return resolved
  }
}

extension PolicyRule {
  /// In the form in which the kernel's rules are read: nothing that says no more than its absence.
  fileprivate var asListed: PolicyRule {
    var rule = self
    if from?.isDefault == true { rule.from = nil }
    if to?.isDefault == true { rule.to = nil }
    if mark != nil ? markMask == .max : markMask == 0 { rule.markMask = nil }
    return rule
  }
}

extension RouteFilter {
  init(isIPv6: Bool, table: UInt32) {
    self.init(families: [isIPv6 ? AF_INET6 : AF_INET], table: table)
  }
}

extension KernelError {
  static func foreign(_ route: Route, _ change: Change) -> KernelError {
    KernelError(
      .foreign,
      "another program's route is there already and is left alone: \(route); "
        + "remove it, or give the spec's route another metric or table", change: change)
  }

  static func missing(_ interface: MissingInterface, _ change: Change) -> KernelError {
    KernelError(.refused(errno: ENODEV), "there is no interface \(interface.name)", change: change)
  }

  static func gone(_ change: Change) -> KernelError {
    let subject =
      switch change {
      case .removeRoute(let route), .replaceRoute(let route, _), .addRoute(let route): "route \(route)"
      case .addPolicyRule(let rule), .removePolicyRule(let rule): "rule \(rule)"
      default: "it"
      }
    return KernelError(
      .generationMoved, "\(subject) is not what it was when the plan was made: read and plan anew", change: change)
  }

  /// The same, with what could not be taken back.
  func left(_ leftovers: [String]) -> KernelError {
    var error = self
    error.cause = .unknownOutcome
    let shown = leftovers.prefix(10).joined(separator: "; ")
    let more = leftovers.count > 10 ? "; and \(leftovers.count - 10) more" : ""
    error.message += "; not all could be taken back: \(shown)\(more)"
    return error
  }
}
