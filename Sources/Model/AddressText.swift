/// Reading addresses from text, byte by byte: a large set or routing table has hundreds of thousands of them.
extension IPAddress {
  /// Reads dotted decimal (four parts, no leading zeros) or the forms of RFC 4291 section 2.2.
  package init?(_ text: some StringProtocol) { self.init(ascii: ArraySlice(Array(text.utf8))) }

  /// Without a copy where there is no colon: sets are read by the hundred thousand.
  package init?(_ text: String) {
    if text.utf8.contains(Ascii.colon) {
      self.init(ascii: ArraySlice(Array(text.utf8)))
    } else {
      guard let value = IPAddress.parseV4(text.utf8) else { return nil }
      self = .v4(value)
    }
  }

  /// As `init(_:)`, from the text's UTF-8 bytes.
  package init?(ascii text: ArraySlice<UInt8>) {
    if text.contains(Ascii.colon) {
      guard let (high, low) = IPAddress.parseV6(text) else { return nil }
      self = .v6(high: high, low: low)
    } else {
      guard let value = IPAddress.parseV4(text) else { return nil }
      self = .v4(value)
    }
  }

  private static func parseV4(_ text: some Sequence<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var parts = 1
    for byte in text {
      if byte == Ascii.dot {
        guard digits > 0, parts < 4 else { return nil }
        value = value << 8 | part
        part = 0
        digits = 0
        parts += 1
      } else {
        guard (Ascii.zero...Ascii.nine).contains(byte), digits < 3, digits == 0 || part > 0 else { return nil }
        part = part * 10 + UInt32(byte - Ascii.zero)
        guard part <= 255 else { return nil }
        digits += 1
      }
    }
    return parts == 4 && digits > 0 ? value << 8 | part : nil
  }

  /// Groups fill from the left; those after a `::` are moved to the right end when all are read.
  private static func parseV6(_ text: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64)? {
    var groups = IPv6Groups()
    var index = text.startIndex
    if text.starts(with: [Ascii.colon, Ascii.colon]) {
      groups.gap = 0
      index += 2
    }
    while index < text.endIndex {
      let start = index
      var group: UInt16 = 0
      while index < text.endIndex, let digit = Ascii.hexadecimalDigit(text[index]) {
        guard index - start < 4 else { return nil }
        group = group << 4 | UInt16(digit)
        index += 1
      }
      if index < text.endIndex, text[index] == Ascii.dot {
        guard let value = parseV4(text[start...]), groups.append(UInt16(value >> 16)),
          groups.append(UInt16(truncatingIfNeeded: value))
        else { return nil }
        return groups.value
      }
      guard index > start, groups.append(group) else { return nil }
      if index == text.endIndex { return groups.value }
      guard text[index] == Ascii.colon, index + 1 < text.endIndex else { return nil }
      index += 1
      if text[index] == Ascii.colon {
        guard groups.gap == nil else { return nil }
        groups.gap = groups.count
        index += 1
      }
    }
    return groups.value
  }
}

/// The groups of an IPv6 address that were read so far.
private struct IPv6Groups {
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private(set) var count = 0
  /// How many groups stand before the `::`.
  var gap: Int?

  /// - Returns: false if there was no room.
  mutating func append(_ group: UInt16) -> Bool {
    guard count < 8 else { return false }
    high = high << 16 | low >> 48
    low = low << 16 | UInt64(group)
    count += 1
    return true
  }

  /// nil if groups are missing, or if a `::` stands for none.
  var value: (high: UInt64, low: UInt64)? {
    guard let gap else { return count == 8 ? (high, low) : nil }
    guard count < 8 else { return nil }
    // What was read stands at the right end: the part before the gap moves to the left.
    let read = IPAddress.v6(high: high, low: low)
    let tail = read.keepingLast(groups: count - gap)
    let head = read.shiftedLeft(groups: 8 - count).masked(to: gap * 16)
    guard case .v6(let tailHigh, let tailLow) = tail, case .v6(let headHigh, let headLow) = head else { return nil }
    return (tailHigh | headHigh, tailLow | headLow)
  }
}

extension IPAddress {
  fileprivate func keepingLast(groups: Int) -> IPAddress {
    guard case .v6(let high, let low) = self else { return self }
    if groups >= 4 { return .v6(high: groups == 4 ? 0 : high & (1 << UInt64((groups - 4) * 16) - 1), low: low) }
    return .v6(high: 0, low: groups == 0 ? 0 : low & (1 << UInt64(groups * 16) - 1))
  }

  fileprivate func shiftedLeft(groups: Int) -> IPAddress {
    guard case .v6(let high, let low) = self else { return self }
    let bits = UInt64(groups * 16)
    if bits >= 64 { return .v6(high: bits == 128 ? 0 : low << (bits - 64), low: 0) }
    return bits == 0 ? self : .v6(high: high << bits | low >> (64 - bits), low: low << bits)
  }
}

extension IPPrefix {
  /// As `init(_:)`, from the text's UTF-8 bytes.
  package init?(ascii text: ArraySlice<UInt8>) {
    guard let (address, length) = IPPrefix.split(ascii: text) else { return nil }
    self.init(address, length: length)
    guard self.address == address else { return nil }
  }

  /// Address and length as written, also where bits are set after the prefix; nil if it is no prefix at all.
  package static func split(ascii text: ArraySlice<UInt8>) -> (address: IPAddress, length: Int)? {
    guard let slash = text.lastIndex(of: Ascii.slash) else {
      return IPAddress(ascii: text).map { ($0, $0.bitWidth) }
    }
    guard let address = IPAddress(ascii: text[..<slash]) else { return nil }
    let digits = text[(slash + 1)...]
    guard (1...3).contains(digits.count), digits.allSatisfy({ (Ascii.zero...Ascii.nine).contains($0) }) else {
      return nil
    }
    let length = digits.reduce(0) { $0 * 10 + Int($1 - Ascii.zero) }
    return length <= address.bitWidth ? (address, length) : nil
  }
}

private enum Ascii {
  static let dot: UInt8 = 0x2E
  static let slash: UInt8 = 0x2F
  static let zero: UInt8 = 0x30
  static let nine: UInt8 = 0x39
  static let colon: UInt8 = 0x3A

  static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
