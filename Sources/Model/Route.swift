/// A route of one family: `struct rtmsg` and the `RTA_*` of linux/rtnetlink.h.
package struct Route: Sendable {
  package var key: RouteKey
  package var type: RouteType
  /// `RTPROT_*`: who made it.
  package var routeProtocol: UInt8
  /// `RT_SCOPE_*`: 0 global, 200 site, 253 link, 254 host. IPv6 has global alone.
  package var scope: UInt8
  /// `RTA_PREFSRC`
  package var source: IPAddress?
  /// Empty for the types that drop.
  package var nextHops: [NextHop]
  /// `RTAX_MTU`, in bytes.
  package var mtu: UInt32?
  /// `RTAX_ADVMSS`, in bytes.
  package var advertisedMSS: UInt32?
  package var origin: SourceLocation?

  package init(
    key: RouteKey, type: RouteType = .unicast, routeProtocol: UInt8 = 110, scope: UInt8 = 0, source: IPAddress? = nil,
    nextHops: [NextHop] = [], mtu: UInt32? = nil, advertisedMSS: UInt32? = nil, origin: SourceLocation? = nil
  ) {
    self.key = key
    self.type = type
    self.routeProtocol = routeProtocol
    self.scope = scope
    self.source = source
    self.nextHops = nextHops
    self.mtu = mtu
    self.advertisedMSS = advertisedMSS
    self.origin = origin
  }
}

/// What the kernel tells routes apart by.
package struct RouteKey: Hashable, Sendable {
  package var destination: IPPrefix
  /// `RT_TABLE_*`: 254 is main.
  package var table: UInt32
  /// 0 is IPv4's default; IPv6 turns 0 into 1024, which the spec reader writes out.
  package var metric: UInt32
  /// IPv4 alone; 0 for any.
  package var typeOfService: UInt8

  package init(destination: IPPrefix, table: UInt32 = 254, metric: UInt32 = 0, typeOfService: UInt8 = 0) {
    self.destination = destination
    self.table = table
    self.metric = metric
    self.typeOfService = typeOfService
  }
}

extension RouteKey {
  /// In whole words: a node with a routing daemon has a million of these.
  package func hash(into hasher: inout Hasher) {
    switch destination.address {
    case .v4(let address): hasher.combine(UInt64(address))
    case .v6(let high, let low):
      hasher.combine(high)
      hasher.combine(low)
    }
    hasher.combine(UInt64(table) << 32 | UInt64(metric))
    hasher.combine(UInt64(destination.length) << 8 | UInt64(typeOfService))
  }
}

extension RouteKey: Comparable {
  /// By table and destination first.
  package static func < (left: RouteKey, right: RouteKey) -> Bool {
    if left.table != right.table { return left.table < right.table }
    if left.destination != right.destination { return left.destination < right.destination }
    return (left.metric, left.typeOfService) < (right.metric, right.typeOfService)
  }
}

extension Array where Element == Route {
  /// Whether each key is above the one before it, as in most lists that programs write: then no two are the same.
  package var ascends: Bool { indices.dropFirst().allSatisfy { self[$0 - 1].key < self[$0].key } }
}

/// `RTN_*`
package enum RouteType: UInt8, Hashable, Sendable {
  case unicast = 1
  case local = 2
  case broadcast = 3
  case anycast = 4
  case multicast = 5
  case blackhole = 6
  case unreachable = 7
  case prohibit = 8
  case `throw` = 9
  case nat = 10

  /// Whether packets end here: such a route has no next hop that counts.
  package var isDropping: Bool {
    switch self {
    case .blackhole, .unreachable, .prohibit, .throw: true
    default: false
    }
  }

  /// As ip(8) prints it.
  package var keyword: String {
    switch self {
    case .unicast: "unicast"
    case .local: "local"
    case .broadcast: "broadcast"
    case .anycast: "anycast"
    case .multicast: "multicast"
    case .blackhole: "blackhole"
    case .unreachable: "unreachable"
    case .prohibit: "prohibit"
    case .throw: "throw"
    case .nat: "nat"
    }
  }
}

