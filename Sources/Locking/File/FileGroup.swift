import FoundationEssentials
import Glibc
import SystemPackage

/// The folder of a lock of one host.
///
/// `lock` guards the rest for the time of one step. `queue/TOKEN` is a place: it stands while its owner lives, for the
/// owner keeps a lock on it that the kernel takes back when the process ends, however it ends. `counter` is the last
/// token, on the disk before it is given out, so that none comes twice after a crash of the machine. The rest is
/// records: `halt`, `last`, `intent/NODE`, `node/NODE`, `history/TOKEN-NUMBER`.
struct FileGroup: Sendable {
  let root: FilePath

  /// Runs one step while nobody else does. Polls, so that one who was stopped inside blocks no thread of ours.
  func alone<Value: Sendable>(
    _ body: @Sendable (borrowing FileStep) throws(LockError) -> Value
  ) async throws(LockError) -> Value {
    try prepare()
    let path = root.appending("lock")
    let end = ContinuousClock.now.advanced(by: .seconds(10))
    while true {
      if let lock = try step(at: path, { () throws(Errno) in try LockedFile.tryLock(path, creates: true) }) {
        return try body(FileStep(root: root, lock: lock))
      }
      guard ContinuousClock.now < end else {
        throw .unavailable(store: "\(path)", detail: "another process keeps it for more than 10 s; see `fuser \(path)`")
      }
      do {
        try await Task.sleep(for: .milliseconds(Int.random(in: 1...4)), clock: .continuous)
      } catch {
        throw .cancelled
      }
    }
  }

  private func prepare() throws(LockError) {
    for folder in ["queue", "intent", "node", "history"] {
      let path = root.appending(folder).string
      // Asked first, for creating a folder that is there costs more.
      if FileManager.default.fileExists(atPath: path) { continue }
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw .misconfigured(
          "the lock's folder \(root) cannot be made (\(reason(error))); name another with --lock file:PATH or --state-dir"
        )
      }
    }
  }
}

/// The system's words for why a file operation failed: Foundation wraps them in its own.
func reason(_ error: any Error) -> String {
  guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
  return "\(Errno(rawValue: cause.code.rawValue))"
}

/// `Errno` with the file that it is about.
func step<Value: ~Copyable>(
  at path: FilePath, _ body: () throws(Errno) -> Value
) throws(LockError) -> Value {
  do throws(Errno) {
    return try body()
  } catch {
    throw .unavailable(store: "\(path)", detail: "\(error)")
  }
}
