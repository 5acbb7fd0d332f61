/// What the kernel finds by walking over headers or options: an IPv6 extension header, a TCP, IPv4 or DCCP option,
/// or an SCTP chunk.
package struct HeaderOption: Sendable {
  package let keyword: String
  /// The header's protocol number, or the option's or chunk's type.
  package let type: UInt8
  /// nft's number for it, which `typeof` leaves in a set's userdata: the type, but for IPv6 headers.
  package let number: UInt32
  package let fields: [HeaderField]

  /// - Parameter numbers: nft's own for the fields, from 0, where they do not simply count; nil for one that it has
  ///   under another header.
  init(
    _ keyword: String, _ type: UInt8, number: UInt32? = nil, _ fields: [HeaderField], numbers: [UInt32?]? = nil
  ) {
    self.keyword = keyword
    self.type = type
    self.number = number ?? UInt32(type)
    self.fields = fields.enumerated().map { index, field in
      var field = field
      field.number = numbers.map { $0[index] } ?? UInt32(index)
      return field
    }
  }

  package func field(_ name: some StringProtocol) -> Int? { fields.firstIndex { $0.name == name } }
}

/// `NFT_EXTHDR_OP_*`
package enum OptionKind: UInt32, Hashable, Sendable, CaseIterable {
  case ipv6, tcp, ipv4, sctp, dccp

  package var options: [HeaderOption] {
    switch self {
    case .ipv6: HeaderOption.extensionHeaders
    case .tcp: HeaderOption.tcpOptions
    case .ipv4: HeaderOption.ipOptions
    case .sctp: HeaderOption.sctpChunks
    case .dccp: []
    }
  }

  /// Where nft's numbers of fields begin.
  package var firstFieldNumber: UInt32 {
    switch self {
    case .ipv6, .ipv4: 1
    case .tcp, .sctp, .dccp: 0
    }
  }

  /// An index into `options`.
  package func option(_ keyword: some StringProtocol) -> Int? { options.firstIndex { $0.keyword == keyword } }

  /// In bits from the header's or option's begin.
  package func option(ofType type: UInt8, fieldAt offset: Int, length: Int) -> (option: Int, field: Int)? {
    for (index, option) in options.enumerated() where option.type == type {
      if let field = option.fields.firstIndex(where: { $0.offset == offset && $0.length == length }) {
        return (index, field)
      }
    }
    return nil
  }
}

extension HeaderOption {
  private static let next: [HeaderField] = [
    .init("nexthdr", .inetProtocol, at: 0, 8), .init("hdrlength", .integer, at: 8, 8),
  ]

  /// RFC 8200, RFC 8754, RFC 6275
  package static let extensionHeaders: [HeaderOption] = [
    .init("hbh", 0, number: 1, next),
    .init("rt", 43, number: 2, routing),
    .init(
      "rt0", 43, number: 3,
      routing + [.init("reserved", .integer, at: 32, 32), .init("addr[1]", .ipv6Address, at: 64, 128)],
      numbers: ownNumbers(2)),
    .init(
      "rt2", 43, number: 4,
      routing + [.init("reserved", .integer, at: 32, 32), .init("addr", .ipv6Address, at: 64, 128)],
      numbers: ownNumbers(2)),
    .init(
      "srh", 43, number: 5,
      routing + [
        .init("last-entry", .integer, at: 32, 8), .init("flags", .integer, at: 40, 8),
        .init("tag", .integer, at: 48, 16),
        .init("sid[1]", .ipv6Address, at: 64, 128), .init("sid[2]", .ipv6Address, at: 192, 128),
      ], numbers: ownNumbers(5)),
    .init(
      "frag", 44, number: 6,
      [
        .init("nexthdr", .inetProtocol, at: 0, 8), .init("reserved", .integer, at: 8, 8),
        .init("frag-off", .integer, at: 16, 13), .init("reserved2", .integer, at: 29, 2),
        .init("more-fragments", .integer, at: 31, 1), .init("id", .integer, at: 32, 32),
      ]),
    .init("dst", 60, number: 7, next),
    .init(
      "mh", 135, number: 8,
      next + [
        .init("type", .mobilityHeaderType, at: 16, 8), .init("reserved", .integer, at: 24, 8),
        .init("checksum", .integer, at: 32, 16),
      ]),
  ]
  private static let routing: [HeaderField] =
    next + [.init("type", .integer, at: 16, 8), .init("seg-left", .integer, at: 24, 8)]

  /// Of a routing header's form: what all forms have is numbered with `rt` alone.
  private static func ownNumbers(_ count: UInt32) -> [UInt32?] { routing.map { _ in nil } + (0..<count).map { $0 } }

  private static let typeLength: [HeaderField] = [
    .init("type", .integer, at: 0, 8), .init("length", .integer, at: 8, 8),
  ]
  /// nft has a field between these, which is no address list's.
  private static let addressListNumbers: [UInt32?] = [0, 1, 3, 4]
  private static let addressList: [HeaderField] =
    typeLength + [.init("ptr", .integer, at: 16, 8), .init("addr", .ipv4Address, at: 24, 32)]

  /// RFC 791, RFC 2113
  package static let ipOptions: [HeaderOption] = [
    .init("lsrr", 131, addressList, numbers: addressListNumbers),
    .init("rr", 7, addressList, numbers: addressListNumbers),
    .init("ssrr", 137, addressList, numbers: addressListNumbers),
    .init("ra", 148, typeLength + [.init("value", .integer, at: 16, 16)]),
  ]
}
