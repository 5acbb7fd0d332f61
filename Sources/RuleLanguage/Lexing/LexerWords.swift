/// Names, numbers and addresses.
extension Lexer {
  /// Begins with a letter or `_`; a star may end it.
  mutating func name(from start: Int) -> Token {
    var end = start + 1
    while end < bytes.count, Self.continuesName(bytes[end]) { end += 1 }
    if byte(end) == UInt8(ascii: "\\"), byte(end + 1) == UInt8(ascii: "*") {
      return token(.word, start, end + 2)
    }
    if byte(end) == UInt8(ascii: "*") { end += 1 }
    return token(.word, start, end)
  }

  /// Begins with a digit: a number, an address, a time or whatever else (`8021q`, `1025bytes`).
  mutating func number(from start: Int) -> Token {
    if let end = addressEnd(from: start) { return token(.word, start, end) }
    var end = start
    var value: UInt64 = 0
    var isNumber = true
    // As C writes them, and strtoul(3) reads them for nft.
    let base: UInt64 = bytes[start] == UInt8(ascii: "0") ? 8 : 10
    while end < bytes.count {
      let digit = bytes[end]
      if digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
        if isNumber {
          let (product, tooLarge) = value.multipliedReportingOverflow(by: base)
          let (sum, overflow) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
          value = sum
          isNumber = !tooLarge && !overflow && UInt64(digit - UInt8(ascii: "0")) < base
        }
      } else if Self.isLetter(digit) || digit == UInt8(ascii: ".") && Self.isWordByte(byte(end + 1)) {
        isNumber = false
      } else {
        break
      }
      end += 1
    }
    if isNumber { return token(.number, start, end, value: value) }
    if let value = hexadecimal(start, end) { return token(.number, start, end, value: value) }
    return token(.word, start, end)
  }

  /// nil if it is none, or does not fit into 64 bits (then it stays a word).
  private func hexadecimal(_ start: Int, _ end: Int) -> UInt64? {
    guard end - start > 2, bytes[start] == UInt8(ascii: "0"), bytes[start + 1] | 0x20 == UInt8(ascii: "x") else {
      return nil
    }
    var value: UInt64 = 0
    for index in start + 2..<end {
      guard Self.isHexadecimal(bytes[index]), value >> 60 == 0 else { return nil }
      let byte = bytes[index]
      value = value << 4 | UInt64(byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : (byte | 0x20) - 87)
    }
    return value
  }

  /// Where an IPv6 address, an Ethernet address or a class id (`1:bbf8`) ends that begins at `start`; nil if none does.
  func addressEnd(from start: Int) -> Int? {
    var end = start
    var colons = 0
    var dots = 0
    var hasDouble = false
    var groupLength = 0
    var longestGroup = 0
    scan: while end < bytes.count {
      switch bytes[end] {
      case UInt8(ascii: ":"):
        // The third in a row is a map's: `…:aaaa:::accept`.
        if end - start > 1, bytes[end - 1] == UInt8(ascii: ":"), bytes[end - 2] == UInt8(ascii: ":") { break scan }
        colons += 1
        hasDouble = hasDouble || end > start && bytes[end - 1] == UInt8(ascii: ":")
        groupLength = 0
      case UInt8(ascii: "."):
        // A dot belongs to an address only where IPv4 digits follow: `::ffff:10.0.0.1`.
        guard colons > 0, Self.isDigit(byte(end + 1)) else { break scan }
        dots += 1
        groupLength = 0
      case let byte where Self.isHexadecimal(byte):
        groupLength += 1
        longestGroup = max(longestGroup, groupLength)
      default: break scan
      }
      end += 1
    }
    guard colons > 0 else { return nil }
    // `::1:` in a map: the last colon is the map's.
    if end - start > 1, bytes[end - 1] == UInt8(ascii: ":"), bytes[end - 2] != UInt8(ascii: ":") {
      end -= 1
      colons -= 1
    }
    if hasDouble { return longestGroup <= 4 || dots > 0 ? end : nil }
    if bytes[start] == UInt8(ascii: ":") || Self.isLetter(byte(end)) { return nil }
    if colons == 7 || colons == 6 && dots == 3 || colons == 5 && longestGroup <= 2 { return end }
    return colons == 1 && dots == 0 && longestGroup <= 4 && endsClassID(end) ? end : nil
  }

  /// nft takes `a:b` for a class id only before these.
  private func endsClassID(_ end: Int) -> Bool {
    switch byte(end) {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: ":"), UInt8(ascii: "-"),
      UInt8(ascii: "}"), UInt8(ascii: ","):
      byte(end - 1) != UInt8(ascii: ":")
    case UInt8(ascii: ";"): byte(end - 1) != UInt8(ascii: ":")
    default: end == bytes.count && byte(end - 1) != UInt8(ascii: ":")
    }
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_") }

  @inline(__always)
  static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }

  @inline(__always)
  static func isWordByte(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

  /// nft's `string`: letters, digits and `/ - _ .`
  @inline(__always)
  static func continuesName(_ byte: UInt8) -> Bool {
    isWordByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
  }
}
