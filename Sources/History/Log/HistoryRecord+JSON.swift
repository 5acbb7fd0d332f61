import FoundationEssentials

extension HistoryRecord {
  /// One line of JSON, without the newline; members in alphabetical order.
  package func jsonLine() throws -> [UInt8] { try Self.encode(self) }

  /// Whose JSON is at most `limit` bytes, with as many lines of the difference left out from the end as must be;
  /// `omitted` says how many bytes that is. For stores that limit a value's size, as etcd does (1.5 MiB). Members that
  /// an outcome adds need some room.
  /// - Throws: when even a record without any difference does not fit.
  package func shortened(toFit limit: Int) throws -> HistoryRecord {
    let whole = difference.utf8
    var short = self
    short.difference = ""
    short.omitted = whole.count
    var room = limit - (try short.jsonLine().count)
    guard room >= 0 else { throw TooLarge(bytes: limit - room, limit: limit) }
    var end = whole.startIndex
    for index in whole.indices {
      // What must be escaped: RFC 8259 section 7.
      let byte = whole[index]
      room -= byte < 0x20 ? 6 : byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 2 : 1
      if room < 0 { break }
      let next = whole.index(after: index)
      if next == whole.endIndex { return self }
      if byte == UInt8(ascii: "\n") { end = index }
    }
    if whole.isEmpty { return self }
    short.difference = String(difference[..<end])
    short.omitted = whole.distance(from: end, to: whole.endIndex)
    return short
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
