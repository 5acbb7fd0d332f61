import Model
import Plan
import Support
import Testing

/// One edit of the spec is one change of the kernel.
@Suite struct MinimalityTests {
  private func planned(from first: NetworkState, to second: NetworkState) throws -> (plan: Plan, kernel: ModelKernel) {
    let options = PlanOptions(allowsRemoval: true)
    var kernel = ModelKernel()
    try kernel.commit(Plan(current: kernel.state, desired: first, options: options).nftables, from: 1)
    let plan = try Plan(current: kernel.state, desired: second, options: options)
    let before = kernel
    try kernel.commit(plan.nftables, from: kernel.generation)
    #expect(try Plan(current: kernel.state, desired: second, options: options).isEmpty)
    return (plan, before)
  }

  private let rules = (1...10_000).map { rule(port: $0) }

  @Test func `a rule into the middle of 10,000`() throws {
    var longer = rules
    longer.insert(rule(port: 20_000), at: 5000)
    let (plan, kernel) = try planned(from: state([inputChain(rules)]), to: state([inputChain(longer)]))
    let next = kernel.state.tables.first?.chains.first?.rules[5000].handle
    #expect(next != nil)
    #expect(plan.changes == [.addRule(edge, chain: "input", rule(port: 20_000), before: next)])
  }

  @Test func `a rule out of the middle of 10,000`() throws {
    var shorter = rules
    let gone = shorter.remove(at: 7000)
    let (plan, _) = try planned(from: state([inputChain(rules)]), to: state([inputChain(shorter)]))
    #expect(plan.changes == [.removeRule(edge, chain: "input", gone)])
  }

  @Test func `a rule that moves is taken out and put in once`() throws {
    var moved = rules
    moved.append(moved.remove(at: 10))
    let (plan, _) = try planned(from: state([inputChain(rules)]), to: state([inputChain(moved)]))
    #expect(plan.changes.count == 2)
  }

  @Test func `a policy`() throws {
    let (plan, _) = try planned(
      from: state([inputChain(rules, policy: .accept)]), to: state([inputChain(rules, policy: .drop)]))
    #expect(plan.changes == [.changePolicy(edge, chain: "input", from: .accept, to: .drop)])
  }

  @Test func `an element of 100,000, read in another order`() throws {
    let numbers = Array(0..<100_000 as Range<UInt32>)
    let first = state(sets: [addressSet("blocked", numbers)])
    let second = state(sets: [addressSet("blocked", numbers.reversed().filter { $0 != 77 } + [200_000])])
    let (plan, _) = try planned(from: first, to: second)
    let set = addressSet("blocked", [])
    #expect(
      plan.changes == [
        .removeElements(edge, set: set, [element(77)]), .addElements(edge, set: set, [element(200_000)]),
      ])
  }

  @Test func `what a map's element gives`() throws {
    let map = { (verdict: Verdict) in
      SetDefinition(
        name: "ways", flags: .map, keyType: 7, keyLength: 4, data: .verdict,
        elements: [element(1, .verdict(verdict)), element(2, .verdict(.accept))])
    }
    let (plan, _) = try planned(from: state(sets: [map(.accept)]), to: state(sets: [map(.drop)]))
    #expect(plan.changes.count == 2)
  }

  @Test func `a quota changes in place, a limit is made again with the rules that use it`() throws {
    let objects = { (bytes: UInt64, rate: UInt64) in
      [
        StatefulObject(name: "volume", body: .quota(bytes: bytes, consumed: 0, inverted: false)),
        StatefulObject(
          name: "pace", body: .limit(rate: rate, seconds: 1, burst: 5, unit: .packets, inverted: false)),
      ]
    }
    let users = [
      Rule(expressions: [.object(.quota, name: "volume")]), Rule(expressions: [.object(.limit, name: "pace")]),
    ]
    let chain = inputChain(users)
    let (quota, _) = try planned(
      from: state([chain], objects: objects(1, 1)), to: state([chain], objects: objects(2, 1)))
    #expect(quota.changes.count == 1)
    let (limit, _) = try planned(
      from: state([chain], objects: objects(1, 1)), to: state([chain], objects: objects(1, 2)))
    #expect(limit.changes.count == 4)
  }
}
