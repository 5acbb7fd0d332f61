package import Model

/// One file's rule text while it is read, and the way from a byte in it to a place that a person can find.
package final class SourceText: Sendable {
  package let bytes: [UInt8]
  package let start: SourceLocation
  package let indentation: Int32

  /// Where each line begins, in bytes.
  private let lineStarts: [UInt32]
  /// Then a byte is a column: a generated line can be as long as the text, and each rule of it asks for its place.
  private let isASCII: Bool

  package init(_ source: RuleSource) {
    bytes = source.bytes
    start = source.start
    indentation = source.indentation
    var lineStarts: [UInt32] = [0]
    var all: UInt8 = 0
    for (index, byte) in bytes.enumerated() {
      all |= byte
      if byte == UInt8(ascii: "\n") { lineStarts.append(UInt32(clamping: index + 1)) }
    }
    self.lineStarts = lineStarts
    isASCII = all < 0x80
  }

  /// Where the byte stands in the file that the text came from.
  package func location(of offset: Int) -> SourceLocation {
    let end = min(offset, bytes.count)
    let line = line(of: end)
    let column = isASCII ? end - lineStart(line) : Self.scalarCount(bytes[lineStart(line)..<end])
    return SourceLocation(
      file: start.file, line: start.line + Int32(line), column: Int32(shift(line) + column + 1))
  }

  /// The byte at a place that `location(of:)` gave; nil if the place is not in this text.
  package func offset(of location: SourceLocation) -> Int? {
    let line = Int(location.line - start.line)
    guard location.file == start.file, lineStarts.indices.contains(line) else { return nil }
    var column = Int(location.column) - 1 - shift(line)
    var index = lineStart(line)
    if isASCII { return min(index + max(column, 0), bytes.count) }
    while index < bytes.count, column > 0 {
      index += 1
      while index < bytes.count, bytes[index] & 0xc0 == 0x80 { index += 1 }
      column -= 1
    }
    return index
  }

  /// The whole line that the byte stands in, with the indentation that was taken off before.
  package func excerpt(at offset: Int) -> String {
    let line = line(of: min(offset, bytes.count))
    let text = bytes[lineStart(line)...].prefix { $0 != UInt8(ascii: "\n") }
    return String(repeating: " ", count: shift(line)) + String(decoding: text, as: UTF8.self)
  }

  /// Counted from 0.
  private func line(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(lineStarts[middle]) <= offset { low = middle } else { high = middle }
    }
    return low
  }

  private func lineStart(_ line: Int) -> Int { Int(lineStarts[line]) }

  /// Columns that stand before the line's text in the file.
  private func shift(_ line: Int) -> Int { max(0, Int(line == 0 ? start.column - 1 : indentation)) }

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
