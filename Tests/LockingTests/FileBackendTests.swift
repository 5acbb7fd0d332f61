import FoundationEssentials
import Support
import SystemPackage
import Testing

@testable import Locking

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

  /// What the queue's machine has read may be past when it asks for the halt.
  @Test(
    "halts for a change that stands without its holder, and not else",
    arguments: ["vanished", "settled", "another", "at work", "halted"])
  func haltsForVanished(_ story: String) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/netbaton-lock-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let backend = FileBackend(path: FilePath(folder))
    let holder = Holder(node: "a", instance: "i", pid: 1, version: "test")
    let baton = try await backend.acquire(LockRequest(holder: holder, purpose: "test")) { _ in }
    let intent = IntentRecord(node: "a", holder: holder, token: baton.token, generation: "g", bound: 1)
    if story != "settled" { try await backend.put(intent, with: baton) }
    if story != "at work" { try await backend.release(baton) }
    let earlier = HaltRecord(who: "w", why: "y")
    if story == "halted" { _ = try await backend.halt(earlier, history: nil) }
    var asked = intent
    if story == "another" { asked.token += 1 }
    let waiter = Holder(node: "b", instance: "j", pid: 1, version: "test")
    let seat = FileSeat(group: FileGroup(root: FilePath(folder)), request: LockRequest(holder: waiter, purpose: "test"))
    let halt = try await seat.halt(over: asked)
    #expect((halt != nil) == (story == "vanished"))
    #expect(try await backend.status().halt == (story == "halted" ? earlier : halt))
  }

  @Test("a path that cannot be a folder is told")
  func wrongPath() async throws {
    let backend = FileBackend(path: "/dev/null/lock")
    let error = await #expect(throws: LockError.self) { try await backend.status() }
    #expect("\(try #require(error))".contains("/dev/null/lock cannot be made (Not a directory); name another"))
  }
}
