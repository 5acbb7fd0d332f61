import Model
import Plan
import Testing

/// Promises 2 and 10: only its own, and nothing is not an order.
@Suite struct OwnershipTests {
  private let foreign = NetworkState(tables: [Table(id: edge, isOwn: false, chains: [inputChain([rule(port: 1)])])])

  @Test func `another program's table stands in the way and is named`() {
    #expect(throws: PlanError.foreignTable(edge, origin: nil)) {
      try Plan(current: foreign, desired: state([inputChain()]))
    }
  }

  @Test func `an adopted table is replaced in the one transaction`() throws {
    let plan = try Plan(current: foreign, desired: state([inputChain()]), options: PlanOptions(adopt: [edge]))
    #expect(plan.nftables.first == foreign.tables.first.map { .removeTable($0) })
    #expect(plan.nftables.count == 3)
  }

  @Test func `another program's table that no spec names is left alone`() throws {
    let other = NetworkState(tables: foreign.tables + [Table(id: Plan.recordTable)])
    let wanted = NetworkState(tables: [Table(id: TableID(.inet, "mine"))])
    #expect(try Plan(current: other, desired: wanted).nftables.count == 1)
  }

  @Test func `netbaton's own record is nobody's table`() {
    let wanted = NetworkState(tables: [Table(id: Plan.recordTable)])
    #expect(throws: PlanError.reservedTable(Plan.recordTable, origin: nil)) {
      try Plan(current: NetworkState(), desired: wanted)
    }
  }

  @Test func `an empty spec removes nothing, and uninstalling does`() throws {
    let current = NetworkState(tables: state([inputChain()]).tables, routes: [route("10.0.0.0/8")])
    #expect(throws: PlanError.empty(owned: 3)) { try Plan(current: current, desired: NetworkState()) }
    #expect(throws: PlanError.empty(owned: 3)) {
      try Plan(current: current, desired: NetworkState(), options: PlanOptions(allowsRemoval: true))
    }
    let options = PlanOptions(removesEverything: true)
    #expect(try Plan(current: current, desired: NetworkState(), options: options).changes.count == 2)
    #expect(try Plan(current: NetworkState(), desired: NetworkState()).isEmpty)
  }

  @Test(arguments: [(40, true), (60, false)] as [(Int, Bool)])
  func `removing most of what is there asks for a word`(kept: Int, isRefused: Bool) throws {
    let current = state([inputChain((0..<100).map { rule(port: $0) })])
    let desired = state([inputChain((0..<kept).map { rule(port: $0) })])
    #expect(((try? Plan(current: current, desired: desired)) == nil) == isRefused)
    let plan = try Plan(current: current, desired: desired, options: PlanOptions(allowsRemoval: true))
    #expect(plan.changes.count == 100 - kept)
  }

  @Test func `replacing everything is not removing it`() throws {
    let current = state([inputChain((0..<100).map { rule(port: $0) })])
    let desired = state([inputChain((0..<100).map { rule(port: $0 + 1000) })])
    #expect(try Plan(current: current, desired: desired).changes.count == 200)
  }

  @Test func `all routes do not hide behind many rules`() {
    var current = state([inputChain((0..<1000).map { rule(port: $0) })])
    let desired = current
    current.routes = (0..<20).map { route("10.\($0).0.0/16") }
    #expect(throws: PlanError.removesTooMuch(kind: "routes and policy rules", removed: 20, owned: 20, share: 50)) {
      try Plan(current: current, desired: desired)
    }
  }
}
