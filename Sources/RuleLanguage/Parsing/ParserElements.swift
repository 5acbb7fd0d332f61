extension Parser {
  /// `{ … }` with all its elements.
  mutating func setLiteral(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    let elements = try nested { (parser) throws(SyntaxError) in
      var elements: [ElementSyntax] = []
      try parser.elements(place) { elements.append(contentsOf: $0) }
      return elements
    }
    return ExpressionSyntax(.set(elements), span(from: start))
  }

  /// From `{` through `}`; elements are handed on in chunks.
  mutating func elements(
    _ place: ExpressionPlace, _ receive: ([ElementSyntax]) -> Void
  ) throws(SyntaxError) {
    try expect(.openBrace, "'{'")
    var chunk: [ElementSyntax] = []
    skipNewlines()
    while !at(.closeBrace) {
      let element = try element(place)
      if case .set(let inner) = element.key.kind, element.data == nil, element.options == nil {
        chunk.append(contentsOf: inner)
      } else {
        chunk.append(element)
      }
      if chunk.count >= Self.elementChunk {
        receive(chunk)
        chunk.removeAll(keepingCapacity: true)
      }
      skipNewlines()
      guard take(.comma) else { break }
      skipNewlines()
    }
    try expect(.closeBrace, "',' or '}'")
    receive(chunk)
  }

  mutating func dynamicElement() throws(SyntaxError) -> ElementSyntax { try element(.selector) }

  private mutating func element(_ place: ExpressionPlace) throws(SyntaxError) -> ElementSyntax {
    let key: ExpressionSyntax
    if at(.star) {
      key = ExpressionSyntax(.catchAll, span(token))
      advance()
    } else {
      key = try expression(place)
    }
    guard !at(.comma), !at(.closeBrace), !at(.newline) else { return ElementSyntax(key: key) }
    var options = ElementOptions()
    try readOptions(&options)
    var element = ElementSyntax(key: key)
    if take(.colon) {
      skipNewlines()
      element.data = try elementData(place)
      try readOptions(&options)
    }
    element.options = options.finished
    return element
  }

  private mutating func elementData(_ place: ExpressionPlace) throws(SyntaxError) -> ExpressionSyntax {
    if let verdict = try namedVerdict(leadingWord(token)) { return ExpressionSyntax(.verdict(verdict), verdict.span) }
    return try expression(place == .constant ? .constant : .argument)
  }

  /// What is gathered while an element is read.
  private struct ElementOptions {
    var timeout: UInt64?
    var expires: UInt64?
    var comment: Word?
    var statements: [StatementSyntax] = []

    /// nil if there are none.
    var finished: ElementOptionsSyntax? {
      guard timeout != nil || expires != nil || comment != nil || !statements.isEmpty else { return nil }
      return ElementOptionsSyntax(timeout: timeout, expires: expires, comment: comment, statements: statements)
    }
  }

  private mutating func readOptions(_ options: inout ElementOptions) throws(SyntaxError) {
    while at(.word) {
      if take("timeout") {
        options.timeout = try milliseconds()
      } else if take("expires") {
        options.expires = try milliseconds()
      } else if take("comment") {
        options.comment = try string("a comment")
      } else if let statement = try statefulStatement(leadingWord(token)) {
        options.statements.append(statement)
      } else {
        throw unexpected("',', ':' or '}', or an element's timeout, expires, comment or counter")
      }
    }
  }
}
