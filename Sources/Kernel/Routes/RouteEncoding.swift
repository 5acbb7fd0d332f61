import CMnl
import Model
import Netlink

/// A device that a route or rule names is not there.
struct MissingInterface: Error {
  var name: String
}

extension Route {
  /// The message that adds, replaces or deletes exactly this route. A route is deleted by all that it is: by its
  /// protocol, so that no other program's is met, and by its next hops, for IPv6 would take all of them with it.
  ///
  /// Where this throws, what was written is no whole message.
  func encode(
    type: Int32, flags: Int32, into writer: inout MessageWriter, _ interfaces: inout Interfaces
  ) throws(MissingInterface) {
    writer.beginMessage(type: UInt16(type), flags: UInt16(flags))
    writer.putHeader(header)
    if key.destination.length > 0 { writer.put(UInt16(RTA_DST.rawValue), key.destination.address) }
    writer.put(UInt16(RTA_TABLE.rawValue), key.table)
    if key.metric != 0 { writer.put(UInt16(RTA_PRIORITY.rawValue), key.metric) }
    if let source { writer.put(UInt16(RTA_PREFSRC.rawValue), source) }
    if mtu != nil || advertisedMSS != nil {
      writer.putNested(UInt16(RTA_METRICS.rawValue)) { writer in
        if let mtu { writer.put(UInt16(RTAX_MTU), mtu) }
        if let advertisedMSS { writer.put(UInt16(RTAX_ADVMSS), advertisedMSS) }
      }
    }
    if nextHops.count == 1 {
      nextHops[0].encodeGateway(for: key.destination.address.family, into: &writer)
      let index = try nextHops[0].index(in: &interfaces)
      if index != 0 { writer.put(UInt16(RTA_OIF.rawValue), UInt32(bitPattern: index)) }
    } else if nextHops.count > 1 {
      let multipath = writer.beginNested(UInt16(RTA_MULTIPATH.rawValue))
      for hop in nextHops {
        hop.encode(index: try hop.index(in: &interfaces), for: key.destination.address.family, into: &writer)
      }
      writer.endNested(multipath)
    }
    writer.endMessage()
  }

  private var header: rtmsg {
    var header = rtmsg()
    let isIPv6 = key.destination.address.family == .ipv6
    header.rtm_family = UInt8(isIPv6 ? AF_INET6 : AF_INET)
    header.rtm_dst_len = key.destination.length
    header.rtm_tos = key.typeOfService
    // A table beyond 255 stands in RTA_TABLE alone, which is heeded first.
    header.rtm_table = key.table > 255 ? UInt8(RT_TABLE_UNSPEC.rawValue) : UInt8(key.table)
    header.rtm_protocol = routeProtocol
    header.rtm_scope = isIPv6 ? 0 : scope
    header.rtm_type = type.rawValue
    if nextHops.count == 1, nextHops[0].isOnLink { header.rtm_flags = UInt32(RTNH_F_ONLINK) }
    return header
  }
}

extension NextHop {
  /// 0 where the kernel is to find the device by the gateway.
  fileprivate func index(in interfaces: inout Interfaces) throws(MissingInterface) -> Int32 {
    guard let device else { return 0 }
    guard let index = interfaces.index(of: device) else { throw MissingInterface(name: device) }
    return index
  }

  /// As one of several: `struct rtnexthop` with its attributes.
  fileprivate func encode(index: Int32, for family: Family, into writer: inout MessageWriter) {
    var header = rtnexthop()
    header.rtnh_len = UInt16(MemoryLayout<rtnexthop>.size + gatewayLength(for: family))
    header.rtnh_flags = isOnLink ? UInt8(RTNH_F_ONLINK) : 0
    header.rtnh_hops = UInt8(clamping: Int(weight) - 1)
    header.rtnh_ifindex = index
    writer.putHeader(header)
    encodeGateway(for: family, into: &writer)
  }

  /// In bytes, padding included.
  private func gatewayLength(for family: Family) -> Int {
    switch gateway {
    case nil: 0
    case .v4: 8
    case .v6: family == .ipv6 ? 20 : 24
    }
  }

  /// A next hop of the route's own family is `RTA_GATEWAY`, an IPv6 one of an IPv4 route `RTA_VIA`: a 16-bit address
  /// family, then the address.
  fileprivate func encodeGateway(for family: Family, into writer: inout MessageWriter) {
    guard let gateway else { return }
    if gateway.family == family {
      writer.put(UInt16(RTA_GATEWAY.rawValue), gateway)
    } else {
      let addressFamily = UInt64(gateway.family == .ipv6 ? AF_INET6 : AF_INET)
      writer.put(UInt16(RTA_VIA.rawValue), Array(Bytes(hostEndian: addressFamily, width: 2)) + gateway.networkBytes)
    }
  }
}

extension MessageWriter {
  /// An address in network order.
  mutating func put(_ type: UInt16, _ address: IPAddress) {
    switch address {
    case .v4(let value): putBigEndian(type, value)
    case .v6(let high, let low): put(type, words: high.byteSwapped, low.byteSwapped, length: 16)
    }
  }
}
