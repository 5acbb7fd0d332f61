import Model
import Plan
import Support
import Testing

/// From any state to any other, through a kernel that refuses what the real one refuses.
@Suite struct ConvergenceTests {
  private let options = PlanOptions(allowsRemoval: true, removesEverything: true)

  private func kernel(with state: NetworkState) throws -> ModelKernel {
    var kernel = ModelKernel()
    try kernel.commit(Plan(current: kernel.state, desired: state, options: options).nftables, from: kernel.generation)
    return kernel
  }

  @Test(arguments: UInt64(1)...300) func `one state becomes another, and then nothing is left to do`(seed: UInt64)
    throws
  {
    var random = RandomState(seed: seed)
    let first = random.state()
    let second = random.state()
    var kernel = try kernel(with: first)
    #expect(sorted(kernel.state) == sorted(first))
    let plan = try Plan(current: kernel.state, desired: second, options: options)
    try kernel.commit(plan.nftables, from: kernel.generation)
    #expect(sorted(kernel.state, like: second) == sorted(second))
    #expect(try Plan(current: kernel.state, desired: second, options: options).isEmpty)
  }

  @Test(arguments: UInt64(1)...100) func `counters of rules that are in both states go on`(seed: UInt64) throws {
    var random = RandomState(seed: seed)
    let first = random.state()
    let second = random.state()
    var kernel = try kernel(with: first)
    kernel.meetPackets { state in
      state.tables.modifyEach { $0.chains.modifyEach { $0.rules.modifyEach { $0.count(7) } } }
    }
    let plan = try Plan(current: kernel.state, desired: second, options: options)
    try kernel.commit(plan.nftables, from: kernel.generation)
    for table in second.tables {
      for chain in table.chains {
        let before = first.rules(table.id, chain.name).filter(\.counts)
        let counted = kernel.state.rules(table.id, chain.name).filter { $0.packets == 7 }
        let both = chain.rules.filter(\.counts).reduce(into: (left: before, found: 0)) { sum, rule in
          guard let index = sum.left.firstIndex(of: rule) else { return }
          sum.left.remove(at: index)
          sum.found += 1
        }.found
        #expect(counted.count == both, "\(table.id) \(chain.name)")
      }
    }
  }

  /// Order of tables and names does not matter; what packets added to a gathering set is no difference.
  private func sorted(_ state: NetworkState, like desired: NetworkState? = nil) -> [Table] {
    var tables = state.tables.sorted { $0.id < $1.id }
    tables.modifyEach { table in
      let wanted = desired?.tables.first { $0.id == table.id }
      table.chains.sort { $0.name < $1.name }
      table.sets.sort { $0.name < $1.name }
      table.sets.modifyEach { set in
        guard set.gathersElements, let set2 = wanted?.sets.first(where: { $0.name == set.name }) else { return }
        set.elements = set.elements.filter { set2.elements.contains($0) }
      }
      table.objects.sort { $0.name < $1.name }
    }
    return tables
  }
}

extension MutableCollection {
  fileprivate mutating func modifyEach(_ body: (inout Element) -> Void) {
    var index = startIndex
    while index != endIndex {
      body(&self[index])
      formIndex(after: &index)
    }
  }
}

extension NetworkState {
  fileprivate func rules(_ table: TableID, _ chain: String) -> [Rule] {
    tables.first { $0.id == table }?.chains.first { $0.name == chain }?.rules ?? []
  }
}

extension Rule {
  fileprivate mutating func count(_ packets: UInt64) {
    for index in expressions.indices {
      if case .counter = expressions[index] { expressions[index] = .counter(packets: packets, bytes: packets) }
    }
  }

  fileprivate var counts: Bool { packets != nil }

  fileprivate var packets: UInt64? {
    for case .counter(let packets, _) in expressions { return packets }
    return nil
  }
}
