extension KeyTable {
  /// `NFT_RT_*`
  package static let routing = KeyTable([
    .init("classid", 0, .realm, 32, .host),
    .init("ip nexthop", 1, .ipv4Address, 32, .network),
    .init("ip6 nexthop", 2, .ipv6Address, 128, .network),
    .init("mtu", 3, .integer, 16, .host),
    .init("ipsec", 4, .boolean, 8, .host),
  ])

  /// `NFT_SOCKET_*`
  package static let socket = KeyTable([
    .init("transparent", 0, .integer, 1, .host),
    .init("mark", 1, .mark, 32, .host),
    .init("wildcard", 2, .integer, 1, .host),
    .init("cgroupv2", 3, .cgroupPath, 64, .host),
  ])

  /// `NFT_FIB_RESULT_*`
  package static let fib = KeyTable([
    .init("oif", 1, .interfaceIndex, 32, .host),
    .init("oifname", 2, .interfaceName, 128, .host),
    .init("type", 3, .fibAddressType, 32, .host),
  ])

  /// `NFT_XFRM_KEY_*`
  package static let xfrm = KeyTable([
    .init("ip daddr", 1, .ipv4Address, 32, .network),
    .init("ip6 daddr", 2, .ipv6Address, 128, .network),
    .init("ip saddr", 3, .ipv4Address, 32, .network),
    .init("ip6 saddr", 4, .ipv6Address, 128, .network),
    .init("reqid", 5, .integer, 32, .host),
    .init("spi", 6, .integer, 32, .network),
  ])

  /// `NFT_TUNNEL_*`
  package static let tunnel = KeyTable([
    .init("path", 0, .boolean, 8, .host),
    .init("id", 1, .integer, 32, .host),
  ])
}

/// `NFTA_FIB_F_*`, in the order in which they are printed.
package enum FibFlag: UInt32, Sendable, CaseIterable {
  case saddr = 1, daddr = 2, mark = 4, iif = 8, oif = 16
  package static let present: UInt32 = 32

  package var keyword: String {
    switch self {
    case .saddr: "saddr"
    case .daddr: "daddr"
    case .mark: "mark"
    case .iif: "iif"
    case .oif: "oif"
    }
  }
}
