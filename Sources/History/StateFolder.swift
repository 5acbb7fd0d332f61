import FoundationEssentials
import Glibc
package import SystemPackage

/// A folder of netbaton's own, in which one process at a time writes.
package struct StateFolder: Sendable {
  package let path: FilePath
  /// How long to wait for another process that has the folder.
  package var patience: Duration

  /// - Parameter path: made when it is first written to, for its owner alone; its parent too.
  package init(_ path: FilePath, patience: Duration = .seconds(5)) {
    self.path = path
    self.patience = patience
  }

  enum Sharing { case readers, oneWriter }

  /// Runs `body` while no other process (with this type) writes here, nor, for a writer, reads.
  /// - Returns: nil if the folder does not exist and `sharing` is for readers.
  func withLock<Value>(
    _ sharing: Sharing, _ body: (OpenFolder) throws(HistoryError) -> Value
  ) throws(HistoryError) -> Value? {
    if sharing == .oneWriter { try makeIfAbsent() }
    guard let folder = try openFolder() else { return nil }
    let result: Result<Value, HistoryError>
    do throws(HistoryError) {
      try takeLock(folder, sharing)
      result = .success(try body(OpenFolder(path: path, descriptor: folder)))
    } catch {
      result = .failure(error)
    }
    // The lock goes with the descriptor. Nothing was written through it, so closing cannot lose anything.
    try? folder.close()
    return try result.get()
  }

  func makeIfAbsent() throws(HistoryError) {
    // Foundation reports a folder that is there as success when parents are to be made.
    do {
      try FileManager.default.createDirectory(
        atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw HistoryError(
        path, "the folder cannot be made (\(reason(error)))", advice: "make it, or name another one with --state-dir")
    }
  }

  private func openFolder() throws(HistoryError) -> FileDescriptor? {
    do {
      return try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
    } catch Errno.noSuchFileOrDirectory {
      return nil
    } catch {
      throw HistoryError(
        path, "the folder cannot be opened (\(reason(error)))", advice: "see its permissions and owner")
    }
  }

  /// `flock(2)` knows no time limit: a reader that was stopped must not hold up a writer for ever.
  private func takeLock(_ folder: FileDescriptor, _ sharing: Sharing) throws(HistoryError) {
    let deadline = ContinuousClock.now + patience
    while flock(folder.rawValue, (sharing == .readers ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      let error = Errno(rawValue: errno)
      guard error == .wouldBlock || error == .interrupted else {
        throw HistoryError(path, "the folder cannot be locked (\(error))", advice: "keep it on a local file system")
      }
      guard ContinuousClock.now < deadline else {
        throw HistoryError(
          path, "another process has held the folder's lock for more than \(patience)",
          advice: "find it with `fuser -v \(path)`")
      }
      usleep(5_000)
    }
  }
}

/// A folder whose lock is held.
struct OpenFolder {
  let path: FilePath
  let descriptor: FileDescriptor

  /// Names in it, in no order.
  func names() throws(HistoryError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path.string)
    } catch {
      throw HistoryError(path, "the folder cannot be listed (\(reason(error)))", advice: "see its permissions")
    }
  }

  func read(_ name: String) throws(HistoryError) -> [UInt8] {
    let file = path.appending(name)
    do {
      // Opened first for the system's own word on why not, which Foundation would hide.
      try FileDescriptor.open(file, .readOnly, options: .closeOnExec).close()
      return Array(try Data(contentsOf: URL(filePath: file.string)))
    } catch {
      throw HistoryError(file, "cannot be read (\(reason(error)))", advice: "see its permissions and the disk's health")
    }
  }

  /// In bytes.
  func size(_ name: String) throws(HistoryError) -> Int {
    let file = path.appending(name)
    do {
      return Int(try Stat(file).size)
    } catch {
      throw HistoryError(file, "cannot be read (\(reason(error)))", advice: "see its permissions and the disk's health")
    }
  }

  /// Adds bytes to the end of a file, which is made if absent, and returns when they are on the disk. What was
  /// written of them is taken back if not all of them could be.
  func append(_ bytes: [UInt8], to name: String) throws(HistoryError) {
    let file = path.appending(name)
    do {
      let descriptor = try FileDescriptor.open(
        file, .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
      do {
        let end = try descriptor.seek(offset: 0, from: .end)
        do {
          try descriptor.writeAll(bytes)
          try synchronize(descriptor)
        } catch {
          // If this fails too, the reader finds half a line and says so.
          try? descriptor.resize(to: end)
          throw error
        }
      } catch {
        try? descriptor.close()
        throw error
      }
      try descriptor.close()
      try synchronize(self.descriptor)
    } catch {
      throw HistoryError(
        file, "cannot be written (\(reason(error)))", advice: "see that the disk has room and the folder can be written"
      )
    }
  }

  func remove(_ name: String) throws(HistoryError) {
    do {
      try FileManager.default.removeItem(atPath: path.appending(name).string)
    } catch {
      throw HistoryError(path.appending(name), "cannot be removed (\(reason(error)))", advice: "remove it by hand")
    }
  }

  private func synchronize(_ descriptor: FileDescriptor) throws {
    while fsync(descriptor.rawValue) != 0 {
      let error = Errno(rawValue: errno)
      guard error == .interrupted else { throw error }
    }
  }
}

/// The system's words for it: Foundation wraps them in its own.
private func reason(_ error: any Error) -> String {
  guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
  return "\(Errno(rawValue: cause.code.rawValue))"
}
