internal import CMnl

/// One attribute of a message.
package struct Attribute: Sendable {
  /// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
  package let type: UInt16
  package let payload: ArraySlice<UInt8>

  /// The attributes that it holds.
  package var nested: Attributes { Attributes(payload) }

  /// In the machine's own byte order, as rtnetlink sends it; nil if the attribute has another length.
  package func value<Value: FixedWidthInteger & UnsignedInteger>(as _: Value.Type = Value.self) -> Value? {
    bigEndian(as: Value.self).map { Value(bigEndian: $0) }
  }

  /// In network byte order, as nfnetlink sends it; nil if the attribute has another length.
  package func bigEndian<Value: FixedWidthInteger & UnsignedInteger>(as _: Value.Type = Value.self) -> Value? {
    guard payload.count == Value.bitWidth / 8 else { return nil }
    return payload.reduce(0) { $0 << 8 | Value($1) }
  }

  /// Up to the first zero byte.
  package var string: String { String(decoding: payload.prefix { $0 != 0 }, as: UTF8.self) }
}

/// The attributes in a run of bytes, in order. A length that does not fit ends it, and `isMalformed` then says so.
package struct Attributes: Sequence, IteratorProtocol, Sendable {
  private var rest: ArraySlice<UInt8>
  /// Whether what remains is no attribute; once iteration has come to its end.
  package private(set) var isMalformed = false

  package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  package mutating func next() -> Attribute? {
    let start = rest.startIndex
    guard rest.count >= 4 else {
      isMalformed = !rest.isEmpty
      return nil
    }
    let (length, type) = unsafe rest.withUnsafeBytes { bytes in
      unsafe (Int(bytes.loadUnaligned(as: UInt16.self)), bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
    guard length >= 4, length <= rest.count else {
      isMalformed = true
      rest = rest[rest.endIndex...]
      return nil
    }
    let attribute = Attribute(
      type: type & ~UInt16(NLA_F_NESTED | NLA_F_NET_BYTEORDER), payload: rest[(start + 4)..<(start + length)])
    rest = rest[Swift.min(start + (length + 3) & ~3, rest.endIndex)...]
    return attribute
  }
}
