package import Model

/// All sources of one compilation, by the numbers that spans know them by.
package final class SourceList {
  private var sources: [SourceText] = []

  package init() {}

  package var count: Int { sources.count }

  package subscript(number: UInt16) -> SourceText { sources[Int(number)] }

  package func open(_ source: RuleSource) -> UInt16 {
    sources.append(SourceText(source))
    return UInt16(clamping: sources.count - 1)
  }

  package func location(of span: Span) -> SourceLocation { self[span.source].location(of: Int(span.start)) }

  /// The stretch that begins at a place in one of the sources and goes to the end of its line; nil if none has it.
  package func span(at location: SourceLocation) -> Span? {
    for (number, source) in sources.enumerated() {
      guard let start = source.offset(of: location) else { continue }
      let rest = source.bytes[start...].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: ";") }
      return Span(start: start, end: rest.endIndex, source: UInt16(clamping: number))
    }
    return nil
  }

  /// Where `text` stands inside `span`; the whole of it if it is not there.
  package func narrow(_ span: Span, to text: String) -> Span {
    let bytes = self[span.source].bytes
    let wanted = Array(text.utf8)
    guard !wanted.isEmpty, span.end <= bytes.count else { return span }
    var start = Int(span.start)
    while start + wanted.count <= span.end {
      let end = start + wanted.count
      let isWhole =
        (start == 0 || !Lexer.continuesName(bytes[start - 1]))
        && (end == bytes.count || !Lexer.continuesName(bytes[end]))
      if isWhole, bytes[start..<end].elementsEqual(wanted) { return Span(start: start, end: end, source: span.source) }
      start += 1
    }
    return span
  }

  package func diagnostic(_ error: SyntaxError, _ severity: Diagnostic.Severity = .error) -> Diagnostic {
    let source = self[error.span.source]
    return Diagnostic(
      severity, error.message, at: location(of: error.span), excerpt: source.excerpt(at: Int(error.span.start)),
      length: source.caretLength(of: error.span), hint: error.hint)
  }
}
