import FoundationEssentials
package import SystemPackage

/// The change that a node is about to make, or is making, on disk: who finds it after a crash knows what to take back.
///
/// There is one at a time, in the file `change` of the state folder. The file is whole, with file and folder synced,
/// before the change has its first effect.
package struct ChangeJournal: Sendable {
  package let folder: FilePath
  /// Whose changes they are.
  package let node: String
  /// `/proc/sys/kernel/random/boot_id`
  package let boot: String

  static let fileName = "change"
  static let temporaryName = "change.new"
  /// Never removed: who has its lock works on the change.
  static let lockName = "change.lock"

  /// - Parameter boot: another than the running kernel's, for tests.
  /// - Throws: `HistoryError` if the kernel does not tell the boot's id.
  package init(folder: FilePath, node: String, boot: String? = nil) throws(HistoryError) {
    self.folder = folder
    self.node = node
    if let boot { self.boot = boot } else { self.boot = try Self.currentBoot() }
  }

  private static func currentBoot() throws(HistoryError) -> String {
    let path = "/proc/sys/kernel/random/boot_id"
    guard let text = FileManager.default.contents(atPath: path), !text.isEmpty else {
      throw HistoryError(FilePath(path), "cannot be read", advice: "see that /proc is there")
    }
    return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  package var path: FilePath { folder.appending(Self.fileName) }

  /// Takes the change for this process. While a process has it, no other takes an open change for one that nobody works
  /// on; it is given up with the claim, or the process.
  /// - Returns: nil if another process has it.
  package func claim() throws(HistoryError) -> ChangeClaim? { try ChangeClaim(self, .all) }

  /// For the process that helps the one that has the claim, and shares it.
  package func claimAsHelper() throws(HistoryError) -> ChangeClaim? { try ChangeClaim(self, .helper) }

  /// What is there, without a claim: for who only tells it.
  package func find() throws(HistoryError) -> FoundChange {
    guard let file = try read() else { return .none }
    if let version = ChangeFormat.otherVersion(of: file) {
      throw HistoryError(
        path, "the open change is in format \(version), which this version of netbaton cannot read",
        advice: "start the version that wrote it once more, which settles it")
    }
    guard let format = ChangeFormat(prefix: file, size: file.count), let change = format.contents(of: file) else {
      return .torn
    }
    if change.header.node != node { return .foreign(change.header) }
    if change.header.boot != boot { return .earlierBoot(change.header, change.mark) }
    return .open(change)
  }

  /// - Returns: nil if there is no file.
  func read() throws(HistoryError) -> Data? {
    do {
      // Opened first for the system's own word on why not, which Foundation would hide.
      try FileDescriptor.open(path, .readOnly, options: .closeOnExec).close()
      // What is noted for a large change stands in memory once.
      return try Data(contentsOf: URL(filePath: path.string), options: .alwaysMapped)
    } catch Errno.noSuchFileOrDirectory {
      return nil
    } catch Errno.notDirectory {
      // Whoever makes the folder is told that it cannot be.
      return nil
    } catch {
      throw HistoryError(path, "cannot be read (\(error))", advice: "see its permissions and the disk's health")
    }
  }
}
