extension FileStep {
  /// Names sort in the order of the grants, then of writing. Records without a grant bear the last token that was
  /// given out, and "+" (which sorts before "-").
  borrowing func append(history record: [UInt8], order token: UInt64? = nil) throws(LockError) {
    let start = if let token { "\(padded(token, to: 20))-" } else { "\(padded(try lastToken(), to: 20))+" }
    let names = names(in: "history").sorted()
    let number = names.last { $0.hasPrefix(start) }.flatMap { Int($0.dropFirst(start.count)) }.map { $0 + 1 } ?? 0
    try put(bytes: record, "history/\(start)\(padded(UInt64(number), to: 4))")
    for old in names.dropLast(historyBound - 1) { try remove("history/\(old)") }
  }

  borrowing func history(limit: Int) throws(LockError) -> [HistoryEntry] {
    var entries: [HistoryEntry] = []
    for name in names(in: "history").sorted().reversed().prefix(limit) {
      let parts = name.split { $0 == "-" || $0 == "+" }
      guard parts.count == 2, let token = UInt64(parts[0]), let number = Int(parts[1]) else { continue }
      entries.append(HistoryEntry(token: token, number: number, record: try bytes(of: "history/\(name)") ?? []))
    }
    return entries
  }
}
