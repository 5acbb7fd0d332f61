import Glibc
import History
import SystemPackage
import Testing

@Suite struct HistoryLogTests {
  private let folder: TemporaryFolder
  private let log: HistoryLog

  init() throws {
    folder = try TemporaryFolder()
    log = HistoryLog(folder: folder.path)
  }

  private func fill(_ log: HistoryLog, _ count: Int) throws {
    for number in 1...count { try log.append(.sample("\(number)", second: Int64(number))) }
  }

  @Test func readsNewestFirstWhatWasAppended() throws {
    try fill(log, 5)
    let reading = try log.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == [5, 4, 3, 2, 1])
    #expect(reading.entries.map(\.record) == (1...5).reversed().map { .sample("\($0)", second: Int64($0)) })
  }

  @Test func anOutcomeHasTheDifferenceThatWasPlanned() throws {
    for attempt in ["1", "2"] {
      var record = HistoryRecord.sample(attempt)
      record.attempt = attempt
      record.difference = "+ \(attempt)"
      record.outcome = .planned
      try log.append(record)
      record.outcome = .applied
      try log.append(record.withoutDifference)
    }
    var interrupted = HistoryRecord.sample("3")
    interrupted.outcome = .planned
    try log.append(interrupted)
    let records = try log.read(limit: 3).entries.map(\.record)
    #expect(records.map(\.outcome) == [.planned, .applied, .applied])
    #expect(records.dropFirst().map(\.difference) == ["+ 2", "+ 1"])
    #expect(try log.read(limit: 2).entries.count == 2)
  }

  @Test func anAbsentFolderIsAnEmptyLog() throws {
    let absent = HistoryLog(folder: folder.path.appending("absent"))
    #expect(try absent.read().entries.isEmpty)
    try absent.append(.sample("first"))
    #expect(try absent.read().entries.count == 1)
  }

  @Test(arguments: [(limit: 2, expected: [5, 4]), (9, [5, 4, 3, 2, 1]), (0, [])])
  func isReadNewestFirst(limit: Int, expected: [UInt64]) throws {
    try fill(log, 5)
    #expect(try log.read(limit: limit).entries.map(\.sequence) == expected)
  }

  @Test func theChainGoesOnAcrossFiles() throws {
    var small = log
    small.fileLimit = 1200
    try fill(small, 10)
    #expect(try folder.names.count > 2)
    let reading = try small.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == (1...10).reversed())
  }

  @Test func oldFilesGo() throws {
    var small = log
    small.fileLimit = 1
    small.fileCount = 3
    try fill(small, 10)
    #expect(try folder.names.count == 3)
    let reading = try small.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == [10, 9, 8])
  }

  @Test func writersTakeTurns() async throws {
    let log = log
    try await withThrowingTaskGroup { group in
      for writer in 0..<4 {
        group.addTask { for number in 0..<10 { try log.append(.sample("\(writer) \(number)")) } }
      }
      try await group.waitForAll()
    }
    let reading = try log.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.count == 40)
  }

  /// What one writer knows of the log's end is over when another one writes.
  @Test(arguments: [1, 700, 8 << 20]) func writersSeeEachOther(fileLimit: Int) throws {
    var first = log
    first.fileLimit = fileLimit
    var second = HistoryLog(folder: folder.path)
    second.fileLimit = fileLimit
    for writer in [first, first, second, first, second, second, first] { try fill(writer, 1) }
    let reading = try log.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == (1...7).reversed())
  }

  /// A line that was changed after it was written is told, also by the process that wrote it and goes on.
  @Test func aLastLineThatWasChangedIsTold() throws {
    try fill(log, 2)
    let name = "history-00000000000000000001.jsonl"
    let text = try folder.read(name)
    try folder.write(text.replacing("\"reason\":\"2\"", with: "\"reason\":\"3\""), to: name)
    try fill(log, 1)
    #expect(try log.read().damages.count == 1)
  }

  @Test func aLogThatWasRemovedBeginsAnew() throws {
    try fill(log, 2)
    try folder.remove("history-00000000000000000001.jsonl")
    #expect(try log.append(.sample("x")) == 1)
    #expect(try log.read().damages.isEmpty)
  }

  @Test func aFileMadeButNotWrittenIsUsed() throws {
    try fill(log, 2)
    try folder.write("", to: "history-00000000000000000003.jsonl")
    try fill(log, 1)
    let reading = try log.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == [3, 2, 1])
    #expect(try folder.names.count == 2)
  }

  @Test func otherFilesAreLeftAlone() throws {
    try folder.write("not ours", to: "history-7.jsonl")
    try folder.write("not ours", to: "journal")
    try fill(log, 1)
    #expect(try log.read().damages.isEmpty)
    #expect(try folder.read("journal") == "not ours")
  }
}

