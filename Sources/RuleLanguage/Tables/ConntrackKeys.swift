package import Model

extension KeyTable {
  /// `NFT_CT_*`. `src` and `dst` are as wide as the family says.
  package static let conntrack = KeyTable([
    .init("state", 0, .conntrackState, 32, .host),
    .init("direction", 1, .conntrackDirection, 8, .host),
    .init("status", 2, .conntrackStatus, 32, .host),
    .init("mark", 3, .mark, 32, .host),
    .init("secmark", 4, .integer, 32, .host),
    .init("expiration", 5, .time, 32, .host),
    .init("helper", 6, .string, 128, .host),
    .init("l3proto", 7, .nfProto, 8, .host),
    .init("saddr", 8, .invalid, 0, .network),
    .init("daddr", 9, .invalid, 0, .network),
    .init("protocol", 10, .inetProtocol, 8, .network),
    .init("proto-src", 11, .inetService, 16, .network),
    .init("proto-dst", 12, .inetService, 16, .network),
    .init("label", 13, .conntrackLabel, 128, .host),
    .init("packets", 14, .integer, 64, .host),
    .init("bytes", 15, .integer, 64, .host),
    .init("avgpkt", 16, .integer, 64, .host),
    .init("zone", 17, .integer, 16, .host),
    .init("event", 18, .conntrackEvent, 32, .host),
    .init("ip saddr", 19, .ipv4Address, 32, .network),
    .init("ip daddr", 20, .ipv4Address, 32, .network),
    .init("ip6 saddr", 21, .ipv6Address, 128, .network),
    .init("ip6 daddr", 22, .ipv6Address, 128, .network),
    .init("id", 23, .integer, 32, .network),
  ])
}

extension ConntrackKey {
  package static let mark = ConntrackKey(rawValue: 3)
  package static let label = ConntrackKey(rawValue: 13)
  package static let zone = ConntrackKey(rawValue: 17)
}
