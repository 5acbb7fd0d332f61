import Model

/// Values as `nft list` writes them. One object for all rules: what writes a part of one holds it too.
final class ValueText: Sendable {
  let names: (any NameResolver)?
  /// Transport protocols as numbers, as `nft -p` has them.
  let showsProtocolNumbers: Bool

  init(names: (any NameResolver)?, showsProtocolNumbers: Bool = false) {
    self.names = names
    self.showsProtocolNumbers = showsProtocolNumbers
  }

  /// One value, most significant byte first (strings as they are).
  func text(_ value: Bytes, as shape: ValueShape) -> String {
    switch shape.type {
    case .ipv4Address where value.count == 4:
      return IPAddress.v4(UInt32(truncatingIfNeeded: value.bigEndianValue)).description
    case .ipv4Address, .ipv6Address:
      return IPAddress(networkBytes: value).map(\.description) ?? Self.hexadecimal(value)
    case .etherAddress, .linkLayerAddress:
      return value.map { Self.digits(UInt64($0), count: 2) }.joined(separator: ":")
    case .string, .interfaceName: return Self.quoted(Self.string(value))
    case .conntrackLabel: return flags(value, shape) ?? Self.hexadecimal(value)
    default: return value.count > 8 ? Self.hexadecimal(value) : text(value.bigEndianValue, as: shape)
    }
  }

  /// A value among others, where a comma would divide it.
  func element(_ value: Bytes, as shape: ValueShape) -> String {
    guard shape.type.isBitmask, value.count <= 8 else { return text(value, as: shape) }
    return flags(value.bigEndianValue, shape, separator: " | ")
  }

  /// A bound of a range; nft writes those without names and units.
  func bound(_ value: Bytes, as shape: ValueShape) -> String {
    switch shape.type {
    case .inetProtocol, .deviceGroup, .realm, .interfaceIndex: return String(value.bigEndianValue)
    case .time:
      let (seconds, rest) = value.bigEndianValue.quotientAndRemainder(dividingBy: 1000)
      return rest == 0 ? "\(seconds)s" : "\(value.bigEndianValue)ms"
    default:
      var shape = shape
      shape.symbols = nil
      return text(value, as: shape)
    }
  }

  /// Hours that reach over midnight are matched as what lies outside of the rest of the day.
  func hoursOutside(_ first: Bytes, _ last: Bytes, _ shape: ValueShape) -> String? {
    guard shape.type == .hour else { return nil }
    return "\(text(last, as: shape))-\(text(first, as: shape))"
  }

  /// Of the day, in the node's time zone.
  private func localSeconds(_ seconds: UInt64) -> UInt64 {
    let local = Int64(clamping: seconds) + (names?.secondsEastOfUTC(at: nil) ?? 0)
    return UInt64((local % 86_400 + 86_400) % 86_400)
  }

  /// A number of at most 64 bits.
  func text(_ value: UInt64, as shape: ValueShape) -> String {
    if shape.type.isBitmask { return flags(value, shape, separator: ",") }
    if let name = shape.symbols?.name(of: value) { return shape.type == .day ? Self.quoted(name) : name }
    switch shape.type {
    case .mark: return "0x" + Self.digits(value, count: 8)
    case .etherType: return "0x" + Self.digits(value, count: 4)
    case .dscp, .ecn: return "0x" + Self.digits(value, count: 2)
    case .inetProtocol: return (showsProtocolNumbers ? nil : Self.protocolNames[value]) ?? String(value)
    case .interfaceIndex:
      return names?.interfaceName(UInt32(truncatingIfNeeded: value)).map(Self.quoted) ?? String(value)
    case .deviceGroup: return value == 0 ? Self.quoted("default") : String(value)
    case .realm: return "0x" + Self.digits(value, count: 8)
    case .classID: return Self.trafficClass(UInt32(truncatingIfNeeded: value))
    case .time: return DurationText.text(milliseconds: value)
    case .dateTime:
      let seconds = Int64(value / 1_000_000_000)
      return Self.quoted(ClockText.dateTime(seconds: seconds + (names?.secondsEastOfUTC(at: seconds) ?? 0)))
    case .hour:
      return Self.quoted(ClockText.timeOfDay(seconds: localSeconds(value)))
    default: return shape.isHexadecimal ? "0x" + String(value, radix: 16) : String(value)
    }
  }

