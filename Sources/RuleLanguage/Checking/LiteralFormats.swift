import Model

/// Reading of numbers in the forms that only some types have.
enum LiteralFormats {
  /// `0x…` or decimal, up to 128 bits.
  static func number(_ text: String) -> UInt128? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt128(text.dropFirst(2), radix: 16) }
    guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return UInt128(text)
  }

  /// Six groups of one or two hexadecimal digits.
  static func etherAddress(_ text: String) -> UInt128? {
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    guard groups.count == 6 else { return nil }
    var value: UInt128 = 0
    for group in groups {
      guard (1...2).contains(group.utf8.count), let byte = UInt8(group, radix: 16) else { return nil }
      value = value << 8 | UInt128(byte)
    }
    return value
  }

  /// `1d2h3m4s5ms`, units in this order, in milliseconds; a bare number is seconds.
  static func milliseconds(_ text: String) -> UInt128? {
    if let seconds = UInt128(text) { return seconds * 1000 }
    let units: [(name: String, scale: UInt128)] = [
      ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var rest = Substring(text)
    var total: UInt128 = 0
    var lastUnit = -1
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let letters = rest.dropFirst(digits.count).prefix { !$0.isNumber }
      guard let count = UInt128(digits), let unit = units.firstIndex(where: { $0.name == letters }), unit > lastUnit
      else { return nil }
      total += count * units[unit].scale
      lastUnit = unit
      rest = rest.dropFirst(digits.count + letters.count)
    }
    return text.isEmpty ? nil : total
  }

  /// `HH:MM[:SS]` in seconds; a leap second may be written.
  static func timeOfDay(_ text: some StringProtocol) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
      (1...2).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) } ? Int64(part) : nil
    }
    guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1], hour < 24, minute < 60 else {
      return nil
    }
    guard parts.count == 3 else { return hour * 3600 + minute * 60 }
    guard let second = parts[2], second <= 60 else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// `YYYY-MM-DD[ HH:MM[:SS]]` as seconds since 1970 of a clock that shows this.
  static func dateTime(_ text: String) -> Int64? {
    let halves = text.split(separator: " ", omittingEmptySubsequences: true)
    guard let date = halves.first, halves.count <= 2 else { return nil }
    let parts = date.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int64($0) }
    guard parts.count == 3, (1...12).contains(parts[1]), (1...31).contains(parts[2]), parts[0] >= 1970 else {
      return nil
    }
    guard halves.count == 2 else { return days(parts[0], parts[1], parts[2]) * 86400 }
    guard let time = timeOfDay(halves[1]) else { return nil }
    return days(parts[0], parts[1], parts[2]) * 86400 + time
  }

  /// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return shiftedYear * 365 + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + dayOfYear - 719_468
  }

  /// `MAJOR:MINOR` in hexadecimal, `root` or `none` (tc(8)).
  static func trafficClass(_ text: String) -> UInt128? {
    if text == "root" { return 0xFFFF_FFFF }
    if text == "none" { return 0 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let major = parts[0].isEmpty ? 0 : UInt16(parts[0], radix: 16)
    let minor = parts[1].isEmpty ? 0 : UInt16(parts[1], radix: 16)
    guard let major, let minor else { return nil }
    return UInt128(major) << 16 | UInt128(minor)
  }

  /// A string's bytes as they stand in memory, as an integer in the machine's order; nil if it does not fit.
  static func string(_ text: String, capacity: Int) -> UInt128? {
    guard text.utf8.count <= capacity, capacity <= 16 else { return nil }
    return text.utf8.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
  }
}
