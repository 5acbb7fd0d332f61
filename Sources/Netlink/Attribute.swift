/// One attribute of a message; it holds as long as the message's bytes do (`ReceivedBytes`).
package struct Attribute: BitwiseCopyable {
  /// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
  package let type: UInt16
  package let payload: ReceivedBytes

  package init(type: UInt16, payload: ReceivedBytes) {
    self.type = type
    self.payload = payload
  }

  /// The attributes that it holds.
  package var nested: Attributes { Attributes(payload) }

  /// Up to the first zero byte.
  package var string: String { payload.string }
}

// One function for each width: a generic one is not specialized in the modules that call it, and reading a large
// ruleset calls these millions of times.

/// In the machine's own byte order, as rtnetlink sends it; nil if the attribute has another length.
extension Attribute {
  package func value(as type: UInt8.Type = UInt8.self) -> UInt8? { payload.integer(type) }
  package func value(as type: UInt16.Type = UInt16.self) -> UInt16? { payload.integer(type) }
  package func value(as type: UInt32.Type = UInt32.self) -> UInt32? { payload.integer(type) }
  package func value(as type: UInt64.Type = UInt64.self) -> UInt64? { payload.integer(type) }
}

/// In network byte order, as nfnetlink sends it; nil if the attribute has another length.
extension Attribute {
  package func bigEndian(as type: UInt8.Type = UInt8.self) -> UInt8? { payload.integer(type) }
  package func bigEndian(as type: UInt16.Type = UInt16.self) -> UInt16? { payload.integer(type)?.bigEndian }
  package func bigEndian(as type: UInt32.Type = UInt32.self) -> UInt32? { payload.integer(type)?.bigEndian }
  package func bigEndian(as type: UInt64.Type = UInt64.self) -> UInt64? { payload.integer(type)?.bigEndian }
}

/// The attributes in a run of bytes, in order. A length that does not fit ends it, and `isMalformed` then says so.
package struct Attributes: Sequence, IteratorProtocol, BitwiseCopyable {
  private let bytes: ReceivedBytes
  /// Where the next attribute begins.
  private var position = 0
  /// Whether what remains is no attribute; once iteration has come to its end.
  package private(set) var isMalformed = false

  package init(_ bytes: ReceivedBytes) { self.bytes = bytes }

  package static var none: Attributes { Attributes(.none) }

  /// The length and the type of the attribute at the cursor, with its length in bounds.
  @inline(__always) private mutating func header() -> (length: Int, type: UInt16)? {
    let left = bytes.count - position
    guard left >= 4 else {
      isMalformed = isMalformed || left > 0
      return nil
    }
    let length = Int(bytes.integer(UInt16.self, at: position))
    guard length >= 4, length <= left else {
      isMalformed = true
      return nil
    }
    // `NLA_TYPE_MASK`: the two bits above say whether it is nested and in which byte order.
    return (length, bytes.integer(UInt16.self, at: position + 2) & 0x3FFF)
  }

  package mutating func next() -> Attribute? {
    guard let (length, type) = header() else { return nil }
    let start = position
    position += (length + 3) & ~3
    return Attribute(type: type, payload: bytes.part((start + 4)..<(start + length)))
  }

  /// The first one of this type after the cursor; nil if there is none. The cursor stays where it is.
  package func first(_ type: UInt16) -> Attribute? {
    var cursor = self
    while let (length, found) = cursor.header() {
      if found == type { return cursor.next() }
      cursor.position += (length + 3) & ~3
    }
    return nil
  }

  /// How many there are after the cursor.
  package var count: Int {
    var cursor = self
    var count = 0
    while let (length, _) = cursor.header() {
      cursor.position += (length + 3) & ~3
      count += 1
    }
    return count
  }
}
