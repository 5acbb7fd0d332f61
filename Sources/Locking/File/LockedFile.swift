import CFileLock
import Glibc
import SystemPackage

/// An open file with an exclusive lock on its open file description: the lock ends with it, and with the process.
struct LockedFile: ~Copyable {
  private let descriptor: FileDescriptor

  private init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

  /// - Returns: nil when somebody else has the lock.
  /// - Parameter creates: makes a file that is not there; without, that is an error (`ENOENT`).
  static func tryLock(_ path: FilePath, creates: Bool) throws(Errno) -> LockedFile? {
    // Not inherited: a command that is run while the baton is held must not keep the lock after us.
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(
        path, .readWrite, options: creates ? [.create, .closeOnExec] : [.closeOnExec], permissions: .ownerReadWrite)
    } catch {
      throw error as? Errno ?? .ioError
    }
    let locked = LockedFile(file)
    switch file_lock_exclusive(file.rawValue, 0) {
    case 0: return locked
    // fcntl(2) allows both for a lock that another has.
    case EAGAIN, EACCES: return nil
    case let problem: throw Errno(rawValue: problem)
    }
  }

  /// Replaces the content, and returns once it is on the disk.
  borrowing func rewrite(_ bytes: [UInt8]) throws(Errno) {
    do {
      try descriptor.resize(to: 0)
      try descriptor.writeAll(toAbsoluteOffset: 0, bytes)
    } catch {
      throw error as? Errno ?? .ioError
    }
    guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
  }

  /// A name that came or went is on the disk once its folder is (fsync(2)).
  static func syncFolder(of path: FilePath) throws(LockError) {
    let folder = path.removingLastComponent()
    try step(at: folder) { () throws(Errno) in
      do {
        let file = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        try file.closeAfter { if fsync(file.rawValue) != 0 { throw Errno(rawValue: errno) } }
      } catch {
        throw error as? Errno ?? .ioError
      }
    }
  }

  deinit {
    // Not by closing alone: a child that another thread has just forked still has the descriptor until it executes.
    _ = file_lock_range(descriptor.rawValue, Int16(F_UNLCK), 0, 0, 0)
    // Linux frees the descriptor also when close(2) fails: there is nothing left to do about it.
    try? descriptor.close()
  }
}
