import FoundationEssentials

/// The wall clock in RFC 3339, UTC, to the second: for people only.
package func wallClock() -> String { Date.now.formatted(.iso8601) }

package enum RecordCoding {
  /// JSON with sorted keys, so that equal records are equal bytes.
  package static func encode(_ record: some Encodable) throws(LockError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(record))
    } catch {
      throw .badRecord(what: "\(type(of: record))", detail: "\(error)")
    }
  }

  /// - Parameter name: where the bytes were read from, for the error.
  package static func decode<Record: Decodable>(
    _ type: Record.Type, from bytes: some Sequence<UInt8>, named name: String
  ) throws(LockError) -> Record {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw .badRecord(what: name, detail: "\(error)")
    }
  }
}
