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
      for number in try protocols(of: change) {
        // Zero deletes whatever has the key, 1 to 4 are the kernel's and the administrator's own (RTPROT_STATIC).
        guard number > 4, number == found ?? number else {
          throw KernelError(
            .notWritable, "\(protocolPhrase(number)) does not mark what netbaton made", change: change)
        }
        found = number
      }
    }
    return found
  }

  private static func protocols(of change: Change) throws(KernelError) -> [UInt8] {
    switch change {
    case .addRoute(let route), .removeRoute(let route): [route.routeProtocol]
    case .replaceRoute(let old, let new): [old.routeProtocol, new.routeProtocol]
    case .addPolicyRule(let rule), .removePolicyRule(let rule): [rule.routeProtocol]
    default: throw KernelError(.notWritable, "this is no change of a route or policy rule", change: change)
    }
  }

  static func checkInterfaces(of changes: [Change], _ interfaces: Interfaces) throws(KernelError) {
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

  /// What is to be removed or replaced must be there as it was when the plan was made, and a rule that is to be added
  /// must not, for the kernel would take it twice.
  static func checkPresence(of changes: [Change], in state: RoutingState) throws(KernelError) {
    var routes: Swift.Set<Route>?
    for change in changes {
      switch change {
      case .removeRoute(let route), .replaceRoute(let route, _):
        let there = routes ?? Swift.Set(state.routes)
        routes = there
        guard there.contains(route) else { throw KernelError.gone(change) }
      case .removePolicyRule(let rule):
        guard state.policyRules.contains(rule) else { throw KernelError.gone(change) }
      case .addPolicyRule(let rule):
        guard !state.policyRules.contains(rule) else { throw KernelError.gone(change) }
      default: continue
      }
    }
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
      "\(route.phrase) is there already, made by \(protocolPhrase(route.routeProtocol)), and is left alone; "
        + "remove it, or give the spec's route another metric or table", change: change)
  }

  static func missing(_ interface: MissingInterface, _ change: Change) -> KernelError {
    KernelError(.refused(errno: ENODEV), "there is no interface \(interface.name)", change: change)
  }

  static func gone(_ change: Change) -> KernelError {
    let phrase =
      switch change {
      case .removeRoute(let route), .replaceRoute(let route, _), .addRoute(let route): route.phrase
      case .addPolicyRule(let rule), .removePolicyRule(let rule): rule.phrase
      default: "it"
      }
    return KernelError(
      .generationMoved, "\(phrase) is not what it was when the plan was made: read and plan anew", change: change)
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
