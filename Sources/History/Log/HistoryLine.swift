import Crypto
import FoundationEssentials
import Model

/// A line of the log: a record, its number, and the digest of the line before it.
struct HistoryLine: Codable {
  /// Counted from 1, over all files.
  var sequence: UInt64
  /// SHA-256 of the line before it, without its newline, in hexadecimal; 64 zeros for the very first.
  var previous: String
  var record: HistoryRecord

  static let origin = String(repeating: "0", count: 64)

  init(sequence: UInt64, previous: String, record: HistoryRecord) {
    self.sequence = sequence
    self.previous = previous
    self.record = record
  }

  init(_ bytes: ArraySlice<UInt8>) throws { self = try JSONDecoder().decode(HistoryLine.self, from: Data(bytes)) }

  static func digest(of line: ArraySlice<UInt8>) -> String {
    Bytes(SHA256.hash(data: line)).description
  }
}