  /// Bits by their names, with what has no name as one number; nil where a label has a bit without a name or number.
  private func flags(_ value: Bytes, _ shape: ValueShape) -> String? {
    let bits = (0..<value.count * 8).filter { value[value.count - 1 - $0 / 8] & 1 << UInt8($0 % 8) != 0 }
    return bits.isEmpty ? "0" : bits.map { String($0) }.joined(separator: ",")
  }

  /// Bits by their names, in ascending order of the bits' values.
  func flags(_ value: UInt64, _ shape: ValueShape, separator: String) -> String {
    guard let symbols = shape.symbols, value != 0 else { return "0x" + String(value, radix: 16) }
    var rest = value
    var parts: [String] = []
    for bit in 0..<UInt64(64) where value & 1 << bit != 0 {
      guard let name = symbols.name(of: 1 << bit) else { continue }
      parts.append(name)
      rest &= ~(1 << bit)
    }
    if rest != 0 { parts.append("0x" + String(rest, radix: 16)) }
    return parts.joined(separator: separator)
  }

  /// /etc/protocols' names for the numbers that rules name most; others stay numbers.
  private static let protocolNames: [UInt64: String] = [
    1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp",
    89: "ospf", 108: "ipcomp", 112: "vrrp", 132: "sctp", 136: "udplite",
  ]

  /// tc(8)'s `major:minor`
  private static func trafficClass(_ value: UInt32) -> String {
    switch value {
    case 0: return "none"
    case UInt32.max: return "root"
    default:
      return String(value >> 16, radix: 16) + ":" + String(value & 0xFFFF, radix: 16)
    }
  }
}

extension ValueText {
  /// A name as a register of 16 bytes holds it: up to the first zero byte.
  static func string(_ bytes: Bytes) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

  /// In quotes; a `*` at the end that is meant itself gets a backslash (nft(8), "iifname").
  static func quoted(_ text: String) -> String {
    text.hasSuffix("*") ? "\"\(text.dropLast())\\*\"" : "\"\(text)\""
  }

  /// `0x`, without leading zeros.
  static func hexadecimal(_ value: Bytes) -> String {
    let digits = value.description.drop { $0 == "0" }
    return "0x" + (digits.isEmpty ? "0" : digits)
  }

  static func digits(_ value: UInt64, count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: Swift.max(0, count - digits.count)) + digits
  }
}

/// Spans of time as nft writes them: `1h30m`.
enum DurationText {
  private static let units: [(milliseconds: UInt64, word: String)] = [
    (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"),
  ]

  static func text(milliseconds: UInt64) -> String {
    var rest = milliseconds
    var text = ""
    for unit in units where rest >= unit.milliseconds {
      text += "\(rest / unit.milliseconds)\(unit.word)"
      rest %= unit.milliseconds
    }
    return text.isEmpty ? "0s" : text
  }
}

/// Points in time, in the time zone that the caller added.
enum ClockText {
  /// `2026-11-20 17:00:00`, the proleptic Gregorian calendar.
  static func dateTime(seconds total: Int64) -> String {
    let seconds = UInt64(clamping: total)
    let day = civil(day: Int64(seconds / 86_400))
    let time = [seconds % 86_400 / 3600, seconds % 3600 / 60, seconds % 60].map { two($0) }.joined(separator: ":")
    return "\(day.year)-\(two(UInt64(day.month)))-\(two(UInt64(day.day))) \(time)"
  }

  /// `17:00`, with seconds where there are any.
  static func timeOfDay(seconds: UInt64) -> String {
    "\(two(seconds / 3600)):\(two(seconds % 3600 / 60))" + (seconds % 60 == 0 ? "" : ":\(two(seconds % 60))")
  }

  private static func two(_ value: UInt64) -> String { (value < 10 ? "0" : "") + String(value) }

  /// Days since 1970-01-01 as a date: eras of 400 years that begin in March, so that the leap day comes last.
  private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let ofEra = shifted % 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    let monthOfYear = month < 10 ? month + 3 : month - 9
    return (year + era * 400 + (monthOfYear <= 2 ? 1 : 0), monthOfYear, ofYear - (153 * month + 2) / 5 + 1)
  }
}
