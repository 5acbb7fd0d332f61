import FoundationEssentials
import SystemPackage

/// What can be done in a lock's folder while its own lock is held.
struct FileStep: ~Copyable {
  private let root: FilePath
  private let lock: LockedFile

  init(root: FilePath, lock: consuming LockedFile) {
    self.root = root
    self.lock = lock
  }

  static func placePath(_ root: FilePath, _ token: UInt64) -> FilePath {
    root.appending("queue").appending(padded(token, to: 20))
  }

  // MARK: - Places

  /// Its owner keeps what this returns for as long as it wants the place.
  /// - Parameter token: from `nextToken`.
  borrowing func takePlace(_ token: UInt64, _ record: QueueRecord) throws(LockError) -> LockedFile {
    let path = FileStep.placePath(root, token)
    let bytes = try RecordCoding.encode(record)
    let place = try step(at: path) { () throws(Errno) in
      let place = try LockedFile.tryLock(path, creates: true)
      try place?.rewrite(bytes)
      return place
    }
    guard let place else {
      throw .unavailable(store: "\(path)", detail: "somebody else has locked a place that was just made")
    }
    return place
  }

  /// The last that was given out.
  borrowing func lastToken() throws(LockError) -> UInt64 {
    let path = root.appending("counter")
    let last = try bytes(at: path).map { (bytes) throws(LockError) in
      guard let number = UInt64(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }) else {
        throw .badRecord(what: "\(path)", detail: "it holds no number")
      }
      return number
    }
    // A counter that was lost must not go back behind places that are there.
    return max(last ?? 0, names(in: "queue").compactMap { UInt64($0) }.max() ?? 0)
  }

  borrowing func nextToken() throws(LockError) -> UInt64 {
    let path = root.appending("counter")
    let token = try lastToken() + 1
    try step(at: path) { () throws(Errno) in
      guard let file = try LockedFile.tryLock(path, creates: true) else { throw .resourceTemporarilyUnavailable }
      try file.rewrite(Array((padded(token, to: 20) + "\n").utf8))
    }
    return token
  }

  /// In order, without places whose owner is gone: these are removed.
  borrowing func queue() throws(LockError) -> [QueueEntry] {
    var entries: [QueueEntry] = []
    for name in names(in: "queue").sorted() {
      guard let token = UInt64(name) else { continue }
      let path = FileStep.placePath(root, token)
      guard try isHeld(path) else {
        try remove(path)
        continue
      }
      let record = try RecordCoding.decode(QueueRecord.self, from: bytes(at: path) ?? [], named: "\(path)")
      entries.append(QueueEntry(key: name, order: token, record: record))
    }
    return entries
  }

  borrowing func has(place token: UInt64) throws(LockError) -> Bool { try isHeld(FileStep.placePath(root, token)) }

  private borrowing func isHeld(_ path: FilePath) throws(LockError) -> Bool {
    try step(at: path) { () throws(Errno) in
      do throws(Errno) {
        return try LockedFile.tryLock(path, creates: false) == nil
      } catch .noSuchFileOrDirectory {
        return false
      }
    }
  }

  // MARK: - Records

  borrowing func status() throws(LockError) -> LockStatus {
    var status = LockStatus(queue: try queue())
    status.halt = try record(HaltRecord.self, "halt")
    status.last = try record(LastRecord.self, "last")
    status.intents = try records(IntentRecord.self, in: "intent")
    return status
  }

  borrowing func records<Record: Decodable>(_ type: Record.Type, in folder: String) throws(LockError) -> [Record] {
    var found: [Record] = []
    for name in names(in: folder).sorted() {
      if let record = try record(type, "\(folder)/\(name)") { found.append(record) }
    }
    return found
  }

  borrowing func record<Record: Decodable>(_ type: Record.Type, _ name: String) throws(LockError) -> Record? {
    let path = root.pushing(FilePath(name))
    guard let bytes = try bytes(at: path) else { return nil }
    return try RecordCoding.decode(type, from: bytes, named: "\(path)")
  }

  borrowing func put(_ record: some Encodable, _ name: String) throws(LockError) {
    try put(bytes: RecordCoding.encode(record), name)
  }

  /// Through a rename, so that a crash leaves the old record or the new one; returns once it is on the disk.
  borrowing func put(bytes: [UInt8], _ name: String) throws(LockError) {
    let path = root.pushing(FilePath(name))
    do {
      // It calls fsync(2) before it renames (swift-foundation, as strace(1) shows).
      try Data(bytes).write(to: URL(filePath: path.string), options: .atomic)
    } catch {
      throw .unavailable(
        store: "\(path)",
        detail: "cannot be written (\(reason(error))); see that the disk has room and the folder can be written")
    }
    try LockedFile.syncFolder(of: path)
  }

  /// For a record: a crash must not bring it back.
  borrowing func remove(_ name: String) throws(LockError) {
    let path = root.pushing(FilePath(name))
    try remove(path)
    try LockedFile.syncFolder(of: path)
  }

  borrowing func remove(_ path: FilePath) throws(LockError) {
    guard FileManager.default.fileExists(atPath: path.string) else { return }
    do {
      try FileManager.default.removeItem(atPath: path.string)
    } catch {
      throw .unavailable(store: "\(path)", detail: "cannot be removed (\(reason(error))); remove it by hand")
    }
  }

  /// Names without those of files that are being written.
  borrowing func names(in folder: String) -> [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(folder).string)) ?? []
    return all.filter { !$0.hasPrefix(".") }
  }

  borrowing func bytes(of name: String) throws(LockError) -> [UInt8]? { try bytes(at: root.pushing(FilePath(name))) }

  private borrowing func bytes(at path: FilePath) throws(LockError) -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path.string) else { return nil }
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path.string)))
    } catch {
      throw .unavailable(store: "\(path)", detail: "cannot be read (\(reason(error))); see its permissions")
    }
  }
}

/// Zeros before the digits make the order of names the order of numbers.
package func padded(_ number: UInt64, to width: Int, radix: Int = 10) -> String {
  let digits = String(number, radix: radix)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
