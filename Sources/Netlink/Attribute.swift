/// One attribute of a message.
package struct Attribute: Sendable {
  /// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
  package let type: UInt16
  package let payload: ArraySlice<UInt8>

  @inlinable package init(type: UInt16, payload: ArraySlice<UInt8>) {
    self.type = type
    self.payload = payload
  }

  /// The attributes that it holds.
  @inlinable package var nested: Attributes { Attributes(payload) }

  /// In the machine's own byte order, as rtnetlink sends it; nil if the attribute has another length.
  @inlinable package func value<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    as _: Value.Type = Value.self
  ) -> Value? {
    guard payload.count == MemoryLayout<Value>.size else { return nil }
    return unsafe payload.withUnsafeBytes { bytes in unsafe bytes.loadUnaligned(as: Value.self) }
  }

  /// In network byte order, as nfnetlink sends it; nil if the attribute has another length.
  @inlinable package func bigEndian<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    as _: Value.Type = Value.self
  ) -> Value? {
    value(as: Value.self).map { Value(bigEndian: $0) }
  }

  /// Up to the first zero byte.
  package var string: String { String(decoding: payload.prefix { $0 != 0 }, as: UTF8.self) }
}

/// The attributes in a run of bytes, in order. A length that does not fit ends it, and `isMalformed` then says so.
///
/// A large ruleset has millions of attributes, so the cursor is inlined where it is used.
package struct Attributes: Sequence, IteratorProtocol, Sendable {
  @usableFromInline let bytes: ArraySlice<UInt8>
  /// Where the next attribute begins, counted from the first byte.
  @usableFromInline var position = 0
  /// Whether what remains is no attribute; once iteration has come to its end.
  @usableFromInline package var isMalformed = false

  @inlinable package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The length and the type of the attribute at the cursor, with its length in bounds.
  @inlinable mutating func header() -> (length: Int, type: UInt16)? {
    let left = bytes.count - position
    guard left >= 4 else {
      isMalformed = isMalformed || left > 0
      return nil
    }
    let (length, type) = unsafe bytes.withUnsafeBytes { bytes in
      unsafe (
        Int(bytes.loadUnaligned(fromByteOffset: position, as: UInt16.self)),
        bytes.loadUnaligned(fromByteOffset: position + 2, as: UInt16.self)
      )
    }
    guard length >= 4, length <= left else {
      isMalformed = true
      return nil
    }
    // `NLA_TYPE_MASK`: the two bits above say whether it is nested and in which byte order.
    return (length, type & 0x3FFF)
  }

  @inlinable package mutating func next() -> Attribute? {
    guard let (length, type) = header() else { return nil }
    let start = bytes.startIndex + position
    position += (length + 3) & ~3
    return Attribute(type: type, payload: bytes[(start + 4)..<(start + length)])
  }

  /// The first one of this type after the cursor; nil if there is none. The cursor stays where it is.
  @inlinable package func first(_ type: UInt16) -> Attribute? {
    var cursor = self
    while let (length, found) = cursor.header() {
      if found == type { return cursor.next() }
      cursor.position += (length + 3) & ~3
    }
    return nil
  }
}
