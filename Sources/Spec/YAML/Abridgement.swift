/// A YAML text without most items of its long lists: those are read without libyaml, which would take most of the
/// time that a hundred thousand routes need.
///
/// An item is left out if it is a `PlainItem`, and right before it there is another one of the same style and
/// indentation. The first one of such a run stays. If libyaml takes that for an item of a list in block style, then it is
/// between two items, or where the next dash ends one, when it has read it. There it would be too after each following
/// item of the run, for none has anything that reaches beyond it: those are the next items of that list, whatever stands
/// around them. If it takes the first one for anything else (it stands in a text, or goes on one), the whole text has to
/// be read.
struct Abridgement {
  /// Items that were left out.
  struct Run {
    let style: PlainItem.Style
    /// How many columns are before the dash.
    let indentation: Int
    /// Where the item before them begins, counted from 0 in the abridged text, and how many lines it has.
    let first: (line: Int, count: Int)
    /// Where they stood in the whole text.
    fileprivate(set) var bytes: Range<Int>
    /// How many lines they have.
    fileprivate(set) var lineCount = 0
    /// How many mappings and scalars they are.
    fileprivate(set) var valueCount = 0
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
    var item = PlainItem(whole)
    var run: Run?
    while !item.isAtEnd {
      if !item.read() {
        end(&run)
        item.skipLine()
        lineCount += 1
      } else if run?.add(item) != true {
        end(&run)
        run = Run(
          style: item.style, indentation: item.indentation, first: (lineCount, item.lineCount),
          bytes: item.end..<item.end)
        lineCount += item.lineCount
      }
    }
    end(&run)
  }

  /// Lines of a run that is too short stay in the text.
  private mutating func end(_ run: inout Run?) {
    guard let found = run.take() else { return }
    if found.lineCount >= Abridgement.leastRun { runs.append(found) } else { lineCount += found.lineCount }
  }
}

extension Abridgement.Run {
  /// - Returns: false if the item does not belong to these.
  fileprivate mutating func add(_ item: PlainItem) -> Bool {
    guard style == item.style, indentation == item.indentation else { return false }
    bytes = bytes.lowerBound..<item.end
    lineCount += item.lineCount
    valueCount += 1 + item.words.count
    return true
  }
}
