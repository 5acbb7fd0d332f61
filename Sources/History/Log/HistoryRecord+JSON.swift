import FoundationEssentials

extension HistoryRecord {
  /// One line of JSON, without the newline; members in alphabetical order.
  package func jsonLine() throws -> [UInt8] { try Self.encode(self) }

  /// As `jsonLine()`, and if that is longer than `limit` bytes, with as many lines and changes left out from the
  /// end as must be; `omitted` says how many. For stores that limit a value's size, as etcd does (1.5 MiB).
  /// - Throws: when even a record without any difference does not fit.
  package func jsonLine(atMost limit: Int) throws -> [UInt8] {
    let whole = try jsonLine()
    guard whole.count > limit else { return whole }
    var record = self
    record.omitted = difference.count + changes.count
    record.difference = []
    record.changes = []
    let frame = try record.jsonLine().count
    guard frame <= limit else { throw TooLarge(bytes: frame, limit: limit) }
    // Each text costs its own bytes in JSON and a comma; lines go first, for people read them.
    var room = limit - frame
    record.difference = try Self.prefix(of: difference, room: &room)
    record.changes = try Self.prefix(of: changes, room: &room)
    record.omitted = difference.count + changes.count - record.difference.count - record.changes.count
    return try record.jsonLine()
  }

  package init(jsonLine bytes: some Collection<UInt8>) throws {
    self = try JSONDecoder().decode(HistoryRecord.self, from: Data(bytes))
  }

  struct TooLarge: Error, CustomStringConvertible {
    var bytes: Int
    var limit: Int
    var description: String { "a record of \(bytes) bytes does not fit into \(limit), even without its difference" }
  }

  private static func prefix<Value: Encodable>(of values: [Value], room: inout Int) throws -> [Value] {
    for (index, value) in values.enumerated() {
      let cost = try encode(value).count + 1
      guard cost <= room else { return Array(values.prefix(index)) }
      room -= cost
    }
    return values
  }

  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}

extension JSONValue {
  /// What the value is as JSON.
  package init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}
