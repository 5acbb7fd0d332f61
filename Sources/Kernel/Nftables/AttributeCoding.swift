import CNftnl
import Model
import Netlink

// nf_tables' attributes: numbers stand in network byte order, and data is wrapped once more (`NFTA_DATA_VALUE`).

extension MessageWriter {
  mutating func number(_ key: some RawRepresentable<UInt32>, _ value: UInt8) {
    put(UInt16(key.rawValue), value)
  }

  mutating func number(_ key: some RawRepresentable<UInt32>, _ value: UInt16) {
    putBigEndian(UInt16(key.rawValue), value)
  }

  mutating func number(_ key: some RawRepresentable<UInt32>, _ value: UInt32) {
    putBigEndian(UInt16(key.rawValue), value)
  }

  mutating func number(_ key: some RawRepresentable<UInt32>, _ value: UInt64) {
    putBigEndian(UInt16(key.rawValue), value)
  }

  mutating func register(_ key: some RawRepresentable<UInt32>, _ value: Register?) {
    if let value { number(key, value.rawValue) }
  }

  mutating func text(_ key: some RawRepresentable<UInt32>, _ value: String) { put(UInt16(key.rawValue), value) }

  mutating func bytes(_ key: some RawRepresentable<UInt32>, _ value: Bytes) {
    if let words = value.words {
      put(UInt16(key.rawValue), words: words.0, words.1, length: value.count)
    } else {
      put(UInt16(key.rawValue), Array(value))
    }
  }

  mutating func nested<Failure: Error>(
    _ key: some RawRepresentable<UInt32>, _ body: (inout MessageWriter) throws(Failure) -> Void
  ) throws(Failure) {
    let nested = beginNested(UInt16(key.rawValue))
    try body(&self)
    endNested(nested)
  }

  /// A value as the expressions and elements carry it.
  mutating func data(_ key: some RawRepresentable<UInt32>, _ value: Bytes) {
    let nested = beginNested(UInt16(key.rawValue))
    bytes(NFTA_DATA_VALUE, value)
    endNested(nested)
  }
}

extension Attributes {
  func first(_ key: some RawRepresentable<UInt32>) -> Attribute? {
    first(UInt16(truncatingIfNeeded: key.rawValue))
  }

  func byte(_ key: some RawRepresentable<UInt32>) -> UInt8? { first(key)?.bigEndian() }

  func short(_ key: some RawRepresentable<UInt32>) -> UInt16? { first(key)?.bigEndian() }

  func number(_ key: some RawRepresentable<UInt32>) -> UInt32? { first(key)?.bigEndian() }

  func long(_ key: some RawRepresentable<UInt32>) -> UInt64? { first(key)?.bigEndian() }

  func text(_ key: some RawRepresentable<UInt32>) -> String? { first(key)?.string }

  func register(_ key: some RawRepresentable<UInt32>) -> Register? { number(key).map { Register(rawValue: $0) } }

  func data(_ key: some RawRepresentable<UInt32>) -> Bytes? {
    first(key)?.nested.first(NFTA_DATA_VALUE).map { Bytes($0.payload) }
  }

  func nested(_ key: some RawRepresentable<UInt32>) -> Attributes? { first(key)?.nested }
}
