import Model
import Plan

/// From what is there now back to what was there before, as far as some changes could have touched it.
///
/// It is worked out from two readings and not from the messages sent, for which of these took effect is not always
/// known.
struct RoutingUndo {
  private let before: RoutingPlaces
  private let changes: [Change]

  init(_ changes: [Change], before: RoutingState) {
    self.changes = changes
    self.before = RoutingPlaces(before, touchedBy: changes)
  }

  /// The last change is taken back first.
  func steps(from now: RoutingState) -> [RoutingStep] {
    let now = RoutingPlaces(now, touchedBy: changes)
    var steps: [RoutingStep] = []
    var done: Swift.Set<RoutingPlaces.Place> = []
    for (index, change) in changes.enumerated().reversed() {
      guard let place = RoutingPlaces.Place(change), done.insert(place).inserted else { continue }
      switch place {
      case .route(let key):
        steps += routeSteps(now.routes[key] ?? [], before.routes[key] ?? [], change: index)
      case .rule:
        let (there, wanted) = (now.rules[place] ?? [], before.rules[place] ?? [])
        let extra = there.filter { !wanted.contains($0) }
        let missing = wanted.filter { !there.contains($0) }
        steps += extra.map { RoutingStep(operation: .delete, subject: .rule($0), change: index) }
        steps += missing.map { RoutingStep(operation: .add, subject: .rule($0), change: index) }
      }
    }
    return steps
  }

  private func routeSteps(_ there: [Route], _ wanted: [Route], change: Int) -> [RoutingStep] {
    let extra = there.filter { !wanted.contains($0) }
    let missing = wanted.filter { !there.contains($0) }
    let isIPv6 = (extra.first ?? missing.first)?.key.destination.address.family == .ipv6
    if isIPv6, extra.count == 1, missing.count == 1 {
      return [RoutingStep(operation: .replace, subject: .route(missing[0]), change: change)]
    }
    let restored = missing.map {
      RoutingStep(operation: isIPv6 ? .add : .append, subject: .route($0), change: change)
    }
    let removed = extra.map { RoutingStep(operation: .delete, subject: .route($0), change: change) }
    return isIPv6 ? removed + restored : restored + removed
  }

  /// What is not as it was, in words; empty if all is.
  func leftovers(in now: RoutingState) -> [String] {
    let now = RoutingPlaces(now, touchedBy: changes)
    var texts: [String] = []
    for (key, wanted) in before.routes {
      texts += wanted.filter { now.routes[key]?.contains($0) != true }.map { "\($0) is missing" }
    }
    for (key, there) in now.routes {
      texts += there.filter { before.routes[key]?.contains($0) != true }.map { "\($0) is still there" }
    }
    for (place, wanted) in before.rules {
      texts += wanted.filter { now.rules[place]?.contains($0) != true }.map { "\($0) is missing" }
    }
    for (place, there) in now.rules {
      texts += there.filter { before.rules[place]?.contains($0) != true }.map { "\($0) is still there" }
    }
    return texts.sorted()
  }
}

/// The routes and rules that stand where some changes could have touched them.
private struct RoutingPlaces {
  enum Place: Hashable {
    case route(RouteKey)
    case rule(Family, priority: UInt32)

    init?(_ change: Change) {
      switch change {
      case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route): self = .route(route.key)
      case .addPolicyRule(let rule), .removePolicyRule(let rule): self = .rule(rule.family, priority: rule.priority)
      default: return nil
      }
    }
  }

  private(set) var routes: [RouteKey: [Route]] = [:]
  private(set) var rules: [Place: [PolicyRule]] = [:]

  init(_ state: RoutingState, touchedBy changes: [Change]) {
    let places = Swift.Set(changes.lazy.compactMap(Place.init))
    for route in state.routes where places.contains(.route(route.key)) { routes[route.key, default: []].append(route) }
    for rule in state.policyRules {
      let place = Place.rule(rule.family, priority: rule.priority)
      if places.contains(place) { rules[place, default: []].append(rule) }
    }
  }
}