/// One way out: `struct rtnexthop`.
package struct NextHop: Hashable, Sendable {
  /// An IPv4 route may go via an IPv6 address (`RTA_VIA`).
  package var gateway: IPAddress?
  /// By name, for a spec is written before the interface has a number.
  package var device: String?
  /// 1 to 256, as ip(8) counts; `rtnh_hops` is one less.
  package var weight: UInt16
  /// `RTNH_F_ONLINK`: the gateway is taken to be on the link though no route says so.
  package var isOnLink: Bool

  package init(gateway: IPAddress? = nil, device: String? = nil, weight: UInt16 = 1, isOnLink: Bool = false) {
    self.gateway = gateway
    self.device = device
    self.weight = weight
    self.isOnLink = isOnLink
  }
}

extension Route: Hashable {
  /// Where it was written does not matter.
  package static func == (left: Route, right: Route) -> Bool {
    left.key == right.key && left.type == right.type && left.routeProtocol == right.routeProtocol
      && left.scope == right.scope && left.source == right.source && left.nextHops == right.nextHops
      && left.mtu == right.mtu && left.advertisedMSS == right.advertisedMSS
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

/// A policy rule: `struct fib_rule_hdr` and the `FRA_*` of linux/fib_rules.h.
package struct PolicyRule: Sendable {
  package var family: Family
  /// Lower comes first; 0 to 4294967295.
  package var priority: UInt32
  package var action: PolicyAction
  package var isInverted: Bool
  package var from: IPPrefix?
  package var to: IPPrefix?
  package var incomingInterface: String?
  package var outgoingInterface: String?
  package var mark: UInt32?
  package var markMask: UInt32?
  package var typeOfService: UInt8
  package var ipProtocol: UInt8?
  package var sourcePorts: ClosedRange<UInt16>?
  package var destinationPorts: ClosedRange<UInt16>?
  package var userIDs: ClosedRange<UInt32>?
  /// `suppress_prefixlength`
  package var suppressedPrefixLength: UInt32?
  /// `RTPROT_*`: who made it.
  package var routeProtocol: UInt8
  package var origin: SourceLocation?

  package init(
    family: Family, priority: UInt32, action: PolicyAction, isInverted: Bool = false, from: IPPrefix? = nil,
    to: IPPrefix? = nil, incomingInterface: String? = nil, outgoingInterface: String? = nil, mark: UInt32? = nil,
    markMask: UInt32? = nil, typeOfService: UInt8 = 0, ipProtocol: UInt8? = nil,
    sourcePorts: ClosedRange<UInt16>? = nil, destinationPorts: ClosedRange<UInt16>? = nil,
    userIDs: ClosedRange<UInt32>? = nil, suppressedPrefixLength: UInt32? = nil, routeProtocol: UInt8 = 110,
    origin: SourceLocation? = nil
  ) {
    self.family = family
    self.priority = priority
    self.action = action
    self.isInverted = isInverted
    self.from = from
    self.to = to
    self.incomingInterface = incomingInterface
    self.outgoingInterface = outgoingInterface
    self.mark = mark
    self.markMask = markMask
    self.typeOfService = typeOfService
    self.ipProtocol = ipProtocol
    self.sourcePorts = sourcePorts
    self.destinationPorts = destinationPorts
    self.userIDs = userIDs
    self.suppressedPrefixLength = suppressedPrefixLength
    self.routeProtocol = routeProtocol
    self.origin = origin
  }
}

/// `FR_ACT_*`
package enum PolicyAction: Hashable, Sendable {
  case lookup(table: UInt32)
  /// To the rule with this priority.
  case goto(UInt32)
  case nop, blackhole, unreachable, prohibit
}

extension PolicyRule: Hashable {
  /// Where it was written does not matter.
  package static func == (left: PolicyRule, right: PolicyRule) -> Bool {
    left.family == right.family && left.priority == right.priority && left.action == right.action
      && left.isInverted == right.isInverted && left.from == right.from && left.to == right.to
      && left.incomingInterface == right.incomingInterface && left.outgoingInterface == right.outgoingInterface
      && left.mark == right.mark && left.markMask == right.markMask && left.typeOfService == right.typeOfService
      && left.ipProtocol == right.ipProtocol && left.sourcePorts == right.sourcePorts
      && left.destinationPorts == right.destinationPorts && left.userIDs == right.userIDs
      && left.suppressedPrefixLength == right.suppressedPrefixLength && left.routeProtocol == right.routeProtocol
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(priority)
    hasher.combine(action)
  }
}
