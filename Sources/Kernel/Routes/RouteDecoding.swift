import CMnl
import Model
import Netlink

extension Route {
  /// A route as the kernel lists it, in the form that a spec's route has.
  /// - Returns: nil for what is no route of its own: cloned entries, and types that ip(8) does not know either.
  init?(_ message: Message, _ interfaces: Interfaces, unnamed: inout Bool) {
    guard let header = message.header(as: rtmsg.self), header.rtm_flags & UInt32(RTM_F_CLONED) == 0,
      let type = RouteType(rawValue: header.rtm_type)
    else { return nil }
    let isIPv6 = Int32(header.rtm_family) == AF_INET6
    var destination: IPAddress = isIPv6 ? .v6(high: 0, low: 0) : .v4(0)
    var table = UInt32(header.rtm_table)
    var metric: UInt32 = 0
    var hop = NextHop(isOnLink: header.rtm_flags & UInt32(RTNH_F_ONLINK) != 0)
    var hops: [NextHop] = []
    var source: IPAddress?
    var metrics = Metrics()
    for attribute in message.attributes(after: MemoryLayout<rtmsg>.size) {
      switch UInt32(attribute.type) {
      case RTA_DST.rawValue: destination = attribute.address ?? destination
      case RTA_TABLE.rawValue: table = attribute.value() ?? table
      case RTA_PRIORITY.rawValue: metric = attribute.value() ?? 0
      case RTA_PREFSRC.rawValue: source = attribute.address
      case RTA_GATEWAY.rawValue: hop.gateway = attribute.address
      case RTA_VIA.rawValue: hop.gateway = attribute.viaAddress
      case RTA_OIF.rawValue: hop.device = interfaces.name(ofAttribute: attribute, unnamed: &unnamed)
      case RTA_METRICS.rawValue: metrics = Metrics(attribute.nested)
      case RTA_MULTIPATH.rawValue: hops = NextHop.list(attribute.payload, interfaces, unnamed: &unnamed)
      default: break
      }
    }
    guard let prefix = IPPrefix(destination, length: Int(header.rtm_dst_len)) else { return nil }
    // The kernel lists a dropping IPv6 route with the device lo, which nobody asked for (`ip6_route_info_create`).
    if hops.isEmpty, type.hasNextHops, hop.gateway != nil || hop.device != nil { hops = [hop] }
    self.init(
      key: RouteKey(
        destination: prefix, table: table, metric: metric, typeOfService: isIPv6 ? 0 : header.rtm_tos),
      type: type, routeProtocol: header.rtm_protocol, scope: isIPv6 ? 0 : header.rtm_scope, source: source,
      nextHops: hops, mtu: metrics.mtu, advertisedMSS: metrics.advertisedMSS)
  }

  private struct Metrics {
    var mtu: UInt32?
    var advertisedMSS: UInt32?

    init() {}

    init(_ attributes: Attributes) {
      for attribute in attributes {
        switch Int32(attribute.type) {
        case Int32(RTAX_MTU): mtu = attribute.value()
        case Int32(RTAX_ADVMSS): advertisedMSS = attribute.value()
        default: break
        }
      }
    }
  }
}

extension RouteType {
  var hasNextHops: Bool {
    switch self {
    case .blackhole, .unreachable, .prohibit, .throw: false
    default: true
    }
  }
}

extension NextHop {
  /// The `struct rtnexthop`s of `RTA_MULTIPATH`.
  fileprivate static func list(
    _ payload: ReceivedBytes, _ interfaces: Interfaces, unnamed: inout Bool
  ) -> [NextHop] {
    var hops: [NextHop] = []
    var start = 0
    let size = MemoryLayout<rtnexthop>.size
    while payload.count - start >= size {
      let header = unsafe payload.pointer.loadUnaligned(fromByteOffset: start, as: rtnexthop.self)
      let length = Int(header.rtnh_len)
      guard length >= size, length <= payload.count - start else { break }
      var hop = NextHop(
        device: interfaces.name(of: header.rtnh_ifindex, unnamed: &unnamed), weight: UInt16(header.rtnh_hops) + 1,
        isOnLink: header.rtnh_flags & UInt8(RTNH_F_ONLINK) != 0)
      for attribute in Attributes(payload.part((start + size)..<(start + length))) {
        switch UInt32(attribute.type) {
        case RTA_GATEWAY.rawValue: hop.gateway = attribute.address
        case RTA_VIA.rawValue: hop.gateway = attribute.viaAddress
        default: break
        }
      }
      hops.append(hop)
      start += (length + 3) & ~3
    }
    return hops
  }
}

extension Interfaces {
  fileprivate func name(ofAttribute attribute: Attribute, unnamed: inout Bool) -> String? {
    attribute.value(as: UInt32.self).flatMap { name(of: Int32(bitPattern: $0), unnamed: &unnamed) }
  }

  /// An interface that was made after the interfaces were listed has no name here yet: `unnamed` says so, and it goes
  /// by the name that ip(8) would print.
  fileprivate func name(of index: Int32, unnamed: inout Bool) -> String? {
    guard index != 0 else { return nil }
    if let name = name(of: index) { return name }
    unnamed = true
    return "if\(index)"
  }
}

extension Attribute {
  /// In network order, 4 or 16 bytes.
  var address: IPAddress? { IPAddress(payload) }

  /// `struct rtvia`: a 16-bit address family, then the address.
  fileprivate var viaAddress: IPAddress? { payload.count > 2 ? IPAddress(payload.part(2..<payload.count)) : nil }
}
