import Model

/// Routes are told apart by their key, and each is netbaton's own or another program's.
struct RoutesDifference {
  /// New routes and replaced ones; those on a link first, for gateways are reached through them.
  private(set) var additions: [Change] = []
  /// Those with a gateway first.
  private(set) var removals: [Change] = []

  init(current: [Route], desired: [Route], options: PlanOptions) throws(PlanError) {
    var there: [RouteKey: [Route]] = [:]
    for route in current { there[route.key, default: []].append(route) }
    var wanted: [RouteKey: Route] = [:]
    wanted.reserveCapacity(desired.count)
    for var route in desired {
      route.routeProtocol = options.routeProtocol
      if let other = wanted.updateValue(route, forKey: route.key) { throw .routeTwice(route, other: other) }
      if let change = try RoutesDifference.change(of: there[route.key] ?? [], to: route) { additions.append(change) }
    }
    for route in current where route.routeProtocol == options.routeProtocol {
      let own = there[route.key]?.filter { $0.routeProtocol == options.routeProtocol } ?? []
      // Of several own routes with one key, the one that is wanted stays, or the first is replaced.
      let stays = wanted[route.key].map { want in own.first { want.isMet(by: $0) } ?? own.first }
      if stays.flatMap({ $0 }) != route { removals.append(.removeRoute(route)) }
    }
    additions = additions.filter(\.isOnLink) + additions.filter { !$0.isOnLink }
    removals = removals.filter { !$0.isOnLink } + removals.filter(\.isOnLink)
  }

  /// - Parameter there: the kernel's routes with the key, own and foreign.
  private static func change(of there: [Route], to wanted: Route) throws(PlanError) -> Change? {
    let own = there.filter { $0.routeProtocol == wanted.routeProtocol }
    if own.contains(where: wanted.isMet) { return nil }
    // A replacing message would take whichever the kernel finds first.
    if let foreign = there.first(where: { $0.routeProtocol != wanted.routeProtocol }) {
      throw .foreignRoute(foreign, wanted: wanted)
    }
    return own.first.map { .replaceRoute(from: $0, to: wanted) } ?? .addRoute(wanted)
  }
}

extension Route {
  /// Whether the kernel's `route` is what this one asks for. Next hops have no order; a device that was left to the
  /// kernel may be any; a route that drops has none that counts (IPv6 lists `lo`).
  func isMet(by route: Route) -> Bool {
    guard key == route.key, type == route.type, routeProtocol == route.routeProtocol, source == route.source,
      mtu == route.mtu, advertisedMSS == route.advertisedMSS
    else { return false }
    if key.destination.address.family == .ipv4, scope != route.scope { return false }
    if [.blackhole, .unreachable, .prohibit, .throw].contains(type) { return true }
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

extension Change {
  /// A route without a gateway.
  fileprivate var isOnLink: Bool {
    switch self {
    case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route):
      route.nextHops.allSatisfy { $0.gateway == nil }
    default: false
    }
  }
}
