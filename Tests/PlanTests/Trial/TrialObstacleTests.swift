import Model
import Plan
import RuleLanguage
import Support
import Testing

/// What cannot be tried, and that the rest can.
@Suite struct TrialObstacleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var old: String
    var new: String
    var obstacle: TrialObstacle?

    init(_ name: String, _ old: String, _ new: String, _ obstacle: TrialObstacle?) {
      testDescription = name
      self.old = "table inet edge {\n\(old)\n}"
      self.new = "table inet edge {\n\(new)\n}"
      self.obstacle = obstacle
    }
  }

  private static let input = "type filter hook input priority 0;"

  private static let cases = [
    Case("a rule", "chain c { \(input) tcp dport 1 drop; }", "chain c { \(input) tcp dport 2 drop; }", nil),
    Case("flags", "flags dormant;", "", .table(edge)),
    Case("comment", "comment \"one\"", "comment \"two\"", .table(edge)),
    Case("priority", "chain c { \(input) }", "chain c { type filter hook input priority 5; }", .hook(chain: "c")),
    Case("hook", "chain c { \(input) }", "chain c { type filter hook output priority 0; }", .hook(chain: "c")),
    Case("plain to base", "chain c { accept; }", "chain c { \(input) accept; }", .hook(chain: "c")),
    Case(
      "a plain chain's comment", "chain c { accept; }", "chain c { comment \"one\"; accept; }", nil),
    Case("flowtable", "", "flowtable f { hook ingress priority 0; devices = { lo }; }", .flowtable("f")),
    Case(
      "offload to a flowtable",
      "flowtable f { hook ingress priority 0; devices = { lo }; }\nchain c { \(input) tcp dport 1 flow add @f; }",
      "flowtable f { hook ingress priority 0; devices = { lo }; }\nchain c { \(input) tcp dport 2 flow add @f; }",
      .flowtable("f")),
    Case(
      "reserved name", "chain c { \(input) }", "chain nb7_x { accept; }\nchain c { \(input) accept; }", .name("nb7_x")),
    Case(
      "name of an entry chain", "chain c { \(input) accept; }\nchain c_e { drop; }",
      "chain c { \(input) policy drop; tcp dport 1 accept; }\nchain c_e { accept; }", .name("nb42_c_e")),
    Case(
      "name of the guards' set", "set armed { type mark; elements = { 1 }; }",
      "set armed { type mark; elements = { 2 }; }", .name("nb42_armed")),
    Case(
      "deep jumps with another policy", "chain c { \(input) }",
      deepChains + "chain c { \(input) policy drop; jump c1; }", .deepJumps(chain: "c")),
    Case("deep jumps", "chain c { \(input) }", deepChains + "chain c { \(input) jump c1; }", nil),
  ]

  /// 14 jumps from `c` to the last.
  private static let deepChains =
    "chain c14 { accept; }\n"
    + (1...13).reversed().map { "chain c\($0) { jump c\($0 + 1); }\n" }.joined()

  @Test(arguments: cases) func `is told, or there is none`(scenario: Case) throws {
    let trial = try Self.trial(Self.compile(scenario.old), Self.compile(scenario.new))
    #expect(!trial.items.isEmpty)
    #expect(trial.tables == (scenario.obstacle == nil ? [edge] : []))
    #expect(trial.inPlace == (scenario.obstacle == nil ? [] : trial.items.map(\.change)))
    #expect(trial.items.contains { $0.obstacle == scenario.obstacle })
    for obstacle in trial.items.compactMap(\.obstacle) {
      #expect([scenario.obstacle, .other(edge)].contains(obstacle))
      #expect(!"\(obstacle)".isEmpty)
    }
  }

  @Test func `a long name`() throws {
    let name = String(repeating: "x", count: 240)
    let trial = try Self.trial([Table(id: edge)], [Table(id: edge, chains: [Chain(name: name)])])
    #expect(trial.items.map(\.obstacle) == [.longName(name)])
  }

  @Test func `a card's chain`() throws {
    var chain = inputChain([rule(port: 22)])
    chain.base?.isOffloaded = true
    var later = chain
    later.rules = [rule(port: 23)]
    let trial = try Self.trial([Table(id: edge, chains: [chain])], [Table(id: edge, chains: [later])])
    #expect(trial.items.first?.obstacle == .offloadedChain("input"))
  }

  @Test func `rules of other programs in a copied part`() throws {
    let foreign = Rule(expressions: [.unknown(name: "match", attributes: [])])
    let trial = try Self.trial(
      [Table(id: edge, chains: [inputChain([rule(port: 22), foreign])])],
      [Table(id: edge, chains: [inputChain([rule(port: 23), foreign])])])
    #expect(trial.items.first?.obstacle == .unwritable(chain: "input"))
    let before = try Self.trial(
      [Table(id: edge, chains: [inputChain([foreign, rule(port: 22)])])],
      [Table(id: edge, chains: [inputChain([foreign, rule(port: 23)])])])
    #expect(before.inPlace.isEmpty)
  }

  @Test func `a trial that is there already`() throws {
    let new = try Self.compile(Self.cases[0].new)
    var kernel = ModelKernel()
    try kernel.commit(
      Plan(current: kernel.state, desired: NetworkState(tables: Self.compile(Self.cases[0].old))).nftables, from: 1)
    try kernel.commit(Self.trial(kernel.state.tables, new).arm(deadline: 1, timeout: 1), from: kernel.generation)
    let trial = try Self.trial(kernel.state.tables, new)
    #expect(trial.items.first?.obstacle == .trial(42))
  }

  static func compile(_ text: String) throws -> [Table] {
    struct NoFiles: IncludeResolver {
      func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
    }
    let source = RuleSource(text: text, start: SourceLocation(file: "trial.nft", line: 1, column: 1))
    return try RulesetCompiler.compile(
      [source], names: SystemNames(interfaces: ["lo": 1]) { _ in nil }, includes: NoFiles()
    )
    .tables
  }

  static func trial(_ old: [Table], _ new: [Table]) throws -> TrialPlan {
    let options = PlanOptions(allowsRemoval: true, removesEverything: true)
    let plan = try Plan(current: NetworkState(tables: old), desired: NetworkState(tables: new), options: options)
    return TrialPlan(number: 42, current: old, desired: new, changes: plan.nftables)
  }
}
