import Model

extension HeaderProtocol {
  /// `IPPROTO_*`, as ip's `protocol`, ip6's `nexthdr` and `meta l4proto` say it.
  package static let transportNumbers: [(number: UInt64, id: ProtocolID)] = [
    (1, .icmp), (50, .esp), (51, .ah), (108, .comp), (17, .udp), (136, .udplite), (6, .tcp), (33, .dccp), (132, .sctp),
    (58, .icmpv6), (2, .igmp), (47, .gre),
  ]

  /// RFC 4302, RFC 4303, RFC 3173
  static let security: [HeaderProtocol] = [
    .init(
      .ah, "ah", .transport,
      fields: [
        .init("nexthdr", .inetProtocol, at: 0, 8), .init("hdrlength", .integer, at: 8, 8),
        .init("reserved", .integer, at: 16, 16), .init("spi", .integer, at: 32, 32),
        .init("sequence", .integer, at: 64, 32),
      ], nextField: "nexthdr", next: transportNumbers),
    .init(
      .esp, "esp", .transport,
      fields: [.init("spi", .integer, at: 0, 32), .init("sequence", .integer, at: 32, 32)]),
    .init(
      .comp, "comp", .transport,
      fields: [
        .init("nexthdr", .inetProtocol, at: 0, 8), .init("flags", .bitmask, at: 8, 8),
        .init("cpi", .integer, at: 16, 16),
      ], nextField: "nexthdr", next: transportNumbers),
  ]

  /// RFC 792, RFC 3376, RFC 4443, RFC 4861
  static let messages: [HeaderProtocol] = [
    .init(
      .icmp, "icmp", .transport,
      fields: [
        .init("type", .icmpType, at: 0, 8), .init("code", .icmpCode, at: 8, 8),
        .init("checksum", .integer, at: 16, 16), .init("id", .integer, at: 32, 16, only: [0, 8]),
        .init("sequence", .integer, at: 48, 16, only: [0, 8]), .init("gateway", .integer, at: 32, 32, only: [5]),
        .init("mtu", .integer, at: 48, 16, only: [3]),
      ], checksumOffset: 2),
    .init(
      .igmp, "igmp", .transport,
      fields: [
        .init("type", .igmpType, at: 0, 8), .init("checksum", .integer, at: 16, 16),
        .init("mrt", .integer, at: 8, 8), .init("group", .ipv4Address, at: 32, 32),
      ], checksumOffset: 2),
    .init(
      .icmpv6, "icmpv6", .transport,
      fields: [
        .init("type", .icmpv6Type, at: 0, 8), .init("code", .icmpv6Code, at: 8, 8),
        .init("checksum", .integer, at: 16, 16), .init("parameter-problem", .integer, at: 32, 32, only: [4]),
        .init("mtu", .integer, at: 32, 32, only: [2]), .init("id", .integer, at: 32, 16, only: [128, 129]),
        .init("sequence", .integer, at: 48, 16, only: [128, 129]),
        .init("max-delay", .integer, at: 32, 16, only: [130]),
        .init("taddr", .ipv6Address, at: 64, 128, only: [130, 131, 132, 135, 136, 137]),
        .init("daddr", .ipv6Address, at: 192, 128, only: [137]),
      ], checksumOffset: 2),
  ]

  private static let ports: [HeaderField] = [
    .init("sport", .inetService, at: 0, 16), .init("dport", .inetService, at: 16, 16),
  ]

  /// RFC 768, RFC 3828, RFC 9293, RFC 4340, RFC 9260; `th` is any of them.
  static let transports: [HeaderProtocol] = [
    .init(
      .udp, "udp", .transport,
      fields: ports + [.init("length", .integer, at: 32, 16), .init("checksum", .integer, at: 48, 16)],
      checksumOffset: 6, length: 8),
    .init(
      .udplite, "udplite", .transport,
      fields: ports + [.init("csumcov", .integer, at: 32, 16), .init("checksum", .integer, at: 48, 16)]),
    .init(
      .tcp, "tcp", .transport,
      fields: ports + [
        .init("sequence", .integer, at: 32, 32), .init("ackseq", .integer, at: 64, 32),
        .init("doff", .integer, at: 96, 4), .init("reserved", .integer, at: 100, 4),
        .init("flags", .tcpFlag, at: 104, 8), .init("window", .integer, at: 112, 16),
        .init("checksum", .integer, at: 128, 16), .init("urgptr", .integer, at: 144, 16),
      ], checksumOffset: 16, length: 20),
    .init(
      .dccp, "dccp", .transport, fields: ports + [.init("type", .dccpPacketType, at: 67, 4)]),
    .init(
      .sctp, "sctp", .transport,
      fields: ports + [.init("vtag", .integer, at: 32, 32), .init("checksum", .integer, at: 64, 32)],
      checksumOffset: 8, checksumKind: 2),
    .init(.th, "th", .transport, fields: ports),
  ]
}

extension HeaderField {
  /// The port at this place (in bits); nil if there is none.
  static func port(base: String, offset: UInt32, length: UInt32) -> HeaderField? {
    guard base == "th" else { return nil }
    return HeaderProtocol[.th].fields.first { $0.offset == Int(offset) && $0.length == Int(length) }
  }
}
