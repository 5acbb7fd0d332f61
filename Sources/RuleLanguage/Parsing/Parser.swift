import Model

/// A recursive-descent parser for one source; what it reads goes to `emit` command by command.
///
/// An error ends a statement, not the reading: the parser goes on behind it, so that several are told at once.
package struct Parser {
  /// What all sources of one compilation share.
  package struct Context {
    let sources: SourceList
    /// Sources that an `include` has opened: a table's block is read twice.
    var included: [String: [UInt16]] = [:]
    var scopes = VariableScopes()
    var errors: [SyntaxError] = []
    var includeDepth = 0
    /// Values that variables were replaced by: a few lines that name each other could stand for billions.
    var expanded = 0
    let includes: (_ path: String, _ from: String) throws(IncludeError) -> [RuleSource]

    package init(
      sources: SourceList = SourceList(),
      includes: @escaping (_ path: String, _ from: String) throws(IncludeError) -> [RuleSource]
    ) {
      self.sources = sources
      self.includes = includes
    }
  }

  /// More would not help anybody.
  static let maximumErrors = 20
  /// Braces, parentheses and anonymous chains inside one another.
  static let maximumDepth = 64
  /// nft's own limit.
  static let maximumIncludeDepth = 16
  /// Files that are opened for all includes together.
  static let maximumIncludes = 4096
  /// Values in all variables' places.
  static let maximumExpansion = 1 << 19
  /// So many elements of a set are handed on at once.
  static let elementChunk = 4096

  var lexer: Lexer
  let source: SourceText
  let sourceNumber: UInt16
  /// The token to be read next, and where the one before it ended.
  var token: Token
  var previousEnd = 0
  var depth = 0
  var context: Context
  var pendingElements: [PendingElements] = []
  /// Whether a table's block is being read.
  var defersElements = false
  let emit: (CommandSyntax) -> Void

  /// Reads a source that `context` has already.
  init(source number: UInt16, context: Context, emit: @escaping (CommandSyntax) -> Void) {
    source = context.sources[number]
    sourceNumber = number
    self.context = context
    self.emit = emit
    lexer = Lexer(source.bytes)
    token = lexer.next()
  }
}

// MARK: Tokens

extension Parser {
  mutating func advance() {
    previousEnd = token.end
    token = lexer.next()
  }

  /// The token after the next one, which stays unread.
  func peek() -> Token {
    var ahead = lexer
    return ahead.next()
  }

  /// Reads on from a place that was left before.
  mutating func move(to position: Int) {
    lexer.position = position
    advance()
  }

  func text(_ token: Token) -> String {
    let quotes = token.kind == .string ? 1 : 0
    return String(decoding: source.bytes[token.start + quotes..<token.end - quotes], as: UTF8.self)
  }

  func span(_ token: Token) -> Span { Span(start: token.start, end: token.end, source: sourceNumber) }

  /// From `start` to the end of what was read last.
  func span(from start: Int) -> Span { Span(start: start, end: max(previousEnd, start), source: sourceNumber) }

  func isWord(_ token: Token, _ word: String) -> Bool {
    let letters = word.utf8
    guard token.kind == .word, token.end - token.start == letters.count else { return false }
    var index = token.start
    for letter in letters {
      if source.bytes[index] != letter { return false }
      index += 1
    }
    return true
  }

  func at(_ word: String) -> Bool { isWord(token, word) }

  func at(_ kind: Token.Kind) -> Bool { token.kind == kind }

  /// Reads the word if it is next.
  mutating func take(_ word: String) -> Bool {
    guard at(word) else { return false }
    advance()
    return true
  }

  mutating func take(_ kind: Token.Kind) -> Bool {
    guard token.kind == kind else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind, _ what: String) throws(SyntaxError) {
    guard take(kind) else { throw unexpected(what) }
  }

  mutating func expect(_ word: String) throws(SyntaxError) {
    guard take(word) else { throw unexpected("\"\(word)\"") }
  }

  mutating func skipNewlines() {
    while token.kind == .newline { advance() }
  }

  mutating func skipSeparators() {
    while token.kind == .newline || token.kind == .semicolon { advance() }
  }

  /// Whether nothing more of the statement follows.
  var isAtStatementEnd: Bool {
    switch token.kind {
    case .newline, .semicolon, .closeBrace, .end: true
    default: false
    }
  }

