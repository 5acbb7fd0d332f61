/// An IPv4 or IPv6 address (RFC 791, RFC 4291).
package enum IPAddress: Hashable, Sendable {
  /// In host order: 192.0.2.1 is 0xC0000201.
  case v4(UInt32)
  case v6(high: UInt64, low: UInt64)

  /// 4 or 16 bytes in network order.
  package init?(networkBytes bytes: some Collection<UInt8>) {
    switch bytes.count {
    case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
    case 16:
      self = .v6(
        high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
    default: return nil
    }
  }

  /// 4 or 16 bytes in network order.
  package var networkBytes: Bytes {
    switch self {
    case .v4(let value): Bytes(bigEndian: UInt64(value), width: 4)
    case .v6(let high, let low): Bytes(UInt128(high) << 64 | UInt128(low), count: 16, bigEndian: true)
    }
  }

  package var family: Family {
    switch self {
    case .v4: .ipv4
    case .v6: .ipv6
    }
  }

  /// 32 or 128.
  package var bitWidth: Int {
    switch self {
    case .v4: 32
    case .v6: 128
    }
  }

  /// The address with all bits after the first `length` cleared.
  /// - Precondition: `length` is 0 to `bitWidth`.
  package func masked(to length: Int) -> IPAddress {
    precondition((0...bitWidth).contains(length), "prefix length \(length)")
    switch self {
    case .v4(let value): return .v4(length == 0 ? 0 : value & (UInt32.max << UInt32(32 - length)))
    case .v6(let high, let low):
      let highMask = length == 0 ? 0 : length >= 64 ? UInt64.max : UInt64.max << UInt64(64 - length)
      let lowMask = length <= 64 ? 0 : length == 128 ? UInt64.max : UInt64.max << UInt64(128 - length)
      return .v6(high: high & highMask, low: low & lowMask)
    }
  }
}

extension IPAddress: Comparable {
  /// IPv4 before IPv6, then by value.
  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    switch (left, right) {
    case (.v4(let left), .v4(let right)): left < right
    case (.v4, .v6): true
    case (.v6, .v4): false
    case (.v6(let leftHigh, let leftLow), .v6(let rightHigh, let rightLow)):
      (leftHigh, leftLow) < (rightHigh, rightLow)
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted decimal, or the form that RFC 5952 recommends.
  package var description: String {
    switch self {
    case .v4:
      var text = TextWriter(capacity: 15)
      write(to: &text)
      return text.text
    case .v6(let high, let low):
      let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - $0 % 4 * 16)) }
      if high == 0, low >> 32 == 0xFFFF {
        return "::ffff:" + IPAddress.v4(UInt32(truncatingIfNeeded: low)).description
      }
      let run = IPAddress.longestZeroRun(in: groups)
      let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
      guard let run else { return text(groups[...]) }
      return text(groups[..<run.lowerBound]) + "::" + text(groups[run.upperBound...])
    }
  }

  /// IPv4 digit by digit: sets and routes are printed by the hundred thousand.
  package func write(to text: inout TextWriter) {
    guard case .v4(let value) = self else { return text.put(description) }
    for shift in [24, 16, 8] as [UInt32] {
      text.put(value >> shift & 0xFF)
      text.put(".")
    }
    text.put(value & 0xFF)
  }

  /// The first of the longest runs of two or more zero groups.
  private static func longestZeroRun(in groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start: Int?
    for index in 0...groups.count {
      if index < groups.count, groups[index] == 0 {
        start = start ?? index
      } else if let begin = start {
        if index - begin >= 2, index - begin > (best?.count ?? 0) { best = begin..<index }
        start = nil
      }
    }
    return best
  }
}

/// An address with the count of bits that matter.
package struct IPPrefix: Hashable, Sendable {
  /// Bits after the prefix are zero.
  package let address: IPAddress
  /// 0 to 32, or 0 to 128.
  package let length: UInt8

  /// - Returns: nil if `length` is beyond the address's width. Bits after the prefix are cleared.
  package init?(_ address: IPAddress, length: Int) {
    guard (0...address.bitWidth).contains(length) else { return nil }
    self.address = address.masked(to: length)
    self.length = UInt8(length)
  }

  /// `ADDRESS` or `ADDRESS/LENGTH`. Bits set after the prefix make it nil: they are a mistake more often than not.
  package init?(_ text: some StringProtocol) { self.init(ascii: ArraySlice(Array(text.utf8))) }

  package var isDefault: Bool { length == 0 }
}

extension IPPrefix: Comparable {
  package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
    (left.address, left.length) < (right.address, right.length)
  }
}

extension IPPrefix: CustomStringConvertible {
  /// As ip(8) prints it: `default`, a bare address for a host, else with the length.
  package var description: String {
    var text = TextWriter(capacity: 18)
    write(to: &text)
    return text.text
  }

  package func write(to text: inout TextWriter) {
    if isDefault { return text.put("default") }
    address.write(to: &text)
    if Int(length) == address.bitWidth { return }
    text.put("/")
    text.put(UInt32(length))
  }
}
