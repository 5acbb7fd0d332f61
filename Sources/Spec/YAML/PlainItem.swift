/// An item of a list that has words and nothing else, which mean the same to every reader of YAML: either one line
///
///     - { to: 192.0.2.0/24, via: 198.51.100.1, dev: eth0 }
///
/// or, if another dash in the same column follows, a line for each key
///
///     - to: 192.0.2.0/24
///       via: 198.51.100.1
///
/// That dash ends it; without it, the last word might go on.
struct PlainItem {
  enum Style { case flow, block }

  /// A key or a value.
  struct Word {
    /// In the whole text.
    var bytes: Range<Int>
    /// Counted from the item's first line.
    var line: Int32
    /// Counted from 1.
    var column: Int32
  }

  private let bytes: [UInt8]
  private var position = 0
  private var lineStart = 0
  private(set) var style = Style.flow
  /// How many columns are before the dash.
  private(set) var indentation = 0
  /// Keys and values by turns.
  private(set) var words: [Word] = []
  private(set) var lineCount = 0
  /// After the item that was read last.
  private(set) var end: Int

  /// libyaml takes no longer words for keys.
  private static let longestWord = 1024

  /// - Parameter start: where a line begins.
  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    end = start
  }

  var isAtEnd: Bool { end >= bytes.count }

  /// Reads the item that begins in the next line.
  /// - Returns: false if there is none.
  mutating func read() -> Bool {
    position = end
    lineStart = end
    lineCount = 0
    words.removeAll(keepingCapacity: true)
    skipSpaces()
    indentation = position - end
    guard take("-"), take(" ") else { return false }
    style = take("{") ? .flow : .block
    guard style == .flow ? takeFlow() : takeBlock() else { return false }
    end = position
    return true
  }

  /// Goes on after the next line, whatever it is.
  mutating func skipLine() { end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count }

  private mutating func takeFlow() -> Bool {
    repeat {
      skipSpaces()
      guard takePair() else { return false }
      skipSpaces()
    } while take(",") && isAt(" ")
    return take("}") && takeLineEnd()
  }

  private mutating func takeBlock() -> Bool {
    while true {
      guard takePair(), takeLineEnd() else { return false }
      skipSpaces()
      if position - lineStart == indentation { return endsAtDash() }
      guard position - lineStart == indentation + 2 else { return false }
    }
  }

  private mutating func endsAtDash() -> Bool {
    guard take("-"), take(" ") else { return false }
    position = lineStart
    return true
  }

  private mutating func takePair() -> Bool {
    guard takeWord(Self.isKey), take(":"), take(" ") else { return false }
    skipSpaces()
    return takeWord(Self.isValue)
  }

  /// A word begins with a letter or digit, and a colon in it stands before another character of it: at the end it would
  /// make the word a key.
  private mutating func takeWord(_ isPart: (UInt8) -> Bool) -> Bool {
    let start = position
    while position < bytes.count, isPart(bytes[position]) { position += 1 }
    guard position > start, position - start <= Self.longestWord, Self.isAlphanumeric(bytes[start]),
      bytes[position - 1] != UInt8(ascii: ":")
    else { return false }
    words.append(
      Word(bytes: start..<position, line: Int32(lineCount), column: Int32(truncatingIfNeeded: start - lineStart) + 1))
    return true
  }

  private mutating func takeLineEnd() -> Bool {
    guard take("\n") else { return false }
    lineCount += 1
    lineStart = position
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isAt(character) else { return false }
    position += 1
    return true
  }

  private func isAt(_ character: Unicode.Scalar) -> Bool {
    position < bytes.count && bytes[position] == UInt8(ascii: character)
  }

  private mutating func skipSpaces() {
    while isAt(" ") { position += 1 }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private static func isKey(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "-") }

  private static func isValue(_ byte: UInt8) -> Bool {
    // The characters from - to : are these two, the dot, the slash and digits.
    isAlphanumeric(byte) || (0x2D...0x3A).contains(byte) || byte == UInt8(ascii: "_")
  }
}
