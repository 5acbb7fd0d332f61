package import Model

/// Routes are told apart by their key, and each is netbaton's own or another program's.
struct RoutesDifference {
  /// New routes and replaced ones; those on a link first, for gateways are reached through them.
  private(set) var additions: [Change] = []
  /// Those with a gateway first.
  private(set) var removals: [Change] = []

  init(current: [Route], desired: [Route], options: PlanOptions) throws(PlanError) {
    let there = RoutesByKey(current)
    try RoutesDifference.checkDistinct(desired)
    var isKept = [Bool](repeating: false, count: current.count)
    var throughGateways: [Change] = []
    for var route in desired {
      route.routeProtocol = options.routeProtocol
      let places = there.places(of: route.key)
      let own = places.filter { current[$0].routeProtocol == options.routeProtocol }
      if let same = own.first(where: { route.isMet(by: current[$0]) }) {
        isKept[same] = true
        continue
      }
      // A replacing message would take whichever the kernel finds first.
      if own.count < places.count, let foreign = places.first(where: { !own.contains($0) }) {
        throw .foreignRoute(current[foreign], wanted: route)
      }
      if let old = own.first { isKept[old] = true }
      let change = own.first.map { Change.replaceRoute(from: current[$0], to: route) } ?? .addRoute(route)
      if route.isOnLink { additions.append(change) } else { throughGateways.append(change) }
    }
    if additions.isEmpty { additions = throughGateways } else { additions += throughGateways }
    let gone = current.indices.filter { !isKept[$0] && current[$0].routeProtocol == options.routeProtocol }
    removals = gone.filter { !current[$0].isOnLink }.map { .removeRoute(current[$0]) }
    removals += gone.filter { current[$0].isOnLink }.map { .removeRoute(current[$0]) }
  }

  private static func checkDistinct(_ desired: [Route]) throws(PlanError) {
    if desired.ascends { return }
    var wanted: Swift.Set<RouteKey> = []
    wanted.reserveCapacity(desired.count)
    for route in desired where !wanted.insert(route.key).inserted {
      throw .routeTwice(route, other: desired.first { $0.key == route.key } ?? route)
    }
  }
}

/// Positions by key. IPv4 may have several routes of one key, by other programs' hands (`ip route append`), but hardly
/// ever does.
private struct RoutesByKey {
  private var first: [RouteKey: Int] = [:]
  private var others: [RouteKey: [Int]] = [:]

  init(_ routes: [Route]) {
    first.reserveCapacity(routes.count)
    for (index, route) in routes.enumerated() {
      if first[route.key] == nil { first[route.key] = index } else { others[route.key, default: []].append(index) }
    }
  }

  func places(of key: RouteKey) -> [Int] {
    guard let place = first[key] else { return [] }
    return others.isEmpty ? [place] : [place] + (others[key] ?? [])
  }
}

extension Route {
  /// Whether the kernel's `route` is what this one asks for. Next hops have no order; a device that was left to the
  /// kernel may be any; a route that drops has none that counts (IPv6 lists `lo`).
  package func isMet(by route: Route) -> Bool {
    guard key == route.key, type == route.type, routeProtocol == route.routeProtocol, source == route.source,
      mtu == route.mtu, advertisedMSS == route.advertisedMSS
    else { return false }
    if key.destination.address.family == .ipv4, scope != route.scope { return false }
    if type.isDropping { return true }
    guard nextHops.count == route.nextHops.count else { return false }
    if nextHops.count == 1, let hop = nextHops.first, let other = route.nextHops.first {
      return hop.isMet(by: other, alone: true)
    }
    var left = route.nextHops
    for hop in nextHops {
      guard let index = left.firstIndex(where: { hop.isMet(by: $0, alone: false) }) else { return false }
      left.remove(at: index)
    }
    return true
  }
}

extension NextHop {
  /// The weight of an only next hop means nothing, and the kernel does not keep it.
  fileprivate func isMet(by hop: NextHop, alone: Bool) -> Bool {
    gateway == hop.gateway && isOnLink == hop.isOnLink && (device == nil || device == hop.device)
      && (alone || weight == hop.weight)
  }
}

extension Route {
  /// Without a gateway.
  fileprivate var isOnLink: Bool { nextHops.allSatisfy { $0.gateway == nil } }
}
