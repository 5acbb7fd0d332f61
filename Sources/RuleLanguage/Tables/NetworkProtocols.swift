import Model

extension HeaderProtocol {
  /// RFC 791, RFC 8200, RFC 826
  static let network: [HeaderProtocol] = [
    .init(
      .ip, "ip", .network,
      fields: [
        .init("version", .integer, at: 0, 4), .init("hdrlength", .integer, at: 4, 4),
        .init("dscp", .dscp, at: 8, 6), .init("ecn", .ecn, at: 14, 2), .init("length", .integer, at: 16, 16),
        .init("id", .integer, at: 32, 16), .init("frag-off", .integer, at: 48, 16),
        .init("ttl", .integer, at: 64, 8), .init("protocol", .inetProtocol, at: 72, 8),
        .init("checksum", .integer, at: 80, 16), .init("saddr", .ipv4Address, at: 96, 32),
        .init("daddr", .ipv4Address, at: 128, 32),
      ], nextField: "protocol", next: transportNumbers, checksumOffset: 10,
      pseudoHeader: ["saddr", "daddr", "protocol", "length"], length: 20),
    .init(
      .ip6, "ip6", .network,
      fields: [
        .init("version", .integer, at: 0, 4), .init("dscp", .dscp, at: 4, 6), .init("ecn", .ecn, at: 10, 2),
        .init("flowlabel", .integer, at: 12, 20), .init("length", .integer, at: 32, 16),
        .init("nexthdr", .inetProtocol, at: 48, 8), .init("hoplimit", .integer, at: 56, 8),
        .init("saddr", .ipv6Address, at: 64, 128), .init("daddr", .ipv6Address, at: 192, 128),
      ], nextField: "nexthdr", next: transportNumbers, pseudoHeader: ["saddr", "daddr", "nexthdr", "length"], length: 40
    ),
    .init(
      .arp, "arp", .network,
      fields: [
        .init("htype", .integer, at: 0, 16), .init("ptype", .etherType, at: 16, 16),
        .init("hlen", .integer, at: 32, 8), .init("plen", .integer, at: 40, 8),
        .init("operation", .arpOperation, at: 48, 16), .init("saddr ether", .etherAddress, at: 64, 48),
        .init("saddr ip", .ipv4Address, at: 112, 32), .init("daddr ether", .etherAddress, at: 144, 48),
        .init("daddr ip", .ipv4Address, at: 192, 32),
      ], length: 28),
  ]

  /// linux/if_ether.h: `ETH_P_*`
  package static let etherTypes: [(number: UInt64, id: ProtocolID)] = [
    (0x0800, .ip), (0x0806, .arp), (0x86DD, .ip6), (0x8100, .vlan), (0x88A8, .vlan),
  ]

  /// IEEE 802.3, IEEE 802.1Q
  static let link: [HeaderProtocol] = [
    .init(
      .vlan, "vlan", .link,
      fields: [
        .init("pcp", .integer, at: 0, 3), .init("dei", .integer, at: 3, 1), .init("cfi", .integer, at: 3, 1),
        .init("id", .integer, at: 4, 12),
        .init("type", .etherType, at: 16, 16),
      ], nextField: "type", next: etherTypes, length: 4),
    .init(
      .ether, "ether", .link,
      fields: [
        .init("daddr", .etherAddress, at: 0, 48), .init("saddr", .etherAddress, at: 48, 48),
        .init("type", .etherType, at: 96, 16),
      ], nextField: "type", next: etherTypes, length: 14),
  ]

  /// RFC 7348, RFC 8926, RFC 2784
  static let tunnels: [HeaderProtocol] = [
    .init(
      .vxlan, "vxlan", .tunnel,
      fields: [.init("flags", .bitmask, at: 0, 8), .init("vni", .integer, at: 32, 24)],
      length: 8, tunnel: .init(type: 1, flags: 0xF, carriesEthernet: true)),
    .init(
      .geneve, "geneve", .tunnel,
      fields: [.init("type", .etherType, at: 16, 16), .init("vni", .integer, at: 32, 24)],
      length: 8, tunnel: .init(type: 2, flags: 0xF, carriesEthernet: true)),
    .init(
      .gre, "gre", .transport,
      fields: [
        .init("flags", .integer, at: 0, 5), .init("version", .integer, at: 13, 3),
        .init("protocol", .etherType, at: 16, 16),
      ], nextField: "protocol", next: [(0x0800, .ip), (0x86DD, .ip6)], length: 4,
      tunnel: .init(type: 3, flags: 0xC, carriesEthernet: false)),
    .init(
      .gretap, "gretap", .transport, fields: [], length: 4, tunnel: .init(type: 4, flags: 0xE, carriesEthernet: true)),
  ]
}