  mutating func endStatement() throws(SyntaxError) {
    guard isAtStatementEnd else { throw unexpected("the end of the statement") }
    if token.kind == .newline || token.kind == .semicolon { advance() }
  }
}

// MARK: Errors

extension Parser {
  func unexpected(_ expected: String) -> SyntaxError {
    switch token.kind {
    case .unterminatedString:
      SyntaxError("the quote is not closed on its line", at: span(token), hint: "end the string with \"")
    case .stray:
      SyntaxError("unexpected character '\(text(token))'", at: span(token), hint: "expected \(expected)")
    case .end: SyntaxError("unexpected end of the rules", at: span(token), hint: "expected \(expected)")
    case .newline: SyntaxError("unexpected end of the line", at: span(token), hint: "expected \(expected)")
    default: SyntaxError("unexpected '\(shown(token))'", at: span(token), hint: "expected \(expected)")
    }
  }

  private func shown(_ token: Token) -> String {
    String(decoding: source.bytes[token.start..<token.end], as: UTF8.self)
  }

  /// Keeps the error and goes on behind the statement that began at `start`.
  mutating func recover(from start: Int, _ error: SyntaxError) {
    record(error)
    lexer.skipStatement(from: start)
    advance()
    // A brace too many is passed over where nothing is open; inside a block it closes it.
    if token.kind == .newline || token.kind == .semicolon { advance() }
  }

  mutating func record(_ error: SyntaxError) {
    // A table's block is read twice.
    if hasTooManyErrors || context.errors.contains(where: { $0.span == error.span && $0.message == error.message }) {
      return
    }
    context.errors.append(error)
  }

  var hasTooManyErrors: Bool { context.errors.count >= Self.maximumErrors }

  mutating func nested<Result>(
    _ body: (inout Parser) throws(SyntaxError) -> Result
  ) throws(SyntaxError) -> Result {
    try goDeeper()
    defer { depth -= 1 }
    return try body(&self)
  }

  mutating func goDeeper() throws(SyntaxError) {
    guard depth < Self.maximumDepth else {
      throw SyntaxError("nested more than \(Self.maximumDepth) levels deep", at: span(token))
    }
    depth += 1
  }
}

// MARK: Names and numbers

extension Parser {
  /// A name: bare, in quotes, or a variable that holds one.
  mutating func name(_ what: String) throws(SyntaxError) -> Word {
    switch token.kind {
    case .word, .string:
      let word = Word(text(token), span(token))
      advance()
      return word
    case .dollar:
      let value = try variable()
      switch value.kind {
      case .word(let text), .string(let text): return Word(text, value.span)
      case .number(let number): return Word(String(number), value.span)
      default: throw SyntaxError("the variable does not hold \(what)", at: value.span)
      }
    default: throw unexpected(what)
    }
  }

  /// A word as it stands.
  mutating func word(_ what: String) throws(SyntaxError) -> Word {
    guard token.kind == .word else { throw unexpected(what) }
    let word = Word(text(token), span(token))
    advance()
    return word
  }

  /// A word or a number, as it was written.
  mutating func wordOrNumber(_ what: String) throws(SyntaxError) -> Word {
    guard token.kind == .word || token.kind == .number else { throw unexpected(what) }
    let word = Word(text(token), span(token))
    advance()
    return word
  }

  mutating func string(_ what: String) throws(SyntaxError) -> Word {
    guard token.kind == .string || token.kind == .word else { throw unexpected(what) }
    let word = Word(text(token), span(token))
    advance()
    return word
  }

  mutating func number<Integer: FixedWidthInteger & UnsignedInteger>(
    _ what: String, as type: Integer.Type = Integer.self
  ) throws(SyntaxError) -> Integer {
    let (value, span) = try plainNumber(what)
    guard let number = Integer(exactly: value) else {
      throw SyntaxError("\(what) is too large", at: span, hint: "the largest is \(Integer.max)")
    }
    return number
  }

  private mutating func plainNumber(_ what: String) throws(SyntaxError) -> (UInt64, Span) {
    if token.kind == .dollar {
      let value = try variable()
      guard case .number(let number) = value.kind else {
        throw SyntaxError("the variable does not hold \(what)", at: value.span)
      }
      return (number, value.span)
    }
    guard token.kind == .number else { throw unexpected(what) }
    defer { advance() }
    return (token.value, span(token))
  }
}
