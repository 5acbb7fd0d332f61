import Kernel
import Model
import Plan
import RuleLanguage
import Support
import Testing

/// Changes of tables that are made in place, and what brings the old tables back.
@Suite(.networkNamespace) struct InverseTablesTests {
  let bench: TrialBench
  var kernel: LiveKernel { bench.kernel }

  init() throws { bench = try TrialBench(try #require(NetworkNamespace.current)) }

  private struct Change {
    var snapshot: Snapshot
    var plan: Plan
    var inverse: Inverse
  }

  private func change(to tables: [Table]) async throws -> Change {
    let snapshot = try await kernel.read(ReadScope(tables: Set(tables.map(\.id))))
    let plan = try Plan(
      current: snapshot.state, desired: NetworkState(tables: tables), options: TrialBench.options)
    let bytes = try kernel.inverse(of: plan.changes, inPlace: plan.nftables, from: snapshot).bytes
    return Change(snapshot: snapshot, plan: plan, inverse: Inverse(bytes: bytes))
  }

  private func commit(_ change: Change) async throws {
    _ = try await kernel.commit(
      change.plan.nftables, record: .write(Samples.record), from: change.snapshot.generation, with: Samples.baton())
  }

  /// In no order: what is made again stands behind what stayed.
  private func parts(_ listing: String) -> [Substring] {
    listing.replacing(/expires [0-9a-z]+/) { _ in "expires" }.split { "\n\t, ".contains($0) }.sorted()
  }

  private func check(_ change: Change, reports: Bool = true) async throws {
    let before = try await bench.plainListing()
    // Before the change there is nothing to take back.
    try await kernel.undo(change.inverse)
    #expect(try await kernel.generation() == change.snapshot.generation)
    try await commit(change)
    #expect(try await kernel.generation() != change.snapshot.generation)
    try await kernel.undo(change.inverse)
    #expect(parts(try await bench.plainListing()) == parts(before))
    let generation = try await kernel.generation()
    try await kernel.undo(change.inverse)
    #expect(try await kernel.generation() == generation)
    let rest = try await kernel.read(ReadScope())
    #expect(rest.record == change.snapshot.record)
  }

  @Test(arguments: TrialRulesets.all)
  func tableComesBack(_ scenario: TrialRulesets) async throws {
    try await bench.apply(scenario.old)
    try await check(try await change(to: TrialBench.compile(scenario.new)))
    try await check(try await change(to: []))
  }

  @Test(arguments: SampleRulesets.all)
  func allThatATableCanHoldComesBack(_ sample: SampleRuleset) async throws {
    for device in sample.devices { try await bench.namespace.addInterface(device) }
    try await bench.namespace.load(sample.text)
    let names = try await kernel.read(ReadScope()).state.tables.map(\.id)
    let tables = try await kernel.read(ReadScope(tables: Set(names))).state.tables.map { table in
      var table = table
      table.isOwn = true
      return table
    }
    try await bench.namespace.check("nft", "flush", "ruleset")
    let first = try await change(to: tables)
    #expect(first.inverse.bytes.count < 300)
    try await commit(first)
    let loaded = parts(try await bench.plainListing())
    try await kernel.undo(first.inverse)
    #expect(try await bench.plainListing() == "")
    try await commit(try await change(to: tables))
    #expect(parts(try await bench.plainListing()) == loaded)
    try await check(try await change(to: []))
  }

  /// A table that another program made, and the spec asks for.
  @Test func anothersTableComesBackAsTheirs() async throws {
    try await bench.namespace.load("table inet t { chain c { type filter hook input priority 0; counter accept; }; }")
    let before = try await bench.plainListing()
    let desired = try TrialBench.compile("table inet t { chain d { drop; }; }")
    let snapshot = try await kernel.read(ReadScope(tables: Set(desired.map(\.id))))
    let plan = try Plan(
      current: snapshot.state, desired: NetworkState(tables: desired),
      options: PlanOptions(adopt: Set(desired.map(\.id)), allowsRemoval: true))
    let inverse = try kernel.inverse(of: [], inPlace: plan.nftables, from: snapshot)
    _ = try await kernel.commit(plan.nftables, from: snapshot.generation, with: Samples.baton())
    try await kernel.undo(inverse)
    #expect(try await bench.plainListing() == before)
    #expect(try await kernel.read(ReadScope()).state.tables.allSatisfy { !$0.isOwn })
  }

  private func set(_ elements: Range<Int>) -> String {
    let list = elements.map { "10.\($0 / 65536).\($0 / 256 % 256).\($0 % 256)" }.joined(separator: ", ")
    return """
      table inet t {
        set s { type ipv4_addr; elements = { \(list) }; }
        chain other { counter packets 5 bytes 50 accept; }
        chain c { ip saddr @s counter accept; }
      }
      """
  }

  @Test func fewElementsOfALargeSetTakeFewBytes() async throws {
    try await bench.apply(set(0..<20_000))
    let before = try await bench.listing()
    let change = try await change(to: TrialBench.compile(set(3..<20_007)))
    #expect(change.inverse.bytes.count < 2_000)
    try await commit(change)
    try await kernel.undo(change.inverse)
    #expect(parts(try await bench.listing()) == parts(before))
  }

  @Test func whatTheChangeDidNotTouchStays() async throws {
    try await bench.apply(set(0..<5))
    let change = try await change(to: TrialBench.compile(set(3..<8)))
    try await commit(change)
    try await bench.namespace.load("table ip another { chain x { }; }; add rule inet t other counter drop")
    try await kernel.undo(change.inverse)
    let listing = try await bench.plainListing()
    #expect(listing.contains("table ip another") && listing.contains("bytes 0 drop"))
    #expect(listing.contains("packets 5 bytes 50") && listing.contains("10.0.0.0, 10.0.0.1"))
  }

  @Test func aTableThatIsGoneIsNamed() async throws {
    try await bench.apply(set(0..<5))
    let change = try await change(to: TrialBench.compile(set(3..<8)))
    try await commit(change)
    try await bench.namespace.check("nft", "delete", "table", "inet", "t")
    let error = await #expect(throws: UndoError.self) { try await kernel.undo(change.inverse) }
    #expect(error?.description.contains("table inet t is gone") == true)
  }

  // MARK: - With a trial

  private static let flowtables = """
    table inet b { chain c { type filter hook %1 priority 5; counter accept; }; }
    table inet a { chain c { type filter hook input priority 0; tcp dport %2 accept; }; }
    """

  private func ruleset(_ hook: String, _ port: String) throws -> [Table] {
    try TrialBench.compile(Self.flowtables.replacing("%1", with: hook).replacing("%2", with: port))
  }

  @Test(arguments: [true, false])
  func whatNoTrialHoldsIsMadeWithIt(isKept: Bool) async throws {
    try await bench.apply(Self.flowtables.replacing("%1", with: "input").replacing("%2", with: "22"))
    let before = try await bench.plainListing()
    let desired = try ruleset("forward", "23")
    let snapshot = try await kernel.read(ReadScope())
    let plan = try Plan(current: snapshot.state, desired: NetworkState(tables: desired), options: TrialBench.options)
    let trial = TrialPlan(number: 9, current: snapshot.state.tables, desired: desired, changes: plan.nftables)
    #expect(trial.tables == [TableID(.inet, "a")] && !trial.inPlace.isEmpty)
    let inverse = try kernel.inverse(of: plan.changes, inPlace: trial.inPlace, from: snapshot)
    #expect(try await kernel.verdict(of: 9) == .gone)
    let armed = try await kernel.arm(
      trial, lasting: .seconds(60), record: .write(Samples.record), from: snapshot.generation, with: Samples.baton())
    #expect(armed.generation == snapshot.generation + 1)
    #expect(try await kernel.verdict(of: 9) == .armed)
    #expect(try await bench.plainListing().contains("hook forward"))
    if isKept {
      try await kernel.confirm(armed, with: Samples.baton())
      #expect(try await kernel.verdict(of: 9) == .kept)
      _ = try await kernel.promote(record: .keep, with: Samples.baton())
      let rest = try Plan(
        current: try await kernel.read(ReadScope()).state, desired: NetworkState(tables: desired),
        options: TrialBench.options)
      #expect(rest.nftables.isEmpty)
    } else {
      _ = try await kernel.cleanUp(record: .keep)
      try await kernel.undo(inverse)
      #expect(parts(try await bench.plainListing()) == parts(before))
      #expect(try await kernel.read(ReadScope()).record == nil)
    }
    #expect(try await kernel.verdict(of: 9) == .gone)
  }

  @Test func aPlanWithoutTrialsIsAnOrdinaryTransaction() async throws {
    try await bench.apply(Self.flowtables.replacing("%1", with: "input").replacing("%2", with: "22"))
    let before = try await bench.plainListing()
    let desired = try ruleset("forward", "22")
    let snapshot = try await kernel.read(ReadScope())
    let plan = try Plan(current: snapshot.state, desired: NetworkState(tables: desired), options: TrialBench.options)
    let trial = TrialPlan(number: 9, current: snapshot.state.tables, desired: desired, changes: plan.nftables)
    #expect(trial.tables.isEmpty)
    let inverse = try kernel.inverse(of: plan.changes, inPlace: trial.inPlace, from: snapshot)
    let armed = try await kernel.arm(
      trial, lasting: .seconds(60), record: .write(Samples.record), from: snapshot.generation, with: Samples.baton())
    #expect(armed.tables.isEmpty)
    try await kernel.confirm(armed, with: Samples.baton())
    #expect(try await kernel.verdict(of: 9) == .gone)
    try await kernel.undo(inverse)
    #expect(parts(try await bench.plainListing()) == parts(before))
  }
}
