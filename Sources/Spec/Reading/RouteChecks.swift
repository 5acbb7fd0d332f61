import Model

/// From a route as written to the route as the kernel gives it back: what is left out gets the kernel's own default,
/// so that the two compare equal.
extension SpecDecoder {
  mutating func route(_ draft: RouteDraft) -> Route? {
    guard let destination = draft.destination else {
      error("a route needs \"to\"", at: draft.node)
      return nil
    }
    let type = draft.type?.value ?? .unicast
    guard let prefix = routePrefix(destination, draft), checkHops(draft, type),
      checkFamily(draft, prefix.address.family)
    else { return nil }
    let isIPv6 = prefix.address.family == .ipv6
    let key = RouteKey(
      destination: prefix, table: draft.table?.number ?? (type == .local ? 255 : 254),
      // IP6_RT_PRIO_USER of linux/ipv6_route.h
      metric: isIPv6 && draft.metric == 0 ? 1024 : draft.metric, typeOfService: draft.typeOfService?.value ?? 0)
    return Route(
      key: key, type: type, scope: isIPv6 ? 0 : draft.scope?.value ?? SpecDecoder.scope(type, draft),
      source: draft.source?.value, nextHops: nextHops(of: draft),
      mtu: draft.mtu?.value, advertisedMSS: draft.advertisedMSS, origin: tree.location(draft.node))
  }

  /// Routes that stand together mostly share their next hops; then there is one copy of these in memory.
  private mutating func nextHops(of draft: RouteDraft) -> [NextHop] {
    if let list = draft.nextHops {
      lastNextHops = list.value.map(\.nextHop)
    } else if !draft.hop.isGiven {
      lastNextHops = []
    } else {
      let hop = draft.hop.nextHop
      if lastNextHops.count != 1 || lastNextHops[0] != hop { lastNextHops = [hop] }
    }
    return lastNextHops
  }

  /// What ip(8) sends when no scope is given.
  private static func scope(_ type: RouteType, _ draft: RouteDraft) -> UInt8 {
    switch type {
    case .local: 254
    case .unicast where draft.nextHops == nil && draft.hop.gateway == nil: 253
    default: 0
    }
  }

  private mutating func routePrefix(
    _ destination: (value: RouteDraft.Destination, node: Int), _ draft: RouteDraft
  ) -> IPPrefix? {
    switch destination.value {
    case .prefix(let prefix): return prefix
    case .any:
      let hops = [draft.hop] + (draft.nextHops?.value ?? [])
      guard let address = draft.source?.value ?? hops.lazy.compactMap(\.gateway?.value).first else {
        error("of which family is this default route?", at: destination.node, hint: "write 0.0.0.0/0 or ::/0")
        return nil
      }
      return IPPrefix(address, length: 0)
    }
  }

  private mutating func checkHops(_ draft: RouteDraft, _ type: RouteType) -> Bool {
    if let list = draft.nextHops, draft.hop.isGiven {
      error(
        "a route has either nexthops or a next hop of its own", at: list.node, hint: "move via and dev into the list")
      return false
    }
    if type.isDropping {
      guard let hop = draft.nextHops?.value.first ?? (draft.hop.isGiven ? draft.hop : nil) else { return true }
      error(
        "a \(type.keyword) route has no next hop", at: hop.gateway?.node ?? hop.node, hint: "leave via and dev away")
      return false
    }
    if let list = draft.nextHops, !list.value.isEmpty { return list.value.allSatisfy { checkHop($0, type) } }
    guard draft.hop.isGiven else {
      error("this route needs via or dev", at: draft.node, hint: "or a type that needs none, such as blackhole")
      return false
    }
    return checkHop(draft.hop, type)
  }

  private mutating func checkHop(_ hop: HopDraft, _ type: RouteType) -> Bool {
    guard let gateway = hop.gateway else {
      if hop.device == nil {
        error("this next hop needs via or dev", at: hop.node)
        return false
      }
      if let onLink = hop.isOnLink, onLink.value {
        error("on-link needs via: it says that the next hop is on the link", at: onLink.node)
        return false
      }
      return true
    }
    if type == .local {
      error("a local route has no next hop", at: gateway.node, hint: "it needs dev alone, mostly lo")
      return false
    }
    if hop.device == nil {
      if let onLink = hop.isOnLink, onLink.value {
        error("on-link needs dev", at: onLink.node)
        return false
      }
      if case .v6(let high, _) = gateway.value, high >> 54 == 0xFE80 >> 6 {
        error("the link-local next hop \(gateway.value) needs dev", at: gateway.node)
        return false
      }
    }
    return true
  }

  private mutating func checkFamily(_ draft: RouteDraft, _ family: Family) -> Bool {
    let errors = report.errorCount
    if let source = draft.source, source.value.family != family {
      error("the source address \(source.value) is not of the destination's family", at: source.node)
    }
    checkFamily(draft.hop, family)
    for hop in draft.nextHops?.value ?? [] { checkFamily(hop, family) }
    if family == .ipv6, let scope = draft.scope, scope.value != 0 {
      error("IPv6 routes have no scope", at: scope.node)
    }
    if family == .ipv6, let mtu = draft.mtu, mtu.value < 1280 {
      error("mtu must be at least 1280 for IPv6, not \(mtu.value)", at: mtu.node)
    }
    if let service = draft.typeOfService, service.value != 0 {
      if family == .ipv6 { error("IPv6 routes have no type-of-service", at: service.node) }
      // The kernel keeps these two bits for ECN and refuses them (RFC 3168).
      if service.value & 3 != 0 { error("the two low bits of type-of-service must be 0", at: service.node) }
    }
    return report.errorCount == errors
  }

  /// The other way round is RFC 8950: an IPv4 route may go via an IPv6 next hop.
  private mutating func checkFamily(_ hop: HopDraft, _ family: Family) {
    guard let gateway = hop.gateway, family == .ipv6, gateway.value.family == .ipv4 else { return }
    error("an IPv6 route cannot go via the IPv4 address \(gateway.value)", at: gateway.node)
  }
}

extension HopDraft {
  var isGiven: Bool { gateway != nil || device != nil || isOnLink != nil }

  fileprivate var nextHop: NextHop {
    NextHop(gateway: gateway?.value, device: device, weight: weight, isOnLink: isOnLink?.value ?? false)
  }
}
