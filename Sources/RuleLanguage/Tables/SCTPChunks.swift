extension HeaderOption {
  private static let common: [HeaderField] = [
    .init("type", .integer, at: 0, 8), .init("flags", .integer, at: 8, 8), .init("length", .integer, at: 16, 16),
  ]
  private static let initiation: [HeaderField] =
    common + [
      .init("init-tag", .integer, at: 32, 32), .init("a-rwnd", .integer, at: 64, 32),
      .init("num-outbound-streams", .integer, at: 96, 16), .init("num-inbound-streams", .integer, at: 112, 16),
      .init("initial-tsn", .integer, at: 128, 32),
    ]
  private static func common(and name: String) -> [HeaderField] { common + [.init(name, .integer, at: 32, 32)] }

  /// RFC 9260, RFC 5061, RFC 3758
  package static let sctpChunks: [HeaderOption] = [
    .init(
      "data", 0,
      common(and: "tsn") + [
        .init("stream", .integer, at: 64, 16), .init("ssn", .integer, at: 80, 16), .init("ppid", .integer, at: 96, 32),
      ]),
    .init("init", 1, initiation),
    .init("init-ack", 2, initiation),
    .init(
      "sack", 3,
      common(and: "cum-tsn-ack") + [
        .init("a-rwnd", .integer, at: 64, 32), .init("num-gap-ack-blocks", .integer, at: 96, 16),
        .init("num-dup-tsns", .integer, at: 112, 16),
      ]),
    .init("heartbeat", 4, common),
    .init("heartbeat-ack", 5, common),
    .init("abort", 6, common),
    .init("shutdown", 7, common(and: "cum-tsn-ack")),
    .init("shutdown-ack", 8, common),
    .init("error", 9, common),
    .init("cookie-echo", 10, common),
    .init("cookie-ack", 11, common),
    .init("ecne", 12, common(and: "lowest-tsn")),
    .init("cwr", 13, common(and: "lowest-tsn")),
    .init("shutdown-complete", 14, common),
    .init("asconf-ack", 128, common(and: "seqno")),
    .init("forward-tsn", 192, common(and: "new-cum-tsn")),
    .init("asconf", 193, common(and: "seqno")),
  ]
}
