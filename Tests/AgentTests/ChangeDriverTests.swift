import FoundationEssentials
import History
import Kernel
import Locking
import Logging
import Model
import Plan
import Probing
import Spec
import Support
import SystemPackage
import Testing

@testable import Agent

/// A network that answers as it is told to.
private struct ScriptedProber: Prober {
  var answer: @concurrent @Sendable () async -> ProbeResult

  func run(_ probe: Probe, within time: Duration) async -> ProbeResult { await answer() }
}

/// All or nothing, whatever happens between announcing a change and confirming it.
@Suite struct ChangeDriverTests {
  private let folder: TemporaryFolder
  private let route: Route
  private let probe = Probe(.tcp(host: "192.0.2.1", port: 22), origin: SourceLocation(file: "s.yaml"))

  private typealias Meanwhile = @concurrent @Sendable (Baton) async -> ProbeResult
  private static let passes: Meanwhile = { _ in .passed }

  init() throws {
    folder = try TemporaryFolder()
    let prefix = try #require(IPPrefix(.v4(0x0A09_0000), length: 16))
    route = Route(key: RouteKey(destination: prefix), type: .blackhole)
  }

  /// Routes go before a firewall that tightens, and after one that only opens.
  private func table(_ verdicts: Verdict...) -> Table {
    var chain = Chain(name: "input", base: BaseChain(type: "filter", hook: 1, priority: 0))
    chain.rules = verdicts.map { Rule(expressions: [.verdict($0)]) }
    return Table(id: TableID(.inet, "t"), isOwn: true, chains: [chain])
  }

  private func spec(_ table: Table, routes: [Route]) -> NodeSpec {
    var spec = NodeSpec.nothing
    spec.state = NetworkState(tables: [table], routes: routes)
    spec.documents = ["s"]
    spec.digest = "g"
    return spec
  }

  /// One change of one node with a lock and a state folder of its own.
  private struct Scene {
    var kernel: ScriptedKernel
    var lock: FileBackend
    var outcome: ChangeMachine.Outcome
    var status: LockStatus
    var journal: ChangeJournal
    var deadMan: QuietDeadMan
  }

  /// - Parameters:
  ///   - before: what the kernel has at first.
  ///   - meanwhile: run by each try of a probe; nil where nothing is proved.
  private func change(
    to spec: NodeSpec, from before: NodeSpec? = nil, _ script: [ScriptedKernel.Event] = [], intruder: Table? = nil,
    meanwhile: Meanwhile? = nil
  ) async throws -> Scene {
    let kernel = ScriptedKernel(script, intruder: intruder)
    let lock = FileBackend(path: folder.path.appending("lock"))
    let holder = Holder(node: "n", instance: "i", pid: 1, version: "0")
    let baton = try await lock.acquire(LockRequest(holder: holder, purpose: "test")) { _ in }
    let reconciler = Reconciler(kernel: kernel, nodeName: "n", options: PlanOptions())
    if let before { try await kernel.begin(with: before.state) }
    let journal = try ChangeJournal(folder: folder.path, node: "n")
    let deadMan = QuietDeadMan()
    let parts = ChangeParts(
      reconciler: reconciler, kernel: kernel, lock: lock,
      recorder: ChangeRecorder(
        disk: HistoryLog(folder: folder.path.appending("history")), holder: holder, logger: Logger(label: "test")),
      journal: journal, deadMan: deadMan,
      prober: ScriptedProber { await meanwhile?(baton) ?? .passed },
      terms: ProofTerms(mode: .auto, deadline: .seconds(2), probes: meanwhile == nil ? [] : [probe]))
    let work = ChangeWork(
      parts, try await reconciler.prepare(spec), try parts.claim(), with: baton, event: .change)
    let outcome = await work.run()
    let scene = Scene(
      kernel: kernel, lock: lock, outcome: outcome, status: try await lock.status(), journal: journal, deadMan: deadMan)
    try await lock.release(baton)
    return scene
  }

  private var closed: NodeSpec { spec(table(.drop), routes: [route]) }

  @Test(arguments: [false, true])
  func makesTheChange(isProved: Bool) async throws {
    let scene = try await change(to: closed, meanwhile: isProved ? Self.passes : nil)
    #expect(scene.outcome == .applied)
    #expect(await scene.kernel.plainState == closed.state)
    #expect(scene.status.halt == nil && scene.status.intents.isEmpty)
    #expect(scene.status.nodes.map(\.outcome) == ["applied"])
    #expect(try scene.journal.find() == .none)
  }

  @Test func aProbeThatFailsTakesTheChangeBackAndHaltsTheFleet() async throws {
    let before = spec(table(.accept), routes: [])
    let tries = Tries()
    let scene = try await change(to: closed, from: before, meanwhile: { _ in await tries.passesFirst() })
    guard case .reverted(let reason) = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(reason.contains("tcp:192.0.2.1:22"))
    #expect(await scene.kernel.plainState == before.state)
    #expect(scene.status.halt?.node == "n" && scene.status.halt?.generation == "g")
    #expect(scene.status.halt?.cause == reason)
    #expect(scene.status.intents.isEmpty)
    #expect(scene.status.failed(generation: "g")?.node == "n")
  }

