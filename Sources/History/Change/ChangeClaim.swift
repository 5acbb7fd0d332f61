import CFileLock
import Crypto
import FoundationEssentials
import Glibc
import SystemPackage

/// The right to work on a node's open change. It ends with this object, and with the process.
///
/// It is a lock of its own file: the journal's is another one with each change. The file's first byte is for who makes
/// the change, the second for its helper, so that the change is taken as long as one of them lives.
package final class ChangeClaim: Sendable {
  enum Part {
    case all, helper

    var range: (start: Int64, length: Int64) {
      switch self {
      case .all: (0, 2)
      case .helper: (1, 1)
      }
    }
  }

  package let journal: ChangeJournal
  private let lock: FileDescriptor

  init?(_ journal: ChangeJournal, _ part: Part) throws(HistoryError) {
    let path = journal.folder.appending(ChangeJournal.lockName)
    try StateFolder(journal.folder).makeIfAbsent()
    let lock: FileDescriptor
    do {
      lock = try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
    } catch {
      throw HistoryError(path, "cannot be opened (\(error))", advice: "see that the folder can be written")
    }
    let problem = file_lock_range(lock.rawValue, Int16(F_WRLCK), part.range.start, part.range.length, 0)
    guard problem == 0 else {
      // An object that is whole would close it once more when it goes, and by then it may be another file's.
      try? lock.close()
      // fcntl(2) allows both for a lock that another has.
      if problem == EAGAIN || problem == EACCES { return nil }
      throw HistoryError(
        path, "cannot be locked (\(Errno(rawValue: problem)))", advice: "keep the folder on a local file system")
    }
    self.journal = journal
    self.lock = lock
  }

  deinit {
    // Not by closing alone: a child that another thread has just forked still has the descriptor until it executes.
    _ = file_lock_range(lock.rawValue, Int16(F_UNLCK), 0, 2, 0)
    try? lock.close()
  }

  /// Leaves the helper's part to a process that `claimAsHelper` will be called in.
  package func share() {
    // Giving up a part of a lock that one has cannot fail.
    _ = file_lock_range(lock.rawValue, Int16(F_UNLCK), ChangeClaim.Part.helper.range.start, 1, 0)
  }
}

extension ChangeClaim {
  /// What is there. What is not whole is removed: nothing had begun.
  package func find() throws(HistoryError) -> FoundChange {
    let found = try journal.find()
    if found == .torn { try remove() }
    return found
  }

  /// Puts a change on disk, in the place of one that had no effect. When this returns, it survives a crash; when it
  /// throws, as on a full disk, nothing is left of it.
  package func begin(_ header: ChangeHeader, inverse: [UInt8]) throws(HistoryError) {
    let temporary = journal.folder.appending(ChangeJournal.temporaryName)
    do {
      let json = try HistoryRecord.encode(header)
      let format = ChangeFormat(headerLength: json.count, inverseLength: inverse.count)
      let digest = ChangeFormat.digest(of: format.prefix, json, inverse)
      let marks = [UInt8](repeating: 0, count: ChangeFormat.markSlots * ChangeFormat.markSize)
      let file = try FileDescriptor.open(
        temporary, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
      do {
        for part in [format.prefix, json, inverse, digest, marks] { try file.writeAll(part) }
        try file.synchronize()
      } catch {
        try? file.close()
        throw error
      }
      try file.close()
      // FileManager moves nothing over what is there. Between the two there is no journal, as before a first effect.
      try removeIfThere(ChangeJournal.fileName)
      try FileManager.default.moveItem(atPath: temporary.string, toPath: journal.path.string)
      try synchronizeFolder()
    } catch {
      try? removeIfThere(ChangeJournal.temporaryName)
      try? removeIfThere(ChangeJournal.fileName)
      throw HistoryError(
        journal.path, "the change cannot be put on disk before it is made (\(error))",
        advice: "see that the disk has room and the folder can be written; nothing was changed")
    }
  }

  /// Notes what came of the change; when this returns, that survives a crash.
  package func mark(_ mark: ChangeMark) throws(HistoryError) {
    do {
      guard let file = try journal.read(), let format = ChangeFormat(prefix: file, size: file.count) else {
        throw Errno.noSuchFileOrDirectory
      }
      let last = format.marks(of: file).last?.slot ?? -1
      let slot = min(last + 1, ChangeFormat.markSlots - 1)
      let descriptor = try FileDescriptor.open(journal.path, .writeOnly, options: .closeOnExec)
      do {
        let bytes = try ChangeFormat.slot(of: mark)
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(format.marksOffset + slot * ChangeFormat.markSize), bytes)
        try descriptor.synchronize()
      } catch {
        try? descriptor.close()
        throw error
      }
      try descriptor.close()
    } catch let error as HistoryError {
      throw error
    } catch {
      throw HistoryError(
        journal.path, "what came of the change cannot be noted (\(error))", advice: "see the disk's health")
    }
  }

  /// Removes the journal: the change's end is told.
  package func remove() throws(HistoryError) {
    do {
      try removeIfThere(ChangeJournal.temporaryName)
      try removeIfThere(ChangeJournal.fileName)
      try synchronizeFolder()
    } catch {
      throw HistoryError(journal.path, "cannot be removed (\(error))", advice: "remove it by hand")
    }
  }

  private func removeIfThere(_ name: String) throws {
    let path = journal.folder.appending(name).string
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
  }

  private func synchronizeFolder() throws {
    let folder = try FileDescriptor.open(journal.folder, .readOnly, options: [.directory, .closeOnExec])
    defer { try? folder.close() }
    try folder.synchronize()
  }
}

extension FileDescriptor {
  fileprivate func synchronize() throws {
    while fsync(rawValue) != 0 {
      let error = Errno(rawValue: errno)
      guard error == .interrupted else { throw error }
    }
  }
}
