import Agent
import FoundationEssentials
import Glibc
import History
import Kernel
import Locking
import Model
import Plan
import Synchronization
import SystemPackage
import Testing

/// What a dead-man decides by, in this process, with a kernel that says what the test wants.
@Suite struct DeadManDecisionTests {
  private let folder: FilePath
  private let journal: ChangeJournal
  private let claim: ChangeClaim

  init() throws {
    folder = FilePath(FileManager.default.temporaryDirectory.path()).appending("netbaton-watch-\(UUID().uuidString)")
    journal = try ChangeJournal(folder: folder, node: "n1")
    claim = try #require(try journal.claim())
    try claim.begin(
      ChangeHeader(
        node: "n1", boot: journal.boot, token: 4, instance: "i", specGeneration: "g", kernelGeneration: 1, trial: 4),
      inverse: [])
    claim.share()
  }

  private struct Ending {
    var answers: [String]
    var mark: ChangeMark?
    var error: (any Error)?
  }

  /// Who made the change is gone once it was taken back unasked.
  /// - Parameters:
  ///   - lines: after which the input ends, if `ends`.
  ///   - time: until the deadline, in milliseconds.
  private func watch(
    _ kernel: VerdictKernel, lines: [String] = [], time: UInt64 = 0, ends: Bool = false, trial: String = "4",
    slack: UInt64 = 1_000_000_000
  ) async throws -> Ending {
    let answers = Mutex<[String]>([])
    let pipe = try FileDescriptor.pipe()
    defer {
      try? pipe.readEnd.close()
      try? pipe.writeEnd.close()
    }
    // The first line is read without waiting.
    let all = Mutex(["guard \(BootClock.now + time * 1_000_000) \(trial)"] + lines)
    // The pipe only wakes it. Its end would not: children of other tests may have inherited it.
    let wake: @Sendable () -> Void = { _ = try? pipe.writeEnd.writeAll([10]) }
    if ends || !lines.isEmpty { wake() }
    let watch = DeadManWatch(
      journal: journal, kernel: kernel, input: pipe.readEnd.rawValue, slack: slack,
      read: { all.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
      write: { line in
        answers.withLock { $0.append(line) }
        if line == "undone it was not confirmed in time" { wake() }
      })
    var ending = Ending(answers: [])
    do { try await watch.run() } catch { ending.error = error }
    ending.answers = answers.withLock { $0 }
    if case .open(let change) = try journal.find() { ending.mark = change.mark }
    try FileManager.default.removeItem(atPath: folder.string)
    return ending
  }

  @Test func aConfirmedTrialKeepsTheRest() async throws {
    let kernel = VerdictKernel([.armed, .armed, .kept])
    let ending = try await watch(kernel, slack: 60_000_000_000)
    #expect(ending.answers == ["armed", "kept"])
    #expect(ending.mark == .kept)
    #expect(await kernel.calls == [])
  }

  @Test func aTrialThatEndedTakesTheRestWithIt() async throws {
    let kernel = VerdictKernel([.armed, .gone])
    let ending = try await watch(kernel)
    #expect(ending.answers == ["armed", "undone it was not confirmed in time"])
    #expect(ending.mark == .undone("it was not confirmed in time"))
    // The second is the last look, when nobody can write any more.
    #expect(await kernel.calls == ["undo", "undo"])
  }

  /// Nobody is left to confirm it.
  @Test func aTrialEndsAtOnceWithWhoArmedIt() async throws {
    let kernel = VerdictKernel([.armed, .gone])
    let ending = try await watch(kernel, time: 60_000, ends: true)
    #expect(ending.answers == ["armed", "undone the process that made it ended before it was confirmed"])
    #expect(await kernel.calls == ["clean up", "undo"])
  }

  /// The trial's own clock was set, or stood still.
  @Test func aTrialThatDoesNotEndIsEnded() async throws {
    let kernel = VerdictKernel([])
    let ending = try await watch(kernel)
    #expect(await kernel.calls == ["clean up", "undo", "undo"])
    #expect(ending.mark == .undone("it was not confirmed in time"))
  }

  @Test func whatIsUnknownIsNotKept() async throws {
    let kernel = VerdictKernel(nil)
    let ending = try await watch(kernel)
    #expect(ending.mark == .undone("it was not confirmed in time"))
  }

  @Test func takingBackIsTriedAgain() async throws {
    let kernel = VerdictKernel([.gone], failures: 0..<2)
    let ending = try await watch(kernel)
    #expect(await kernel.calls == ["undo", "undo", "undo", "undo"])
    #expect(ending.answers == ["armed", "undone it was not confirmed in time"])
  }

  /// Something came after it was taken back.
  @Test func aLastLookThatFailsIsAnError() async throws {
    let ending = try await watch(VerdictKernel([.gone], failures: 1..<100))
    #expect(ending.answers == ["armed", "undone it was not confirmed in time"])
    #expect(ending.error is UndoError)
  }

  @Test func whatCannotBeTakenBackIsNotCalledSo() async throws {
    let kernel = VerdictKernel([.gone], failures: 0..<100)
    let ending = try await watch(kernel)
    #expect(ending.answers.last == "failed not all could be taken back: a route is missing")
    #expect(ending.mark == .undoing("it was not confirmed in time"))
    #expect(ending.error is UndoError)
  }

  @Test(arguments: [
    ("keep", "kept", ChangeMark.kept),
    (
      "what", "undone it was told what it does not understand: what",
      .undone("it was told what it does not understand: what")
    ),
  ]) func itDoesWhatItIsTold(order: String, answer: String, mark: ChangeMark) async throws {
    let ending = try await watch(VerdictKernel([]), lines: [order], time: 60_000, trial: "-")
    #expect(ending.answers == ["armed", answer])
    #expect(ending.mark == mark)
  }

  @Test func withoutAnOpenChangeNothingIsGuarded() async throws {
    try claim.remove()
    let ending = try await watch(VerdictKernel([]))
    #expect(ending.answers.count == 1 && ending.answers[0].hasPrefix("failed"))
    #expect(ending.error != nil)
  }

  @Test func whileAnotherHasTheChangeNothingIsGuarded() async throws {
    let other = try #require(try claim.journal.claimAsHelper())
    let ending = try await watch(VerdictKernel([]))
    withExtendedLifetime(other) {}
    #expect(ending.answers.count == 1 && ending.answers[0].contains("another process works on the change"))
  }
}

/// Says how a trial stands, one word after another; when there is none left, that it is armed until it is cleaned up.
private actor VerdictKernel: TrialKernel {
  private var verdicts: [TrialVerdict]?
  /// The undoings that fail.
  private let failures: Range<Int>
  private var isClean = false
  private(set) var calls: [String] = []

  struct Unknown: Error {}

  /// - Parameter verdicts: nil where it cannot be read.
  init(_ verdicts: [TrialVerdict]?, failures: Range<Int> = 0..<0) {
    self.verdicts = verdicts
    self.failures = failures
  }

  func verdict(of number: UInt64) throws -> TrialVerdict {
    guard verdicts != nil else { throw Unknown() }
    if isClean { return .gone }
    return verdicts?.isEmpty == false ? verdicts?.removeFirst() ?? .armed : .armed
  }

  func cleanUp(record: RecordUpdate) throws -> UInt32? {
    calls.append("clean up")
    isClean = true
    return 1
  }

  func undo(_ inverse: Inverse) throws {
    let number = calls.count { $0 == "undo" }
    calls.append("undo")
    if failures.contains(number) { throw UndoError(leftovers: ["a route is missing"]) }
  }
  func generation() -> UInt32 { 1 }
  func read(_ scope: ReadScope) throws -> Snapshot { throw Unknown() }
  func links() throws -> Links { throw Unknown() }
  func routeChanges(routeProtocol: UInt8) throws -> AsyncStream<Void> { throw Unknown() }
  func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> UInt32 { throw Unknown() }
  func apply(routes changes: [Change], with baton: Baton) throws { throw Unknown() }
  func arm(
    _ plan: TrialPlan, lasting: Duration, record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> ArmedTrial { throw Unknown() }
  func confirm(_ trial: ArmedTrial, with baton: Baton) throws { throw Unknown() }
  func promote(record: RecordUpdate, with baton: Baton) throws -> Promotion? { throw Unknown() }
}
