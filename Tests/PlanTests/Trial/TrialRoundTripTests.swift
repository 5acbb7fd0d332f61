import Model
import Plan
import Support
import Testing

/// From any state through a trial and on, in a kernel that refuses what the real one refuses.
@Suite struct TrialRoundTripTests {
  private let deadline: UInt64 = 1_800_000_000_000_000_000

  @Test(arguments: TrialStory.seeds) func `a trial is invisible, and both generations can be told`(seed: UInt64) throws
  {
    var story = try TrialStory(seed: seed)
    guard !story.trial.tables.isEmpty else { return }
    try story.arm(deadline: deadline)
    for id in story.trial.tables {
      let table = try #require(story.tables.first { $0.id == id })
      let view = TrialView(table)
      #expect(view.old.map(Exact.init) == story.old(id).map(Exact.init))
      #expect(view.new.map(sorted) == story.wanted(id).map { sorted($0, like: view.new) })
      #expect(
        view.trial
          == TrialState(number: 42, deadline: deadline, phase: .armed(remaining: .seconds(30))))
    }
    let others = story.tables.filter { !story.trial.tables.contains($0.id) }
    #expect(others.allSatisfy { TrialView($0).trial == nil && TrialView($0).old == $0 })
  }

  @Test(arguments: TrialStory.seeds) func `clean-up leaves what was there, with its handles`(seed: UInt64) throws {
    var story = try TrialStory(seed: seed)
    guard !story.trial.tables.isEmpty else { return }
    try story.arm(deadline: deadline)
    #expect(Trial.promote(story.tables).isEmpty)
    try story.kernel.commit(Trial.cleanUp(story.tables), from: story.kernel.generation)
    #expect(story.tables.map(Exact.init) == story.before.map(Exact.init))
  }

  @Test(arguments: TrialStory.seeds) func `promotion ends where the plan would have`(seed: UInt64) throws {
    var story = try TrialStory(seed: seed)
    guard !story.trial.tables.isEmpty else { return }
    try story.arm(deadline: deadline)
    try story.kernel.commit(Trial.confirm(42, tables: story.trial.tables), from: story.kernel.generation)
    #expect(Trial.cleanUp(story.tables).isEmpty)
    for id in story.trial.tables {
      let view = TrialView(try #require(story.tables.first { $0.id == id }))
      #expect(view.trial?.phase == .kept)
      #expect(view.settled == view.new)
    }
    try story.kernel.commit(Trial.promote(story.tables), from: story.kernel.generation)
    for id in story.trial.tables {
      let table = story.tables.first { $0.id == id }
      #expect(table.map { sorted($0) } == story.wanted(id).map { sorted($0, like: table) })
    }
    // Rules that both have keep their handles, as they would in an ordinary commit.
    #expect(keptRules(story.before, story.tables) >= keptRules(story.before, try direct(seed: seed)))
    // Nothing is left to do.
    let options = PlanOptions(allowsRemoval: true, removesEverything: true)
    let current = NetworkState(tables: story.tables.filter { story.trial.tables.contains($0.id) })
    let desired = NetworkState(tables: story.desired.tables.filter { story.trial.tables.contains($0.id) })
    #expect(try Plan(current: current, desired: desired, options: options).isEmpty)
  }

  @Test func `most tables can be tried`() throws {
    let stories = try TrialStory.seeds.map { try TrialStory(seed: $0) }
    #expect(stories.reduce(0) { $0 + $1.trial.tables.count } > 120)
    for story in stories {
      for item in story.trial.items {
        #expect((item.obstacle == nil) == story.trial.tables.contains(try #require(item.change.tableID)))
      }
    }
  }

  @Test func `large sets are overlaid`() throws {
    let overlaid = try TrialStory.seeds.count { seed in
      try TrialStory(seed: seed).trial.arm(deadline: 1, timeout: 1).contains { change in
        if case .addSet(_, let set) = change { set.name == "nb42_blocked_add" } else { false }
      }
    }
    #expect(overlaid > 4)
  }

  @Test func `elements stand last and side by side`() throws {
    let trials = try TrialStory.seeds.map { try TrialStory(seed: $0).trial }
    for trial in trials where !trial.tables.isEmpty {
      let changes = trial.arm(deadline: deadline, timeout: 30_000)
      let last = changes.suffix(trial.tables.count)
      #expect(last.compactMap { if case .addElements(let id, _, _) = $0 { id } else { nil } } == trial.tables)
    }
  }

  private func direct(seed: UInt64) throws -> [Table] {
    var story = try TrialStory(seed: seed)
    try story.kernel.commit(story.trial.items.map(\.change), from: story.kernel.generation)
    return story.tables
  }

  private func keptRules(_ before: [Table], _ after: [Table]) -> Int {
    let handles = { (tables: [Table]) in Swift.Set(tables.flatMap(\.chains).flatMap(\.rules).compactMap(\.handle)) }
    return handles(before).intersection(handles(after)).count
  }

  /// Order of names does not matter, nor what a gathering set holds beyond the spec.
  private func sorted(_ table: Table, like other: Table?) -> Table {
    var table = table
    table.chains.sort { $0.name < $1.name }
    table.sets = table.sets.sorted { $0.name < $1.name }.map { set in
      guard set.gathersElements, let there = other?.sets.first(where: { $0.name == set.name }) else { return set }
      var set = set
      set.elements = there.elements
      return set
    }
    table.objects.sort { $0.name < $1.name }
    return table
  }

  private func sorted(_ table: Table) -> Table { sorted(table, like: nil) }
}

