/// One file of the log, named for its first line's number.
struct HistoryFile: Comparable {
  /// Every line of it has this number plus its index.
  var first: UInt64

  private static let prefix = "history-"
  private static let suffix = ".jsonl"
  /// Digits of `UInt64.max`, so that names sort as numbers do.
  private static let width = 20

  init(first: UInt64) { self.first = first }

  init?(name: String) {
    guard name.hasPrefix(HistoryFile.prefix), name.hasSuffix(HistoryFile.suffix) else { return nil }
    let digits = name.dropFirst(HistoryFile.prefix.count).dropLast(HistoryFile.suffix.count)
    guard digits.count == HistoryFile.width, let first = UInt64(digits), first > 0 else { return nil }
    self.first = first
  }

  var name: String {
    let digits = String(first)
    return HistoryFile.prefix + String(repeating: "0", count: HistoryFile.width - digits.count) + digits
      + HistoryFile.suffix
  }

  static func < (left: HistoryFile, right: HistoryFile) -> Bool { left.first < right.first }

  /// The file's lines without their newlines. A last line that lacks its newline is one too: it is torn, or whole
  /// but for the newline.
  static func lines(of content: [UInt8]) -> [ArraySlice<UInt8>] {
    let lines = content.split(separator: 10, omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? Array(lines.dropLast()) : lines
  }
}
