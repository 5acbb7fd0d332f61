extension Parser {
  /// A time such as `1d2h3m4s5ms`, or plain seconds; in milliseconds.
  mutating func milliseconds() throws(SyntaxError) -> UInt64 {
    let place = span(token)
    let text: String
    switch token.kind {
    case .number:
      let seconds: UInt64 = try number("a time")
      return try scaled(seconds, by: 1000, at: place)
    case .word, .string:
      text = self.text(token)
      advance()
    case .dollar: text = try variableText("a time")
    default: throw unexpected("a time such as 30s or 1h30m")
    }
    guard let value = Self.parseTime(text) else {
      throw SyntaxError("'\(text)' is not a time", at: place, hint: "expected something like 30s, 1h30m or 500ms")
    }
    return value
  }

  mutating func seconds() throws(SyntaxError) -> UInt64 {
    let place = span(token)
    let value = try milliseconds()
    guard value % 1000 == 0 else { throw SyntaxError("expected whole seconds", at: place) }
    return value / 1000
  }

  private mutating func variableText(_ what: String) throws(SyntaxError) -> String {
    let value = try variable()
    switch value.kind {
    case .word(let text), .string(let text): return text
    case .number(let number): return "\(number)s"
    default: throw SyntaxError("the variable does not hold \(what)", at: value.span)
    }
  }

  func scaled(_ value: UInt64, by factor: UInt64, at place: Span) throws(SyntaxError) -> UInt64 {
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw SyntaxError("the number is too large", at: place) }
    return product
  }

  /// Milliseconds; nil if the text is no time. Units may come in any order but each once, as nft(8) has them: d, h, m, s, ms.
  static func parseTime(_ text: String) -> UInt64? {
    var total: UInt64 = 0
    var digits: UInt64?
    var rest = Substring(text).utf8
    guard !rest.isEmpty else { return nil }
    while let byte = rest.first {
      rest.removeFirst()
      if Lexer.isDigit(byte) {
        let (product, tooLarge) = (digits ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
        guard !tooLarge, !overflow else { return nil }
        digits = sum
        continue
      }
      guard let amount = digits else { return nil }
      digits = nil
      let unit: UInt64
      switch byte {
      case UInt8(ascii: "w"): unit = 604_800_000
      case UInt8(ascii: "d"): unit = 86_400_000
      case UInt8(ascii: "h"): unit = 3_600_000
      case UInt8(ascii: "m") where rest.first == UInt8(ascii: "s"):
        rest.removeFirst()
        unit = 1
      case UInt8(ascii: "m"): unit = 60_000
      case UInt8(ascii: "s"): unit = 1000
      default: return nil
      }
      let (product, tooLarge) = amount.multipliedReportingOverflow(by: unit)
      let (sum, overflow) = total.addingReportingOverflow(product)
      guard !tooLarge, !overflow else { return nil }
      total = sum
    }
    if let seconds = digits {
      guard total == 0, seconds < UInt64.max / 1000 else { return nil }
      return seconds * 1000
    }
    return total
  }

  /// `25 mbytes`, `25mbytes` or `25 bytes`; in bytes.
  mutating func byteCount(_ what: String) throws(SyntaxError) -> UInt64 {
    let amount = try quantity(what)
    guard let factor = SymbolTable.byteUnits.value(of: amount.unit) else {
      throw SyntaxError(
        "'\(amount.unit)' is no unit of data", at: amount.span, hint: "expected bytes, kbytes or mbytes")
    }
    return try scaled(amount.number, by: factor, at: amount.span)
  }

  /// A number and the word behind it, with or without a space; the unit is empty if there is none.
  mutating func quantity(_ what: String) throws(SyntaxError) -> (number: UInt64, unit: String, span: Span) {
    let start = token.start
    if token.kind == .word {
      let text = text(token)
      let digits = text.utf8.prefix(while: Lexer.isDigit)
      guard let number = UInt64(text.prefix(digits.count)) else { throw unexpected(what) }
      advance()
      return (number, String(text.dropFirst(digits.count)), span(from: start))
    }
    let value: UInt64 = try number(what)
    guard token.kind == .word else { return (value, "", span(from: start)) }
    let unit = text(token)
    advance()
    return (value, unit, span(from: start))
  }
}
