/// A lexical unit of rule text; its text stays in the source until it is asked for.
struct Token {
  enum Kind: UInt8 {
    case end, newline, semicolon
    /// A name, an address, a time: anything bare that is no plain number.
    case word
    /// Decimal or hexadecimal, at most 64 bits.
    case number
    case string
    case openBrace, closeBrace, openParenthesis, closeParenthesis, openBracket, closeBracket
    case comma, colon, dot, at, dollar, star, slash, dash, plus
    case assign, equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, not
    case ampersand, pipe, caret, shiftLeft, shiftRight
    /// A quote that is not closed on its line.
    case unterminatedString
    /// A byte that no token begins with.
    case stray
  }

  var kind: Kind
  var start: Int
  var end: Int
  /// A number's value.
  var value: UInt64 = 0
}
