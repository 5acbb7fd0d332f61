/// A YAML text without most items of its long lists: those are read without libyaml, which would take most of the
/// time that a hundred thousand routes need.
///
/// An item is left out if it is an `ItemLine`, and the line before it is one at the same indentation. The first line of
/// such a run stays. If libyaml takes that for an item of a list in block style, then it is between two items where the
/// line ends, and so it would be after each following line of the run, which has nothing that reaches beyond it: those
/// are the next items, whatever stands around them. If it takes the first line for anything else (it stands in a text,
/// or goes on one), the whole text has to be read.
struct Abridgement {
  /// Lines that were left out.
  struct Run {
    /// Of the line before them, counted from 0 in the abridged text.
    var line: Int
    /// How many columns are before the dash.
    var indentation: Int
    /// Where they stood in the whole text.
    var bytes: Range<Int>
    var count = 0
    /// How many mappings and scalars they are.
    var values = 0
  }

  /// What libyaml is to read.
  private(set) var text: [UInt8] = []
  /// How many lines that has.
  private(set) var lineCount = 0
  private(set) var runs: [Run] = []

  /// Below this many lines there is nothing to win.
  private static let leastRun = 32

  /// nil if nothing is worth being left out.
  init?(of whole: [UInt8]) {
    findRuns(in: whole)
    guard !runs.isEmpty else { return nil }
    var start = 0
    text.reserveCapacity(whole.count - runs.reduce(0) { $0 + $1.bytes.count })
    for run in runs {
      text += whole[start..<run.bytes.lowerBound]
      start = run.bytes.upperBound
    }
    text += whole[start...]
  }

  private mutating func findRuns(in whole: [UInt8]) {
    var item = ItemLine(whole)
    var run: Run?
    while !item.isAtEnd {
      if !item.read() {
        end(&run)
        item.skip()
        lineCount += 1
      } else if run?.indentation == item.indentation {
        run?.add(item)
      } else {
        end(&run)
        run = Run(line: lineCount, indentation: item.indentation, bytes: item.end..<item.end)
        lineCount += 1
      }
    }
    end(&run)
  }

  /// Lines of a run that is too short stay in the text.
  private mutating func end(_ run: inout Run?) {
    guard let found = run.take() else { return }
    if found.count >= Abridgement.leastRun { runs.append(found) } else { lineCount += found.count }
  }
}

extension Abridgement.Run {
  fileprivate mutating func add(_ item: ItemLine) {
    bytes = bytes.lowerBound..<item.end
    count += 1
    values += 1 + item.words.count
  }
}

/// A line such as `  - { to: 192.0.2.0/24, via: 198.51.100.1, dev: eth0 }`: one item of a list, all of it on this line,
/// and of plain words alone, which mean the same to every reader of YAML.
struct ItemLine {
  private let bytes: [UInt8]
  private var position = 0
  /// How many columns are before the dash.
  private(set) var indentation = 0
  /// Keys and values by turns.
  private(set) var words: [Range<Int>] = []
  /// After the line feed of the line that was read last.
  private(set) var end: Int

  /// libyaml takes no longer words for keys.
  private static let longestKey = 1024

  /// - Parameter start: where a line begins.
  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    end = start
  }

  var isAtEnd: Bool { end >= bytes.count }

  /// Reads the next line.
  /// - Returns: false if it is no such line; then it is still the next one.
  mutating func read() -> Bool {
    position = end
    words.removeAll(keepingCapacity: true)
    skipSpaces()
    indentation = position - end
    guard take("-"), take(" "), take("{") else { return false }
    repeat {
      skipSpaces()
      guard takeWord(Self.isKey), take(":"), take(" ") else { return false }
      skipSpaces()
      guard takeWord(Self.isValue) else { return false }
      skipSpaces()
    } while take(",") && isAt(" ")
    guard take("}"), take("\n") else { return false }
    end = position
    return true
  }

  /// Goes on after the next line, whatever it is.
  mutating func skip() { end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count }

  private func isAt(_ character: Unicode.Scalar) -> Bool {
    position < bytes.count && bytes[position] == UInt8(ascii: character)
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isAt(character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpaces() {
    while isAt(" ") { position += 1 }
  }

  /// A word begins with a letter or digit, and a colon in it stands before another character of it: at the end it would
  /// make the word a key.
  private mutating func takeWord(_ isPart: (UInt8) -> Bool) -> Bool {
    let start = position
    while position < bytes.count, isPart(bytes[position]) { position += 1 }
    guard position > start, position - start <= Self.longestKey, Self.isAlphanumeric(bytes[start]),
      bytes[position - 1] != UInt8(ascii: ":")
    else { return false }
    words.append(start..<position)
    return true
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private static func isKey(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "-") }

  private static func isValue(_ byte: UInt8) -> Bool {
    // The characters from - to : are these, the slash, the dot and digits.
    isAlphanumeric(byte) || (0x2D...0x3A).contains(byte) || byte == UInt8(ascii: "_")
  }
}
