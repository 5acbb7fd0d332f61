extension HeaderOption {
  private static let kind: [HeaderField] = [.init("kind", .integer, at: 0, 8)]
  private static let kindLength: [HeaderField] = kind + [.init("length", .integer, at: 8, 8)]

  /// The block of a SACK option (RFC 2018) that begins at this bit.
  private static func block(at offset: Int) -> [HeaderField] {
    kindLength + [.init("left", .integer, at: offset, 32), .init("right", .integer, at: offset + 32, 32)]
  }

  /// nft takes the blocks of a SACK option for fields of one option.
  ///
  /// RFC 9293, RFC 7323, RFC 2018, RFC 2385, RFC 7413, RFC 8684
  package static let tcpOptions: [HeaderOption] = [
    .init("eol", 0, kind),
    .init("nop", 1, kind),
    .init("maxseg", 2, kindLength + [.init("size", .integer, at: 16, 16)]),
    .init("window", 3, kindLength + [.init("count", .integer, at: 16, 8)]),
    .init("sack-perm", 4, kindLength),
    .init("sack", 5, block(at: 16)),
    .init("sack1", 5, block(at: 80), numbers: [0, 1, 4, 5]),
    .init("sack2", 5, block(at: 144), numbers: [0, 1, 6, 7]),
    .init("sack3", 5, block(at: 208), numbers: [0, 1, 8, 9]),
    .init(
      "timestamp", 8,
      kindLength + [.init("tsval", .integer, at: 16, 32), .init("tsecr", .integer, at: 48, 32)]),
    .init(
      "mptcp", 30, kindLength + [.init("subtype", .integer, at: 16, 4, symbols: .mptcpSubtype)]),
    .init("md5sig", 19, kindLength),
    .init("fastopen", 34, kindLength),
  ]

  /// Other words for the same option.
  package static let tcpOptionAliases: [String: String] = [
    "mss": "maxseg", "sack0": "sack", "sack-permitted": "sack-perm", "wscale": "window", "noop": "nop",
  ]
}
