package import SystemPackage

/// What was read of the log.
package struct HistoryReading: Sendable {
  /// Newest first.
  package var entries: [Entry] = []
  /// What is wrong with the log, newest first; never hidden, and never a reason to show nothing.
  package var damages: [Damage] = []

  package struct Entry: Hashable, Sendable {
    /// Counted from 1 over the whole log.
    package var sequence: UInt64
    package var record: HistoryRecord
  }

  /// A place where the log is not what was written.
  package struct Damage: Hashable, Sendable {
    package var file: FilePath
    /// Counted from 1.
    package var line: Int
    package var problem: String
  }
}

extension HistoryReading.Damage: CustomStringConvertible {
  package var description: String { "\(file):\(line): \(problem)" }
}

extension HistoryLog {
  /// Reads the newest records first, each outcome with the difference that was planned, and verifies the chain between
  /// all lines of the files it needs for that.
  /// - Parameter limit: at most this many records; nil for all, which verifies the whole log.
  package func read(limit: Int? = nil) throws(HistoryError) -> HistoryReading {
    let reading = try folder.withLock(.readers) { (folder) throws(HistoryError) -> HistoryReading in
      var reader = HistoryReader(folder: folder.path, limit: limit ?? .max)
      for file in try HistoryLog.files(in: folder).reversed() {
        if reader.isDone { break }
        reader.add(file, lines: HistoryFile.lines(of: try folder.read(file.name)))
      }
      reader.finish()
      return reader.reading
    }
    return reading ?? HistoryReading()
  }
}

/// Takes files, newest first, and follows the chain backwards.
private struct HistoryReader {
  var reading = HistoryReading()
  private let folder: FilePath
  private let limit: Int
  /// Outcomes whose difference stands in a record further back.
  private var awaited: [Attempt: Int] = [:]
  /// The line after the one that comes next: what it says of its predecessor.
  private var successor: (file: FilePath, line: Int, sequence: UInt64, previous: String)?

  init(folder: FilePath, limit: Int) {
    self.folder = folder
    self.limit = limit
  }

  var isDone: Bool { reading.entries.count >= limit && awaited.isEmpty }

  mutating func add(_ file: HistoryFile, lines: [ArraySlice<UInt8>]) {
    let path = folder.appending(file.name)
    let end = file.first + UInt64(lines.count)
    if let next = successor, end != next.sequence {
      damage(next.file, next.line, "line \(end) of the log should stand here, and it is \(next.sequence)")
      successor = nil
    }
    for (index, bytes) in lines.enumerated().reversed() {
      checkSuccessor(against: bytes)
      let sequence = file.first + UInt64(index)
      do {
        let line = try HistoryLine(bytes)
        if line.sequence != sequence {
          damage(path, index + 1, "the line says that it is number \(line.sequence), where number \(sequence) belongs")
        }
        take(line.record, sequence)
        successor = (path, index + 1, sequence, line.previous)
      } catch {
        damage(path, index + 1, "the line is torn or was changed: it cannot be read")
        successor = nil
      }
    }
  }

  /// After the oldest file, or when enough was read.
  mutating func finish() {
    guard let successor, !isDone, successor.sequence == 1, successor.previous != HistoryLine.origin else { return }
    damage(successor.file, successor.line, "the first line of all names a line before it")
  }

  private mutating func checkSuccessor(against bytes: ArraySlice<UInt8>) {
    guard let successor, successor.previous != HistoryLine.digest(of: bytes) else { return }
    damage(
      successor.file, successor.line,
      "the chain is broken: the line before it is not the one that stood there when it was written")
  }

  private mutating func take(_ record: HistoryRecord, _ sequence: UInt64) {
    let attempt = Attempt(instance: record.instance, name: record.attempt, event: record.event)
    if record.outcome == .planned, let place = awaited.removeValue(forKey: attempt) {
      reading.entries[place].record.difference = record.difference
      return
    }
    guard reading.entries.count < limit else { return }
    if record.outcome != .planned, record.difference.isEmpty {
      awaited[attempt] = reading.entries.count
    }
    reading.entries.append(HistoryReading.Entry(sequence: sequence, record: record))
  }

  private struct Attempt: Hashable {
    var instance: String
    var name: String
    var event: HistoryRecord.Event
  }

  private mutating func damage(_ file: FilePath, _ line: Int, _ problem: String) {
    reading.damages.append(HistoryReading.Damage(file: file, line: line, problem: problem))
  }
}
