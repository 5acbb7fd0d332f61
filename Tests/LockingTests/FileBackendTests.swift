import FoundationEssentials
import Locking
import Support
import SystemPackage
import Testing

@Suite("The lock of one host")
struct FileBackendTests {
  @Test("passes the suite", arguments: LockCheck.all)
  func conforms(_ check: LockCheck) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/netbaton-lock-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await check.run(
      LockConformance(
        join: { FileBackend(path: FilePath(folder)) },
        remove: { try FileManager.default.removeItem(atPath: "\(folder)/queue/\($0.key)") }))
  }

  @Test("a path that cannot be a folder is told")
  func wrongPath() async throws {
    let backend = FileBackend(path: "/dev/null/lock")
    let error = await #expect(throws: LockError.self) { try await backend.status() }
    #expect("\(try #require(error))".contains("/dev/null/lock cannot be made (Not a directory); name another"))
  }
}
