package import Model

/// One file's rule text while it is read, and the way from a byte in it to a place that a person can find.
package final class SourceText: Sendable {
  package let bytes: [UInt8]
  package let start: SourceLocation
  package let indentation: Int32

  package init(_ source: RuleSource) {
    bytes = Array(source.text.utf8)
    start = source.start
    indentation = source.indentation
  }

  /// Where the byte stands in the file that the text came from.
  package func location(of offset: Int) -> SourceLocation {
    let end = min(offset, bytes.count)
    var line: Int32 = 0
    var lineStart = 0
    for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    let column = Int32(Self.scalarCount(bytes[lineStart..<end]))
    let before = line == 0 ? start.column - 1 : indentation
    return SourceLocation(file: start.file, line: start.line + line, column: before + column + 1)
  }

  /// The whole line that the byte stands in, with the indentation that was taken off before.
  package func excerpt(at offset: Int) -> String {
    let newline = UInt8(ascii: "\n")
    let place = min(offset, bytes.count)
    let lineStart = bytes[..<place].lastIndex(of: newline).map { $0 + 1 } ?? 0
    let lineEnd = bytes[place...].firstIndex(of: newline) ?? bytes.count
    let before = lineStart == 0 ? start.column - 1 : indentation
    let text = String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self)
    return String(repeating: " ", count: max(0, Int(before))) + text
  }

  /// How many scalars the caret under `span` underlines; it ends with the line.
  package func caretLength(of span: Span) -> Int {
    let begin = min(Int(span.start), bytes.count)
    let stretch = bytes[begin..<min(max(span.end, begin), bytes.count)].prefix { $0 != UInt8(ascii: "\n") }
    return max(1, Self.scalarCount(stretch))
  }

  private static func scalarCount(_ bytes: ArraySlice<UInt8>) -> Int {
    // Every byte but UTF-8's continuation bytes begins a scalar.
    bytes.reduce(0) { $1 & 0xc0 == 0x80 ? $0 : $0 + 1 }
  }
}
