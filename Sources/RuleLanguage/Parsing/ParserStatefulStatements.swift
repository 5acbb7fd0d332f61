/// Statements with a state of their own, which elements and sets can have too, and references to named objects.
extension Parser {
  /// `counter`, `limit`, `quota`, `last`, `ct count`; nil if none is next.
  mutating func statefulStatement(_ leading: LeadingWord?) throws(SyntaxError) -> StatementSyntax? {
    let start = token.start
    let kind: StatementSyntax.Kind
    switch leading {
    case .counter: kind = try counter()
    case .limit: kind = try limit()
    case .quota: kind = try quota()
    case .last: kind = try last()
    case .ct where isWord(peek(), "count"): kind = try connectionLimit()
    default: return nil
    }
    return StatementSyntax(kind, span(from: start))
  }

  /// `counter name "x"`, `limit name tcp dport map { … }`
  mutating func namedObject() throws(SyntaxError) -> StatementSyntax.Kind {
    let kind = try word("an object's kind")
    try expect("name")
    return .object(kind: kind, try expression(.argument))
  }

  private mutating func counter() throws(SyntaxError) -> StatementSyntax.Kind {
    if isWord(peek(), "name") { return try namedObject() }
    advance()
    let values = try counterValues()
    return .counter(packets: values.packets, bytes: values.bytes)
  }

  /// `packets N bytes N`, either or both, in any order.
  mutating func counterValues() throws(SyntaxError) -> (packets: UInt64, bytes: UInt64) {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    while true {
      if take("packets") {
        packets = try number("a number of packets")
      } else if take("bytes") {
        bytes = try number("a number of bytes")
      } else {
        return (packets, bytes)
      }
    }
  }

  private mutating func limit() throws(SyntaxError) -> StatementSyntax.Kind {
    if isWord(peek(), "name") { return try namedObject() }
    advance()
    return .limit(try limitValues())
  }

  /// `rate [over] N[ UNIT]/TIME [burst N UNIT]`
  mutating func limitValues() throws(SyntaxError) -> LimitSyntax {
    try expect("rate")
    let isInverted = take("over")
    if !isInverted { _ = take("until") }
    let start = token.start
    var rate = try quantity("a rate such as 10/second or 5 mbytes/minute")
    let time: String
    if let slash = rate.unit.firstIndex(of: "/") {
      // nft's scanner takes `kbytes/second` for one word.
      time = String(rate.unit[rate.unit.index(after: slash)...])
      rate.unit = String(rate.unit[..<slash])
    } else {
      try expect(.slash, "'/' and a time")
      time = try word("second, minute, hour, day or week").text
    }
    guard let seconds = SymbolTable.limitUnits.value(of: time) else {
      throw SyntaxError(
        "'\(time)' is no unit of time", at: span(from: start), hint: "expected second, minute, hour, day or week")
    }
    let unit: LimitSyntax.Unit = rate.unit.isEmpty || rate.unit == "packets" ? .packets : .bytes
    var amount = rate.number
    if unit == .bytes {
      guard let factor = SymbolTable.byteUnits.value(of: rate.unit) else {
        throw SyntaxError(
          "'\(rate.unit)' is no unit of data", at: span(from: start), hint: "expected packets, bytes, kbytes or mbytes")
      }
      amount = try scaled(amount, by: factor, at: span(from: start))
    }
    let burst = take("burst") ? try burst(unit) : nil
    return LimitSyntax(rate: amount, unit: unit, seconds: seconds, burst: burst, isInverted: isInverted)
  }

  private mutating func burst(_ unit: LimitSyntax.Unit) throws(SyntaxError) -> UInt64 {
    let burst = try quantity("a burst")
    switch unit {
    case .packets:
      guard burst.unit == "packets" || burst.unit.isEmpty else {
        throw SyntaxError("the burst of a rate in packets is in packets too", at: burst.span)
      }
      return burst.number
    case .bytes:
      guard let factor = SymbolTable.byteUnits.value(of: burst.unit) else {
        throw SyntaxError("the burst of a rate in bytes is in bytes, kbytes or mbytes", at: burst.span)
      }
      return try scaled(burst.number, by: factor, at: burst.span)
    }
  }

  private mutating func quota() throws(SyntaxError) -> StatementSyntax.Kind {
    if isWord(peek(), "name") { return try namedObject() }
    advance()
    let values = try quotaValues()
    return .quota(bytes: values.bytes, used: values.used, inverted: values.inverted)
  }

  /// `[over|until] N UNIT [used N UNIT]`
  mutating func quotaValues() throws(SyntaxError) -> (bytes: UInt64, used: UInt64, inverted: Bool) {
    let inverted = take("over")
    if !inverted { _ = take("until") }
    let bytes = try byteCount("a number of bytes such as 25 mbytes")
    let used = take("used") ? try byteCount("a number of bytes") : 0
    return (bytes, used, inverted)
  }

  private mutating func last() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    guard take("used") else { return .last(used: nil) }
    if take("never") { return .last(used: nil) }
    return .last(used: try milliseconds())
  }

  private mutating func connectionLimit() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    try expect("count")
    let inverted = take("over")
    if !inverted { _ = take("until") }
    return .connectionLimit(count: try number("a number of connections"), inverted: inverted)
  }
}
