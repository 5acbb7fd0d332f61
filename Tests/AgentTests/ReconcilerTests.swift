import Kernel
import Locking
import Model
import Plan
import Spec
import Support
import Testing

@testable import Agent

/// A kernel of values whose next commits fail as they are told to.
private actor ScriptedKernel: Kernel {
  enum Event { case interference, refusal, lostReplies }

  private(set) var model = ModelKernel()
  private var script: [Event]
  /// What somebody else does whenever the script says so.
  private let intruder: Table?
  private var failingRoute: Route?
  private(set) var commits = 0

  init(_ script: [Event], intruder: Table? = nil, failingRoute: Route? = nil) {
    self.script = script
    self.intruder = intruder
    self.failingRoute = failingRoute
  }

  func generation() -> UInt32 { model.generation }
  func links() -> Links { Links(interfaces: [:], addresses: []) }
  func routeChanges(routeProtocol: UInt8) -> AsyncStream<Void> { AsyncStream { $0.finish() } }
  func read(_ scope: ReadScope) -> Snapshot { Snapshot(state: model.state, generation: model.generation) }

  func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> UInt32 {
    try baton.check()
    commits += 1
    switch script.isEmpty ? nil : script.removeFirst() {
    case nil: try model.commit(changes, from: generation)
    case .interference:
      model.interfere { if let intruder { $0.tables.append(intruder) } }
      throw KernelError(.generationMoved, "somebody was faster")
    case .refusal: throw KernelError(.refused(errno: 1), "no")
    case .lostReplies: throw KernelError(.unknownOutcome, "lost")
    }
    return model.generation
  }

  func apply(routes changes: [Change], with baton: Baton) throws {
    for change in changes {
      if case .addRoute(let route) = change, route == failingRoute { throw KernelError(.refused(errno: 2), "no") }
      try model.apply(routes: [change])
    }
  }
}

/// All or nothing, whatever happens between planning and applying.
@Suite struct ReconcilerTests {
  private let baton = Baton(
    holder: Holder(node: "n", instance: "i", pid: 1, version: "0"), token: 1, term: BatonTerm(deadline: nil))
  private let route: Route

  init() throws {
    let prefix = try #require(IPPrefix(.v4(0x0A09_0000), length: 16))
    route = Route(key: RouteKey(destination: prefix), type: .blackhole)
  }

  /// Routes go before a firewall that tightens, and after one that only opens.
  private func table(_ verdict: Verdict) -> Table {
    var chain = Chain(name: "input", base: BaseChain(type: "filter", hook: 1, priority: 0))
    chain.rules = [Rule(expressions: [.verdict(verdict)])]
    return Table(id: TableID(.inet, "t"), isOwn: true, chains: [chain])
  }

  private func spec(_ table: Table) -> NodeSpec {
    var spec = NodeSpec.nothing
    spec.state = NetworkState(tables: [table], routes: [route])
    spec.documents = ["s"]
    return spec
  }

  private func reconciler(_ kernel: ScriptedKernel) -> Reconciler {
    Reconciler(kernel: kernel, nodeName: "n", options: PlanOptions())
  }

  @Test func plansAnewWhenSomebodyWasFaster() async throws {
    let kernel = ScriptedKernel([.interference, .lostReplies, .interference])
    let reconciler = reconciler(kernel)
    _ = try await reconciler.apply(try await reconciler.prepare(spec(table(.drop))), with: baton)
    #expect(await kernel.model.state.tables == [table(.drop)])
    #expect(await kernel.model.state.routes.count == 1)
    #expect(await kernel.commits == 4)
  }

  @Test func givesUpAfterEightTimesAndTakesItsRoutesBack() async throws {
    let kernel = ScriptedKernel(Array(repeating: .interference, count: 20))
    let reconciler = reconciler(kernel)
    let first = try await reconciler.prepare(spec(table(.drop)))
    await #expect(throws: ReconcileError.neverSettled(attempts: 8)) {
      _ = try await reconciler.apply(first, with: baton)
    }
    #expect(await kernel.commits == 8)
    #expect(await kernel.model.state == NetworkState())
  }

  @Test func takesRoutesBackWhenTheNewPlanFails() async throws {
    // Between two attempts somebody makes a table of the same name, which is not ours to touch.
    let foreign = Table(id: TableID(.inet, "t"), isOwn: false)
    let kernel = ScriptedKernel([.interference], intruder: foreign)
    let reconciler = reconciler(kernel)
    let first = try await reconciler.prepare(spec(table(.drop)))
    await #expect(throws: PlanError.self) { _ = try await reconciler.apply(first, with: baton) }
    #expect(await kernel.model.state == NetworkState(tables: [foreign]))
  }

  @Test func takesRoutesBackWhenTheFirewallIsRefused() async throws {
    let kernel = ScriptedKernel([.refusal])
    let reconciler = reconciler(kernel)
    let first = try await reconciler.prepare(spec(table(.drop)))
    await #expect(throws: KernelError.self) { _ = try await reconciler.apply(first, with: baton) }
    #expect(await kernel.model.state == NetworkState())
  }

  @Test func theFirewallComesBackWhenRoutesFailAfterIt() async throws {
    let kernel = ScriptedKernel([], failingRoute: route)
    let reconciler = reconciler(kernel)
    var closed = spec(table(.drop))
    closed.state.routes = []
    _ = try await reconciler.apply(try await reconciler.prepare(closed), with: baton)
    var open = table(.drop)
    open.chains[0].rules.insert(Rule(expressions: [.verdict(.accept)]), at: 0)
    let first = try await reconciler.prepare(spec(open))
    #expect(!first.plan.routesAfter.isEmpty)
    await #expect(throws: ReconcileError.self) { _ = try await reconciler.apply(first, with: baton) }
    #expect(await kernel.model.state == NetworkState(tables: [table(.drop)]))
  }

  @Test func writesNothingPastTheDeadline() async throws {
    let kernel = ScriptedKernel([])
    let reconciler = reconciler(kernel)
    var closed = spec(table(.drop))
    closed.state.routes = []
    let first = try await reconciler.prepare(closed)
    baton.end(.expired)
    await #expect(throws: BatonError.expired) { _ = try await reconciler.apply(first, with: baton) }
    #expect(await kernel.model.state == NetworkState())
  }
}
