import Glibc
import Kernel
import Locking
import Model
import Plan
import RuleLanguage
import Support
import Testing

/// A namespace whose kernel is put on trial with tables that are written in nft's language.
struct TrialBench {
  let namespace: NetworkNamespace
  let kernel: LiveKernel

  init(_ namespace: NetworkNamespace) throws {
    self.namespace = namespace
    kernel = try LiveKernel(namespace: namespace.path)
  }

  private struct NoFiles: IncludeResolver {
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
  }

  static func compile(_ text: String) throws -> [Table] {
    let source = RuleSource(text: text, start: SourceLocation(file: "trial.nft", line: 1, column: 1))
    let names = SystemNames(interfaces: ["lo": 1]) { _ in nil }
    return try RulesetCompiler.compile([source], names: names, includes: NoFiles()).tables
  }

  /// Commits it directly.
  /// - Parameter attempts: how often another program's commit may come in between.
  func apply(_ text: String, attempts: Int = 1) async throws {
    let desired = NetworkState(tables: try TrialBench.compile(text))
    for attempt in 1...attempts {
      let snapshot = try await kernel.read(ReadScope())
      let plan = try Plan(current: snapshot.state, desired: desired, options: Self.options)
      do {
        _ = try await kernel.commit(plan.nftables, from: snapshot.generation, with: Samples.baton())
        return
      } catch let error as KernelError where error.cause == .generationMoved && attempt < attempts {}
    }
  }

  static let options = PlanOptions(allowsRemoval: true, removesEverything: true)

  func plan(_ text: String, number: UInt64 = 42, limits: TrialLimits = TrialLimits()) async throws -> TrialPlan {
    let desired = NetworkState(tables: try TrialBench.compile(text))
    let snapshot = try await kernel.read(ReadScope())
    let plan = try Plan(current: snapshot.state, desired: desired, options: Self.options)
    let trial = TrialPlan(
      number: number, current: snapshot.state.tables, desired: desired.tables, changes: plan.nftables, limits: limits)
    #expect(trial.items.compactMap(\.obstacle).isEmpty)
    return trial
  }

  /// With the clock's end apart from the element's, so that each guard is seen to hold alone.
  func arm(_ trial: TrialPlan, timeout: Duration, clock: Duration = .seconds(3600)) async throws {
    let changes = trial.arm(
      deadline: TrialBench.now(plus: clock),
      timeout: UInt64(clamping: timeout.components.seconds * 1000)
        + UInt64(clamping: timeout.components.attoseconds / 1_000_000_000_000_000))
    _ = try await kernel.commit(changes, from: kernel.generation(), with: Samples.baton())
  }

  /// Nanoseconds since 1970.
  static func now(plus later: Duration = .zero) -> UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let seconds = Int64(now.tv_sec) + later.components.seconds
    return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(now.tv_nsec)
      + UInt64(clamping: later.components.attoseconds / 1_000_000_000)
  }

  func view(_ table: TableID? = nil) async throws -> TrialView {
    let tables = try await kernel.read(ReadScope()).state.tables
    return TrialView(try #require(tables.first { table == nil ? $0.isOwn : $0.id == table }))
  }

  func trials() async throws -> [TrialState] {
    try await kernel.read(ReadScope()).state.tables.compactMap { TrialView($0).trial }
  }

  /// With handles and counters.
  func listing() async throws -> String { try await namespace.check("nft", "-a", "list", "ruleset") }

  func plainListing() async throws -> String { try await namespace.check("nft", "list", "ruleset") }
}

/// Waits until something is as wanted; what it is at last is told.
func eventually<Value: Equatable & Sendable>(
  _ wanted: Value, sourceLocation: Testing.SourceLocation = #_sourceLocation, _ value: () async throws -> Value?
) async throws {
  let end = ContinuousClock.now.advanced(by: .seconds(20))
  var found = try await value()
  while found != wanted, ContinuousClock.now < end {
    try await Task.sleep(for: .milliseconds(20))
    found = try await value()
  }
  #expect(found == wanted, sourceLocation: sourceLocation)
}