  @Test func aBatonThatEndsTakesTheChangeBack() async throws {
    let tries = Tries()
    let scene = try await change(
      to: closed,
      meanwhile: { baton in
        if case .failed = await tries.passesFirst() { baton.end(.expired) }
        return .passed
      })
    #expect(scene.outcome == .reverted("\(BatonError.expired)"))
    #expect(await scene.kernel.plainState == NetworkState())
    #expect(scene.status.halt != nil && scene.status.intents.isEmpty)
  }

  @Test(arguments: [false, true])
  func triesAgainWhenSomebodyElsesTablesWereChanged(isProved: Bool) async throws {
    let script = [ScriptedKernel.Event](repeating: .commitMoved, count: 3)
    let scene = try await change(to: closed, script, meanwhile: isProved ? Self.passes : nil)
    #expect(scene.outcome == .applied)
    #expect(await scene.kernel.commits == 4)
    #expect(await scene.kernel.plainState == closed.state)
  }

  @Test(arguments: [false, true])
  func plansAnewWhenSomebodyWasFaster(isProved: Bool) async throws {
    let foreign = Table(id: TableID(.ipv4, "other"), isOwn: false)
    let scene = try await change(
      to: closed, [.commitMoved], intruder: foreign, meanwhile: isProved ? Self.passes : nil)
    #expect(scene.outcome == .applied)
    #expect(await scene.kernel.commits == 2)
    #expect(await Swift.Set(scene.kernel.plainState.tables) == Swift.Set(closed.state.tables + [foreign]))
  }

  @Test func givesUpAfterEightTimes() async throws {
    let script = [ScriptedKernel.Event](repeating: .commitMoved, count: 200)
    let scene = try await change(to: closed, script)
    guard case .refused = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.commits == ChangeMachine.attempts * ChangeMachine.attempts)
    #expect(await scene.kernel.plainState == NetworkState())
    #expect(scene.status.halt == nil && scene.status.intents.isEmpty)
  }

  @Test func aTableThatSomebodyMadeMeanwhileIsNotTouched() async throws {
    let foreign = Table(id: TableID(.inet, "t"), isOwn: false)
    let scene = try await change(to: closed, [.commitMoved], intruder: foreign)
    guard case .refused = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.plainState == NetworkState(tables: [foreign]))
  }

  /// Routes were changed before it, so that others may have seen something.
  @Test(arguments: [ScriptedKernel.Event.commitRefused, .commitLost])
  func takesRoutesBackWhenTheFirewallFails(event: ScriptedKernel.Event) async throws {
    let scene = try await change(to: closed, [event])
    guard case .reverted = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.plainState == NetworkState())
    #expect(scene.status.halt != nil)
  }

  @Test(arguments: [false, true])
  func theFirewallComesBackWhenRoutesFailAfterIt(isProved: Bool) async throws {
    let before = spec(table(.drop), routes: [])
    let open = spec(table(.accept, .drop), routes: [route])
    let scene = try await change(
      to: open, from: before, [.routeRefused(route)], meanwhile: isProved ? Self.passes : nil)
    guard case .reverted = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.plainState == before.state)
  }

  @Test func aRouteThatFailsFirstIsNoFailureOfTheFleet() async throws {
    let scene = try await change(to: closed, [.routeRefused(route)])
    guard case .refused = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.plainState == NetworkState())
    #expect(scene.status.halt == nil)
  }

  @Test func aConfirmationThatComesTooLateIsNone() async throws {
    let scene = try await change(to: closed, [.confirmedLate], meanwhile: { _ in .passed })
    guard case .reverted = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.plainState == NetworkState())
  }

  @Test func aConfirmationThatNobodyHeardOfCounts() async throws {
    let scene = try await change(to: closed, [.confirmationLost], meanwhile: { _ in .passed })
    #expect(scene.outcome == .applied)
    #expect(await scene.kernel.plainState == closed.state)
    #expect(scene.status.halt == nil)
  }

  @Test func routesGoBackThoughTheTrialCannotBeTidiedUp() async throws {
    let tries = Tries()
    let scene = try await change(to: closed, [.cleanUpFails], meanwhile: { _ in await tries.passesFirst() })
    guard case .stuck = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(await scene.kernel.model.state.routes.isEmpty)
    guard case .open = try scene.journal.find() else { return #expect(Bool(false), "the journal is gone") }
  }

  @Test func whatCannotBeTakenBackStaysOpen() async throws {
    let tries = Tries()
    let scene = try await change(to: closed, [.undoFails], meanwhile: { _ in await tries.passesFirst() })
    guard case .stuck = scene.outcome else { return #expect(Bool(false), "\(scene.outcome)") }
    #expect(scene.status.halt != nil)
    #expect(scene.status.failed(generation: "g")?.node == "n")
    guard case .open(let change) = try scene.journal.find(), case .undoing = change.mark else {
      return #expect(Bool(false), "the journal is not there, or says that it is over")
    }
    #expect(try scene.journal.claim() != nil)
    #expect(await scene.deadMan.isStoodDown)
  }
}

/// A probe that passes once, before the change.
private actor Tries {
  private var count = 0

  func passesFirst() -> ProbeResult {
    count += 1
    return count == 1 ? .passed : .failed("connection refused")
  }
}

/// A dead-man that is told all it needs.
private actor QuietDeadMan: DeadManStarter, DeadMan {
  private(set) var isStoodDown = false

  func start(_ claim: ChangeClaim, deadline: ContinuousClock.Instant, trial: UInt64?) -> any DeadMan { self }
  func keep() {}
  func standDown() { isStoodDown = true }
  func ended() -> String { "" }
}
