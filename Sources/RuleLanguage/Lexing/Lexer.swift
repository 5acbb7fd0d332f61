/// Cuts rule text into tokens. What a word may contain follows nft's scanner, so that `eth0-eth1` is one name and
/// `10.0.0.1-10.0.0.2` a range.
struct Lexer {
  let bytes: [UInt8]
  /// Where the next token is looked for; may be set back to read again.
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inline(__always)
  func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  mutating func next() -> Token {
    skipBlanks()
    let start = position
    guard start < bytes.count else { return Token(kind: .end, start: start, end: start) }
    let first = bytes[start]
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(from: start)
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
      if let end = addressEnd(from: start) { return token(.word, start, end) }
      return name(from: start)
    case UInt8(ascii: "g")...UInt8(ascii: "z"), UInt8(ascii: "G")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
      return name(from: start)
    case UInt8(ascii: ":"):
      if let end = addressEnd(from: start) { return token(.word, start, end) }
      return token(.colon, start, start + 1)
    case UInt8(ascii: "\""): return string(from: start)
    case UInt8(ascii: "\n"): return token(.newline, start, start + 1)
    default: return punctuation(first, from: start)
    }
  }

  @inline(__always)
  mutating func token(_ kind: Token.Kind, _ start: Int, _ end: Int, value: UInt64 = 0) -> Token {
    position = end
    return Token(kind: kind, start: start, end: end, value: value)
  }

  /// Spaces, comments and line ends that a backslash takes back.
  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "\\"):
        var after = position + 1
        while byte(after) == UInt8(ascii: " ") || byte(after) == UInt8(ascii: "\t") || byte(after) == UInt8(ascii: "\r")
        {
          after += 1
        }
        guard byte(after) == UInt8(ascii: "\n") else { return }
        position = after + 1
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  private mutating func string(from start: Int) -> Token {
    var end = start + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\n") { end += 1 }
    guard byte(end) == UInt8(ascii: "\"") else { return token(.unterminatedString, start, end) }
    return token(.string, start, end + 1)
  }

  private mutating func punctuation(_ first: UInt8, from start: Int) -> Token {
    let second = byte(start + 1)
    switch first {
    case UInt8(ascii: "{"): return token(.openBrace, start, start + 1)
    case UInt8(ascii: "}"): return token(.closeBrace, start, start + 1)
    case UInt8(ascii: "("): return token(.openParenthesis, start, start + 1)
    case UInt8(ascii: ")"): return token(.closeParenthesis, start, start + 1)
    case UInt8(ascii: "["): return token(.openBracket, start, start + 1)
    case UInt8(ascii: "]"): return token(.closeBracket, start, start + 1)
    case UInt8(ascii: ","): return token(.comma, start, start + 1)
    case UInt8(ascii: ";"): return token(.semicolon, start, start + 1)
    case UInt8(ascii: "."): return token(.dot, start, start + 1)
    case UInt8(ascii: "@"): return token(.at, start, start + 1)
    case UInt8(ascii: "$"): return token(.dollar, start, start + 1)
    case UInt8(ascii: "*"): return token(.star, start, start + 1)
    case UInt8(ascii: "/"): return token(.slash, start, start + 1)
    case UInt8(ascii: "-"): return token(.dash, start, start + 1)
    case UInt8(ascii: "+"): return token(.plus, start, start + 1)
    case UInt8(ascii: "&"): return token(.ampersand, start, start + 1)
    case UInt8(ascii: "|"): return token(.pipe, start, start + 1)
    case UInt8(ascii: "^"): return token(.caret, start, start + 1)
    case UInt8(ascii: "="): return either(second, "=", .equal, or: .assign, from: start)
    case UInt8(ascii: "!"): return either(second, "=", .notEqual, or: .not, from: start)
    case UInt8(ascii: "<"):
      return second == UInt8(ascii: "<")
        ? token(.shiftLeft, start, start + 2) : either(second, "=", .lessOrEqual, or: .less, from: start)
    case UInt8(ascii: ">"):
      return second == UInt8(ascii: ">")
        ? token(.shiftRight, start, start + 2) : either(second, "=", .greaterOrEqual, or: .greater, from: start)
    default: return stray(from: start)
    }
  }

  private mutating func either(
    _ second: UInt8, _ wanted: Unicode.Scalar, _ long: Token.Kind, or short: Token.Kind, from start: Int
  ) -> Token {
    second == UInt8(ascii: wanted) ? token(long, start, start + 2) : token(short, start, start + 1)
  }

  /// A whole scalar, so that the caret does not cut one.
  private mutating func stray(from start: Int) -> Token {
    var end = start + 1
    while end < bytes.count, bytes[end] & 0xc0 == 0x80 { end += 1 }
    return token(.stray, start, end)
  }

  /// Goes on behind the statement that begins at `start`: to the line end, semicolon or closing brace that ends it.
  ///
  /// Braces inside it are passed over whole. Used for what is read in another pass, and to find a footing after an error.
  mutating func skipStatement(from start: Int) {
    position = start
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth = max(0, depth - 1)
      case UInt8(ascii: "}"):
        if depth == 0 { return }
        depth -= 1
      case UInt8(ascii: "\n"), UInt8(ascii: ";"):
        if depth == 0 { return }
      case UInt8(ascii: "\""): skipString()
      case UInt8(ascii: "#"):
        while byte(position + 1) != UInt8(ascii: "\n"), position + 1 < bytes.count { position += 1 }
      case UInt8(ascii: "\\"):
        skipBlanks()
        if byte(position) != UInt8(ascii: "\\") { continue }
      default: break
      }
      position += 1
    }
  }

  /// To the quote that closes it, or the last byte of a line without one.
  private mutating func skipString() {
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\n") { end += 1 }
    position = byte(end) == UInt8(ascii: "\"") ? end : end - 1
  }
}
