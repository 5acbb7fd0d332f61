import FoundationEssentials

extension HistoryRecord {
  /// One line of JSON, without the newline; members in alphabetical order.
  package func jsonLine() throws -> [UInt8] { try Self.encode(self) }

  /// Whose JSON is at most `limit` bytes, with as many lines left out from the end as must be; `omitted` says how
  /// many. For stores that limit a value's size, as etcd does (1.5 MiB). Members that an outcome adds need some room.
  /// - Throws: when even a record without any difference does not fit.
  package func shortened(toFit limit: Int) throws -> HistoryRecord {
    var short = self
    short.difference = []
    short.omitted = difference.count
    let frame = try short.jsonLine().count
    guard frame <= limit else { throw TooLarge(bytes: frame, limit: limit) }
    var room = limit - frame
    let kept = difference.prefix { line in
      room -= Self.cost(of: line)
      return room >= 0
    }
    if kept.count == difference.count { return self }
    short.difference = Array(kept)
    short.omitted = difference.count - kept.count
    return short
  }

  /// At most so many bytes in JSON: quotes, a comma, and what must be escaped (RFC 8259 section 7).
  private static func cost(of line: String) -> Int {
    line.utf8.reduce(3) { $0 + ($1 < 0x20 ? 6 : $1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) }
  }

  package init(jsonLine bytes: some Collection<UInt8>) throws {
    self = try JSONDecoder().decode(HistoryRecord.self, from: Data(bytes))
  }

  struct TooLarge: Error, CustomStringConvertible {
    var bytes: Int
    var limit: Int
    var description: String { "a record of \(bytes) bytes does not fit into \(limit), even without its difference" }
  }

  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}