/// A kernel with the first state, and the way to the second one.
struct TrialStory {
  static let seeds = UInt64(1)...120

  var kernel = ModelKernel()
  let before: [Table]
  let desired: NetworkState
  let trial: TrialPlan

  init(seed: UInt64) throws {
    var random = RandomState(seed: seed, isTame: !seed.isMultiple(of: 3))
    let options = PlanOptions(allowsRemoval: true, removesEverything: true)
    let first = random.state()
    desired = random.state()
    try kernel.commit(Plan(current: kernel.state, desired: first, options: options).nftables, from: 1)
    before = kernel.state.tables
    let plan = try Plan(current: kernel.state, desired: desired, options: options)
    // In every other story sets are soon too large to be copied.
    trial = TrialPlan(
      number: 42, current: before, desired: desired.tables, changes: plan.nftables,
      limits: TrialLimits(copiedElements: seed.isMultiple(of: 2) ? 8 : 4096))
  }

  mutating func arm(deadline: UInt64) throws {
    try kernel.commit(trial.arm(deadline: deadline, timeout: 30_000), from: kernel.generation)
  }

  var tables: [Table] { kernel.state.tables }
  func wanted(_ id: TableID) -> Table? { desired.tables.first { $0.id == id } }
  func old(_ id: TableID) -> Table? { before.first { $0.id == id } }
}

/// A table with what equality passes over: handles and what was counted.
struct Exact: Equatable, CustomStringConvertible {
  let description: String

  init(_ table: Table) {
    var lines = ["\(table.id) \(table.flags.rawValue) \(table.comment ?? "")"]
    for chain in table.chains {
      lines.append("chain \(chain.name) \(chain.handle ?? 0) \(String(describing: chain.base))")
      lines += chain.rules.map { "\($0.handle ?? 0) \($0.comment ?? "") \($0.expressions)" }
    }
    for set in table.sets {
      lines.append("set \(set.name) \(set.handle ?? 0) \(set.flags)")
      lines += set.elements.map { "\($0.key) \(String(describing: $0.details?.data))" }
    }
    lines += table.objects.map { "object \($0.name) \($0.handle ?? 0) \($0.body)" }
    description = lines.joined(separator: "\n")
  }
}
