/// What may stand in an expression.
enum ExpressionPlace {
  /// The left side of a match and the keys that rules put into sets: packets' fields, and constants.
  case selector
  /// What a statement takes: packets' fields or constants; a protocol's name alone is a constant.
  case argument
  /// The right side of a match, set elements, variables: constants alone.
  case constant
}

extension Parser {
  /// `a . b`, with ranges and prefixes inside, and `map` behind it.
  mutating func expression(
    _ place: ExpressionPlace, allowsList: Bool = false
  ) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    var result = try concatenation(place)
    if place != .constant, at("map") {
      advance()
      let mapping = try mapping()
      result = ExpressionSyntax(.map(key: result, mapping), span(from: start))
    }
    guard allowsList, at(.comma) else { return result }
    var parts = [result]
    while take(.comma) {
      skipNewlines()
      parts.append(try concatenation(place))
    }
    return ExpressionSyntax(.list(parts), span(from: start))
  }

  /// `{ … }` or `@name` behind `map` and `vmap`, or a variable that holds the former.
  mutating func mapping() throws(SyntaxError) -> ExpressionSyntax {
    switch token.kind {
    case .openBrace: return try setLiteral(.constant)
    case .at: return try setReference()
    case .dollar:
      let value = try variable()
      guard case .set = value.kind else {
        throw SyntaxError("the variable does not hold a map", at: value.span, hint: "expected { key : value, … }")
      }
      return value
    default: throw unexpected("'{' or '@' and a map's name")
    }
  }

  mutating func setReference() throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    try expect(.at, "'@'")
    guard token.kind == .word || token.kind == .string || token.kind == .number else {
      throw unexpected("a set's name")
    }
    let name = text(token)
    advance()
    return ExpressionSyntax(.setReference(name), span(from: start))
  }

  private mutating func concatenation(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    let first = try interval(place)
    guard at(.dot) else { return first }
    var parts = [first]
    while take(.dot) { parts.append(try interval(place)) }
    return ExpressionSyntax(.concatenation(parts), span(from: start))
  }

  /// A value, a range or a prefix.
  private mutating func interval(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    let value = try binary(place, weight: 0)
    if at(.dash) {
      advance()
      let upper = try binary(place, weight: 0)
      return ExpressionSyntax(.range(value, upper), span(from: start))
    }
    if at(.slash), peek().kind == .number {
      advance()
      let length: UInt32 = try number("a prefix length")
      return ExpressionSyntax(.prefix(value, length: length), span(from: start))
    }
    return value
  }

  /// `|` binds least, then `^`, `&`, and shifts most. Reads operators that bind at least as `weight` does.
  private mutating func binary(_ place: ExpressionPlace, weight: Int) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    // Each operator puts what stands left of it one level deeper.
    let outer = depth
    defer { depth = outer }
    var left = try primary(place)
    while let found = binaryOperator(), found.weight >= weight {
      try goDeeper()
      advance()
      let right = try binary(place, weight: found.weight + 1)
      left = ExpressionSyntax(.binary(found.operator, left, right), span(from: start))
    }
    return left
  }

  private func binaryOperator() -> (operator: ExpressionSyntax.BinaryOperator, weight: Int)? {
    switch token.kind {
    case .pipe: return (.or, 0)
    case .caret: return (.xor, 1)
    case .ampersand: return (.and, 2)
    case .shiftLeft: return (.shiftLeft, 3)
    case .shiftRight: return (.shiftRight, 3)
    case .word:
      let length = token.end - token.start
      guard length == 2 || length == 3 || length == 6 else { return nil }
      if at("or") { return (.or, 0) }
      if at("xor") { return (.xor, 1) }
      if at("and") { return (.and, 2) }
      if at("lshift") { return (.shiftLeft, 3) }
      if at("rshift") { return (.shiftRight, 3) }
      return nil
    default: return nil
    }
  }

  private mutating func primary(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    switch token.kind {
    case .number:
      let value = token.value
      advance()
      return ExpressionSyntax(.number(value), span(from: start))
    case .word: return try symbolOrSelector(place)
    case .string:
      let value = text(token)
      advance()
      return ExpressionSyntax(.string(value), span(from: start))
    case .dollar: return try variable()
    case .at:
      if place != .constant, isRawPayload() { return try selectorExpression(nil) }
      return try setReference()
    case .openParenthesis:
      return try nested { (parser) throws(SyntaxError) in
        parser.advance()
        let inner = try parser.expression(place)
        try parser.expect(.closeParenthesis, "')'")
        return ExpressionSyntax(.parenthesized(inner), parser.span(from: start))
      }
    case .openBrace: return try setLiteral(.constant)
    case .openBracket:
      return try nested { (parser) throws(SyntaxError) in
        parser.advance()
        let address = try parser.primary(.constant)
        try parser.expect(.closeBracket, "']'")
        return ExpressionSyntax(address.kind, parser.span(from: start))
      }
    default: throw unexpected(expectation(place))
    }
  }

  private func expectation(_ place: ExpressionPlace) -> String {
    switch place {
    case .selector: "a packet field or a value"
    case .argument: "a value, a packet field or a map"
    case .constant: "a value"
    }
  }

  private mutating func symbolOrSelector(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    if let leading = selectorWord(in: place) { return try selectorExpression(leading) }
    let place = span(token)
    let value = text(token)
    advance()
    if value.hasSuffix("*") { return ExpressionSyntax(.string(value), place) }
    return ExpressionSyntax(.word(value), place)
  }

  private mutating func selectorExpression(_ leading: LeadingWord?) throws(SyntaxError) -> ExpressionSyntax {
    let selector = try selector(leading)
    return ExpressionSyntax(.selector(selector), selector.span)
  }
}
