import Kernel
import Model
import Plan
import Support
import Testing

/// Rules of one priority, which the kernel asks in their order, and which it takes for each other when one is deleted.
@Suite(.networkNamespace) struct PolicyRuleApplyTests {
  let namespace: RoutingNamespace
  let kernel: LiveKernel

  /// The message that deletes one of them would take another one too.
  static let rules = [
    PolicyRule(
      family: .ipv4, priority: 100, action: .lookup(table: 100), from: IPPrefix("10.0.0.0/8"), incomingInterface: "v0"),
    PolicyRule(family: .ipv4, priority: 100, action: .lookup(table: 100), from: IPPrefix("10.0.0.0/8")),
    PolicyRule(family: .ipv4, priority: 100, action: .goto(2000)),
    PolicyRule(family: .ipv4, priority: 100, action: .goto(3000)),
  ]

  /// Some of them, in each order.
  static let lists: [[PolicyRule]] = {
    var lists: [[PolicyRule]] = [[]]
    var next = 0
    while next < lists.count {
      lists += rules.filter { !lists[next].contains($0) }.map { lists[next] + [$0] }
      next += 1
    }
    return lists
  }()

  init() async throws {
    namespace = try await RoutingNamespace()
    kernel = try LiveKernel(namespace: try #require(NetworkNamespace.current).path)
  }

  private func read() async throws -> Snapshot { try await kernel.read(ReadScope(includesForeignRoutes: true)) }

  private func own() async throws -> [PolicyRule] {
    try await read().state.policyRules.filter { $0.routeProtocol == 110 }
  }

  private func changes(to rules: [PolicyRule]) async throws -> [Change] {
    try Plan(
      current: try await read().state, desired: NetworkState(policyRules: rules),
      options: PlanOptions(removesEverything: true)
    ).changes
  }

  /// From each list to another one: what fails or is taken back leaves the rules in their order, and what does not has
  /// them in the new one.
  @Test func anyListBecomesAnyOther() async throws {
    let bad = try Change.addRoute(.to("10.99.0.0/16").via("203.0.113.1", "v0"))
    #expect(Self.lists.count == 65)
    for index in Self.lists.indices {
      let (first, second) = (Self.lists[index], Self.lists[index * 7 % 64])
      try await kernel.apply(routes: changes(to: first), with: .unlimited)
      #expect(try await own() == first)
      let changes = try await changes(to: second)
      let inverse = Inverse(bytes: try kernel.inverse(of: changes, inPlace: [], from: try await read()).bytes)

      let error = await #expect(throws: KernelError.self) {
        try await kernel.apply(routes: changes + [bad], with: .unlimited)
      }
      #expect(error?.cause == .refused(errno: 101), "\(first) to \(second): \(String(describing: error))")
      #expect(try await own() == first)

      try await kernel.apply(routes: changes, with: .unlimited)
      #expect(try await own() == second, "after \(first)")
      #expect(try await self.changes(to: second).isEmpty)
      try await kernel.undo(inverse)
      #expect(try await own() == first, "back from \(second)")
    }
  }

  @Test func anotherProgramsRulesOfThePriorityStay() async throws {
    try await namespace.ip("ip rule add priority 100 from 10.0.0.0/8 iif v1 table 100 protocol bird")
    let before = try await namespace.dump()
    try await kernel.apply(routes: changes(to: Self.rules), with: .unlimited)
    try await kernel.apply(routes: changes(to: Self.rules.reversed()), with: .unlimited)
    #expect(try await own() == Self.rules.reversed())
    try await kernel.apply(routes: changes(to: []), with: .unlimited)
    #expect(try await namespace.dump() == before)
  }
}