/// What somebody, or a crash, does to the log, and what the reader says of it.
@Suite struct HistoryDamageTests {
  private static let name = "history-00000000000000000001.jsonl"
  private let folder: TemporaryFolder
  private let log: HistoryLog

  init() throws {
    folder = try TemporaryFolder()
    log = HistoryLog(folder: folder.path)
    for number in 1...4 { try log.append(.sample("\(number)")) }
  }

  private func edit(_ change: (inout [String]) -> Void) throws {
    var lines = try folder.read(Self.name).split(separator: "\n").map(String.init)
    change(&lines)
    try folder.write(lines.map { $0 + "\n" }.joined(), to: Self.name)
  }

  /// A test, by what is done to the lines, and the lines (counted from 1) that are then told.
  enum Damage: String, CaseIterable {
    case changedText, changedNumber, removed, swapped, added, cutInHalf

    var told: Swift.Set<Int> {
      switch self {
      case .changedText: [3]
      case .changedNumber: [2, 3]
      case .removed: [2, 3]
      case .swapped: [2, 3, 4]
      case .added: [3, 4, 5]
      case .cutInHalf: [2, 3]
      }
    }

    func apply(to lines: inout [String]) {
      switch self {
      case .changedText: lines[1].replace("\"applied\"", with: "\"refused\"")
      case .changedNumber: lines[1].replace("\"sequence\":2", with: "\"sequence\":9")
      case .removed: lines.remove(at: 1)
      case .swapped: lines.swapAt(1, 2)
      case .added: lines.insert(lines[1], at: 2)
      case .cutInHalf: lines[1] = String(lines[1].prefix(80))
      }
    }
  }

  @Test(arguments: Damage.allCases) func isTold(damage: Damage) throws {
    try edit { damage.apply(to: &$0) }
    let reading = try log.read()
    #expect(Swift.Set(reading.damages.map(\.line)) == damage.told, "\(reading.damages)")
    #expect(reading.damages.allSatisfy { $0.file == folder.path.appending(Self.name) })
    #expect(reading.entries.first?.record.reason == "4")
  }

  @Test func aTornLastLineIsToldAndTheChainGoesOn() throws {
    let whole = try folder.read(Self.name)
    try folder.write(String(whole.dropLast(40)), to: Self.name)
    #expect(try log.read().damages.map(\.line) == [4])
    try log.append(.sample("5"))
    let reading = try log.read()
    #expect(reading.damages.map(\.line) == [4])
    #expect(reading.entries.map(\.sequence) == [5, 3, 2, 1])
  }

  @Test func aLastLineWithoutItsNewlineIsWhole() throws {
    let whole = try folder.read(Self.name)
    try folder.write(String(whole.dropLast()), to: Self.name)
    try log.append(.sample("5"))
    let reading = try log.read()
    #expect(reading.damages.isEmpty)
    #expect(reading.entries.map(\.sequence) == [5, 4, 3, 2, 1])
  }

  @Test func aMissingFileBetweenOthersIsTold() throws {
    var small = log
    small.fileLimit = 1
    for number in 5...7 { try small.append(.sample("\(number)")) }
    try folder.remove("history-00000000000000000006.jsonl")
    let reading = try small.read()
    #expect(reading.damages.map(\.description).count == 1)
    #expect(reading.entries.map(\.sequence) == [7, 5, 4, 3, 2, 1])
  }

  @Test func aFirstLineThatFollowsSomethingIsTold() throws {
    try edit { $0[0].replace("\"previous\":\"0", with: "\"previous\":\"1") }
    #expect(try log.read().damages.map(\.line) == [2, 1])
  }
}

@Suite struct HistoryErrorTests {
  @Test func aFileInTheFoldersPlaceIsNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: "state")
    let log = HistoryLog(folder: folder.path.appending("state"))
    let error = #expect(throws: HistoryError.self) { try log.append(.sample("")) }
    #expect(error?.path == folder.path.appending("state"))
    #expect(throws: HistoryError.self) { try log.read() }
  }

  @Test func aFolderThatSomebodyElseHoldsIsAnErrorInTheEnd() throws {
    let folder = try TemporaryFolder()
    var log = HistoryLog(folder: folder.path)
    log.folder.patience = .milliseconds(100)
    let other = try FileDescriptor.open(folder.path, .readOnly, options: [.directory, .closeOnExec])
    #expect(flock(other.rawValue, LOCK_EX) == 0)
    let error = #expect(throws: HistoryError.self) { try log.append(.sample("")) }
    #expect(error?.description.contains("another process") == true)
    try other.close()
    #expect(try log.append(.sample("")) == 1)
  }
}
