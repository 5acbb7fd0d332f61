/// A stretch of rule text, in UTF-8 bytes of one source.
///
/// Kept at 8 bytes, for every node of the tree has one.
package struct Span: Hashable, Sendable {
  /// From the source's first byte.
  package var start: UInt32
  /// At most 65,535: only a caret's length depends on it.
  package var length: UInt16
  /// Which of the sources of one compilation it lies in, in the order in which they were opened.
  package var source: UInt16

  package init(start: Int, end: Int, source: UInt16) {
    self.start = UInt32(clamping: start)
    self.length = UInt16(clamping: end - start)
    self.source = source
  }

  package var end: Int { Int(start) + Int(length) }

  /// From this span's begin through the other's end; this span if the other lies in another source (a variable's value).
  package func joined(_ other: Span) -> Span {
    guard other.source == source, other.end > Int(start) else { return self }
    return Span(start: Int(start), end: max(end, other.end), source: source)
  }
}

/// A word of the rule language with its place: a name, a keyword, a flag.
package struct Word: Hashable, Sendable {
  package var text: String
  package var span: Span

  package init(_ text: String, _ span: Span) {
    self.text = text
    self.span = span
  }
}

/// What is wrong with rule text, and where; the compiler makes a `Diagnostic` with the source line of it.
package struct SyntaxError: Error, Sendable {
  /// One sentence without a full stop.
  package var message: String
  package var span: Span
  /// What to do, or what was expected.
  package var hint: String?

  package init(_ message: String, at span: Span, hint: String? = nil) {
    self.message = message
    self.span = span
    self.hint = hint
  }
}
