import Model
import Plan

/// From what is there now back to what was there before, as far as some changes could have touched it.
///
/// It is worked out from two readings and not from the messages sent, for which of these took effect is not always
/// known.
struct RoutingUndo {
  /// In the order in which they are taken back; nil for all that is there or was.
  private let places: [RoutingPlaces.Place]?
  private let touched: Swift.Set<RoutingPlaces.Place>?
  private var before: RoutingPlaces
  /// The interfaces by which `before` names them.
  private var interfaces: Interfaces

  /// The last change is taken back first.
  init(_ changes: [Change], before: RoutingState) {
    self.init(places: RoutingPlaces.Place.inUndoOrder(changes), before: before, interfaces: Interfaces())
  }

  init(places: [RoutingPlaces.Place]?, before: RoutingState, interfaces: Interfaces) {
    self.places = places
    touched = places.map { Swift.Set($0) }
    self.before = RoutingPlaces(before, at: touched)
    self.interfaces = interfaces
  }

  /// An interface that was renamed meanwhile is named as it is now; one that was made anew goes by its name.
  mutating func rename(by now: inout Interfaces) {
    var names: [String: String] = [:]
    for device in before.devices where now.index(of: device) == nil {
      names[device] = interfaces.index(of: device).flatMap { now.name(of: $0) }
    }
    if !names.isEmpty { before.rename { names[$0] ?? $0 } }
  }

  func steps(from now: RoutingState) -> [RoutingStep] {
    let now = RoutingPlaces(now, at: touched)
    let order = places ?? now.inRestoringOrder(to: before)
    return order.enumerated().flatMap { index, place -> [RoutingStep] in
      switch place {
      case .route(let key): return routeSteps(now.routes[key] ?? [], before.routes[key] ?? [], change: index)
      case .rule:
        let move = PolicyRulesMove(from: now.rules[place] ?? [], to: before.rules[place] ?? [])
        return move.steps { _ in index }
      }
    }
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
    let now = RoutingPlaces(now, at: touched)
    var texts: [String] = []
    for (key, wanted) in before.routes {
      texts += wanted.filter { now.routes[key]?.contains($0) != true }.map { "\($0) is missing" }
    }
    for (key, there) in now.routes {
      texts += there.filter { before.routes[key]?.contains($0) != true }.map { "\($0) is still there" }
    }
    for place in Swift.Set(before.rules.keys).union(now.rules.keys) {
      texts += leftovers(now.rules[place] ?? [], before.rules[place] ?? [], at: place)
    }
    return texts.sorted()
  }

  private func leftovers(_ there: [PolicyRule], _ wanted: [PolicyRule], at place: RoutingPlaces.Place) -> [String] {
    let texts =
      wanted.filter { !there.contains($0) }.map { "\($0) is missing" }
      + there.filter { !wanted.contains($0) }.map { "\($0) is still there" }
    if texts.isEmpty, there != wanted, case .rule(let family, let priority) = place {
      return ["the \(family == .ipv6 ? "IPv6" : "IPv4") policy rules of priority \(priority) are in another order"]
    }
    return texts
  }
}

/// The routes and rules that stand at some places, or at all.
struct RoutingPlaces {
  enum Place: Hashable {
    case route(RouteKey)
    case rule(Family, priority: UInt32)

    init?(_ change: Change) {
      switch change {
      case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route): self = .route(route.key)
      case .addPolicyRule(let rule), .removePolicyRule(let rule): self.init(rule)
      default: return nil
      }
    }

    init(_ rule: PolicyRule) { self = .rule(rule.family, priority: rule.priority) }

    /// The places of changes, those of the last change first.
    static func inUndoOrder(_ changes: [Change]) -> [Place] {
      var seen: Swift.Set<Place> = []
      return changes.reversed().compactMap { change in
        Place(change).flatMap { seen.insert($0).inserted ? $0 : nil }
      }
    }
  }

  private(set) var routes: [RouteKey: [Route]] = [:]
  private(set) var rules: [Place: [PolicyRule]] = [:]

  /// - Parameter places: nil for all.
  init(_ state: RoutingState, at places: Swift.Set<Place>?) {
    for route in state.routes where places?.contains(.route(route.key)) ?? true {
      routes[route.key, default: []].append(route)
    }
    for rule in state.policyRules {
      let place = Place(rule)
      if places?.contains(place) ?? true { rules[place, default: []].append(rule) }
    }
  }

  var devices: Swift.Set<String> {
    var devices: Swift.Set<String> = []
    for list in routes.values {
      for route in list { devices.formUnion(route.nextHops.lazy.compactMap(\.device)) }
    }
    return devices
  }

  mutating func rename(_ name: (String) -> String) {
    for (key, list) in routes where list.contains(where: { $0.nextHops.contains { $0.device != nil } }) {
      routes[key] = list.map { route in
        var route = route
        for index in route.nextHops.indices { route.nextHops[index].device = route.nextHops[index].device.map(name) }
        return route
      }
    }
  }

  /// The places that differ, so that there is a way at any time: first come the routes that others may lead over, then
  /// those, then the rules, and last what only has to go.
  func inRestoringOrder(to before: RoutingPlaces) -> [Place] {
    var direct: [Place] = []
    var indirect: [Place] = []
    for (key, wanted) in before.routes where wanted != routes[key] {
      let isDirect = wanted.allSatisfy { $0.nextHops.allSatisfy { $0.gateway == nil } }
      if isDirect { direct.append(.route(key)) } else { indirect.append(.route(key)) }
    }
    let changed = before.rules.filter { $0.value != rules[$0.key] }.map(\.key)
    let extraRules = rules.keys.filter { before.rules[$0] == nil }
    let extraRoutes = routes.keys.filter { before.routes[$0] == nil }.map { Place.route($0) }
    return direct + indirect + changed + extraRules + extraRoutes
  }
}
