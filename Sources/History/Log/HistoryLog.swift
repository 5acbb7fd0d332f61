import Synchronization
package import SystemPackage

/// The log of differences on disk: JSON lines in `history-NUMBER.jsonl`, each with the digest of the line before it.
///
/// The chain shows that a line was changed, taken out or put in between; it goes on across files. It cannot show
/// that the newest lines were cut off, nor stand against somebody who writes all of it anew: for that there is the
/// copy in the lock's store. Several processes may use one folder.
package struct HistoryLog: Sendable {
  package var folder: StateFolder
  /// A file that a line would make longer than this many bytes is left, and the next one begun. A longer line has a
  /// file of its own.
  package var fileLimit: Int
  /// How many files are kept; the oldest is removed first. At least 1.
  package var fileCount: Int
  private let known = KnownEnd()

  package init(folder: FilePath, fileLimit: Int = 2 << 20, fileCount: Int = 64) {
    self.folder = StateFolder(folder)
    self.fileLimit = fileLimit
    self.fileCount = max(1, fileCount)
  }

  /// Adds a record. When this returns, it is on the disk.
  /// - Returns: the record's number in the log.
  @discardableResult
  package func append(_ record: HistoryRecord) throws(HistoryError) -> UInt64 {
    let sequence = try folder.withLock(.oneWriter) { (folder) throws(HistoryError) -> UInt64 in
      let files = try HistoryLog.files(in: folder)
      let end =
        if let end = try known.take(files.last, in: folder) { end } else {
          try HistoryLog.end(of: files, in: folder)
        }
      let line = HistoryLine(sequence: end.next, previous: end.digest, record: record)
      var bytes: [UInt8]
      do {
        bytes = try HistoryRecord.encode(line)
      } catch {
        throw HistoryError(folder.path, "a record cannot be written as JSON (\(error))", advice: "report this as a bug")
      }
      let after = HistoryLine.digest(of: bytes[...])
      bytes.append(10)
      if let newest = files.last, end.bytes == 0 || end.bytes + bytes.count <= fileLimit {
        if end.isTorn { bytes.insert(10, at: 0) }
        try folder.append(bytes, to: newest.name)
        known.set(newest, End(next: end.next + 1, digest: after, isTorn: false, bytes: end.bytes + bytes.count))
      } else {
        let newest = HistoryFile(first: end.next)
        try folder.append(bytes, to: newest.name)
        known.set(newest, End(next: end.next + 1, digest: after, isTorn: false, bytes: bytes.count))
        for old in files.dropLast(fileCount - 1) { try folder.remove(old.name) }
      }
      return end.next
    }
    guard let sequence else {
      throw HistoryError(folder.path, "the folder went away while it was opened", advice: "try again")
    }
    return sequence
  }

  static func files(in folder: OpenFolder) throws(HistoryError) -> [HistoryFile] {
    try folder.names().compactMap(HistoryFile.init(name:)).sorted()
  }

  /// Where the log ends.
  fileprivate struct End {
    /// The number that the next line gets.
    var next: UInt64
    /// Of the last line, whatever stands in it.
    var digest: String
    /// Whether the newest file's last line lacks its newline.
    var isTorn: Bool
    /// The newest file's size.
    var bytes: Int
  }

  private static func end(of files: [HistoryFile], in folder: OpenFolder) throws(HistoryError) -> End {
    guard let newest = files.last else {
      return End(next: 1, digest: HistoryLine.origin, isTorn: false, bytes: 0)
    }
    let content = try folder.read(newest.name)
    let lines = HistoryFile.lines(of: content)
    guard let last = lines.last else {
      // Made, and then the machine stopped before a line stood in it.
      var end = try end(of: files.dropLast(), in: folder)
      end.next = newest.first
      end.isTorn = false
      end.bytes = 0
      return end
    }
    return End(
      next: newest.first + UInt64(lines.count), digest: HistoryLine.digest(of: last), isTorn: content.last != 10,
      bytes: content.count)
  }
}

/// Where the log ended after this process's last line: a file of megabytes is not read again for the next one, as long
/// as nobody else has written to it.
private final class KnownEnd: Sendable {
  private let place = Mutex<(file: HistoryFile, end: HistoryLog.End)?>(nil)

  func set(_ file: HistoryFile, _ end: HistoryLog.End) { place.withLock { $0 = (file, end) } }

  /// - Parameter newest: the log's newest file.
  /// - Returns: nil if the log has to be read. Either way the next line's end is not known until it is written.
  func take(_ newest: HistoryFile?, in folder: OpenFolder) throws(HistoryError) -> HistoryLog.End? {
    guard let (file, end) = place.withLock({ $0.take() }), file == newest, try folder.size(file.name) == end.bytes
    else { return nil }
    return end
  }
}
