import Model
import Plan
import Support
import Testing

/// What is found in a kernel by who knows nothing of how it came there.
@Suite struct TrialSituationTests {
  private let deadline: UInt64 = 1000
  private let names = ["edge", "second"]

  private func tables(_ port: Int) -> [Table] {
    names.map { Table(id: TableID(.inet, $0), chains: [inputChain([rule(port: port)])]) }
  }

  private func kernel() throws -> ModelKernel {
    var kernel = ModelKernel()
    let old = NetworkState(tables: tables(22))
    try kernel.commit(Plan(current: kernel.state, desired: old).nftables, from: kernel.generation)
    return kernel
  }

  private func armed() throws -> ModelKernel {
    var kernel = try kernel()
    let plan = try Plan(current: kernel.state, desired: NetworkState(tables: tables(23)))
    let trial = TrialPlan(
      number: 42, current: kernel.state.tables, desired: tables(23), changes: plan.nftables)
    try kernel.commit(trial.arm(deadline: deadline, timeout: 30_000), from: kernel.generation)
    return kernel
  }

  @Test func `without a trial nothing is to be done`() throws {
    let kernel = try kernel()
    let situation = TrialSituation(kernel.state.tables)
    #expect(situation.trial == nil)
    #expect(situation.settled == kernel.state.tables && situation.new == kernel.state.tables)
  }

  @Test func `a trial that runs can still be either`() throws {
    let situation = TrialSituation(try armed().state.tables)
    #expect(situation.trial == TrialState(number: 42, deadline: deadline, phase: .armed(remaining: .seconds(30))))
    #expect(situation.settled == tables(22) && situation.old == tables(22) && situation.new == tables(23))
  }

  @Test func `a confirmed one is what there is`() throws {
    var kernel = try armed()
    try kernel.commit(
      Trial.confirm(42, tables: names.map { TableID(.inet, $0) }), from: kernel.generation)
    let situation = TrialSituation(kernel.state.tables)
    #expect(situation.trial?.phase == .kept)
    #expect(situation.settled == tables(23))
  }

  /// The tables' timers need not end in one instant.
  @Test func `it is over when one of its elements is gone`() throws {
    var kernel = try armed()
    kernel.meetPackets { state in
      for index in state.tables[1].sets.indices { state.tables[1].sets[index].elements = [] }
    }
    #expect(TrialSituation(kernel.state.tables).trial?.phase == .expired)
    #expect(throws: ModelKernelError.self) {
      try kernel.commit(Trial.confirm(42, tables: names.map { TableID(.inet, $0) }), from: kernel.generation)
    }
  }

  @Test func `other programs' tables are left as they are`() throws {
    let foreign = try armed().state.tables.map { table in
      var table = table
      table.isOwn = false
      return table
    }
    let situation = TrialSituation(foreign)
    #expect(situation.trial == nil && situation.settled == foreign)
    #expect(Trial.cleanUp(foreign).isEmpty)
  }
}
