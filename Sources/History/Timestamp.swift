import FoundationEssentials

/// A moment on the node's wall clock, in microseconds since 1970-01-01T00:00:00Z.
///
/// For people to read and for filters; never to be compared between nodes, whose clocks differ.
package struct Timestamp: Hashable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  package static func now() -> Timestamp {
    Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
  }
}

extension Timestamp: Comparable {
  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with six digits after the second: `2026-11-20T12:00:00.000001Z`.
  package var description: String {
    let (day, time) = microseconds.quotientAndRemainderRoundingDown(by: 86_400_000_000)
    let (seconds, fraction) = (time / 1_000_000, time % 1_000_000)
    let date = CivilDate(day: day)
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Timestamp.padded($0, 2) }.joined(separator: ":")
    let calendar = [(date.year, 4), (date.month, 2), (date.dayOfMonth, 2)].map(Timestamp.padded).joined(separator: "-")
    return "\(calendar)T\(clock).\(Timestamp.padded(fraction, 6))Z"
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Timestamp: LosslessStringConvertible {
  /// RFC 3339 with `Z` or an offset, a fraction or none; or a date alone, which is its midnight in UTC.
  package init?(_ text: String) {
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
      let day = reader.number(2), let date = CivilDate(year: year, month: month, dayOfMonth: day)
    else { return nil }
    microseconds = date.day * 86_400_000_000
    if reader.isAtEnd { return }
    guard reader.skip("T") || reader.skip("t") || reader.skip(" "), let time = reader.time() else { return nil }
    microseconds += time
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    microseconds -= offset * 1_000_000
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a time of RFC 3339")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A day of the Gregorian calendar. The arithmetic counts years from March, so that a leap day is a year's last.
private struct CivilDate {
  var year: Int64
  var month: Int64
  var dayOfMonth: Int64

  private static let daysIn400Years: Int64 = 146_097
  /// From 0000-03-01 to 1970-01-01.
  private static let daysBefore1970: Int64 = 719_468

  init(day: Int64) {
    let (era, dayOfEra) = (day + CivilDate.daysBefore1970).quotientAndRemainderRoundingDown(
      by: CivilDate.daysIn400Years)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// - Returns: nil for a day that the calendar does not have.
  init?(year: Int64, month: Int64, dayOfMonth: Int64) {
    (self.year, self.month, self.dayOfMonth) = (year, month, dayOfMonth)
    guard (1...12).contains(month), dayOfMonth >= 1 else { return nil }
    let same = CivilDate(day: day)
    guard (same.year, same.month, same.dayOfMonth) == (year, month, dayOfMonth) else { return nil }
  }

  /// Days since 1970-01-01.
  var day: Int64 {
    let fromMarch = month > 2 ? year : year - 1
    let (era, yearOfEra) = fromMarch.quotientAndRemainderRoundingDown(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * CivilDate.daysIn400Years + dayOfEra - CivilDate.daysBefore1970
  }
}

private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = Substring(text).utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest.removeFirst()
    return true
  }

  mutating func digit() -> Int64? {
    guard let first = rest.first, (48...57).contains(first) else { return nil }
    rest.removeFirst()
    return Int64(first) - 48
  }

  mutating func number(_ width: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<width {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// `HH:MM:SS` with a fraction, in microseconds; digits beyond the sixth are dropped.
  mutating func time() -> Int64? {
    guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60, skip(":"),
      let second = number(2), second <= 60
    else { return nil }
    var value = (hour * 3600 + minute * 60 + second) * 1_000_000
    guard skip(".") else { return value }
    guard var fraction = digit() else { return nil }
    fraction *= 100_000
    var unit: Int64 = 10_000
    while let next = digit() {
      fraction += next * unit
      unit /= 10
    }
    value += fraction
    return value
  }

  /// `Z` or `+HH:MM`, in seconds east of UTC.
  mutating func offset() -> Int64? {
    if skip("Z") || skip("z") { return 0 }
    let sign: Int64
    if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
    guard let hours = number(2), hours < 24, skip(":"), let minutes = number(2), minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}

extension Int64 {
  /// Unlike `/` and `%`, right for days before 1970 too.
  fileprivate func quotientAndRemainderRoundingDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
