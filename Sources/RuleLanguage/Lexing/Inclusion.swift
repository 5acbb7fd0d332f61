package import Model

/// An `include` in rule text.
package struct Inclusion: Hashable, Sendable {
  /// As it is written.
  package var path: String
  /// Where the statement begins.
  package var place: SourceLocation
  /// How many scalars it has.
  package var length: Int
}

extension RuleSource {
  /// What the text includes, in order, found by its tokens alone: wherever a statement may begin, and not in comments.
  package var inclusions: [Inclusion] {
    guard mentions("include") else { return [] }
    let text = SourceText(self)
    var lexer = Lexer(bytes)
    var found: [Inclusion] = []
    var isStatementStart = true
    while true {
      let word = lexer.next()
      guard word.kind != .end else { return found }
      if isStatementStart, word.kind == .word, bytes[word.start..<word.end].elementsEqual("include".utf8) {
        let afterWord = lexer.position
        let path = lexer.next()
        if path.kind == .string {
          let span = Span(start: word.start, end: path.end, source: 0)
          found.append(
            Inclusion(
              path: String(decoding: bytes[path.start + 1..<path.end - 1], as: UTF8.self),
              place: text.location(of: word.start), length: text.caretLength(of: span)))
        } else {
          lexer.position = afterWord
        }
      }
      switch word.kind {
      case .newline, .semicolon, .openBrace, .closeBrace: isStatementStart = true
      default: isStatementStart = false
      }
    }
  }

  /// Whether these bytes stand anywhere in the text.
  package func mentions(_ word: String) -> Bool {
    let word = Array(word.utf8)
    guard let first = word.first else { return true }
    var start = bytes.startIndex
    while let index = bytes[start...].firstIndex(of: first) {
      if bytes[index...].starts(with: word) { return true }
      start = index + 1
    }
    return false
  }
}
