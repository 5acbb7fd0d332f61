import Kernel
import Model
import Plan
import Support
import Testing

/// Plans of 200 changes of every kind, of which one is refused: the kernel keeps what it had, to the byte.
@Suite(.networkNamespace) struct FailingPlanTests {
  let bench: TrialBench
  var kernel: LiveKernel { bench.kernel }

  init() throws { bench = try TrialBench(try #require(NetworkNamespace.current)) }

  private static func ruleset(
    ports: some Sequence<Int>, addresses: ClosedRange<Int>, quota: Int, table: String, other: String
  ) -> String {
    """
    table ip \(table) { chain c { type nat hook postrouting priority 100; ip saddr 10.0.0.0/8 masquerade; }; }
    table inet edge {
      quota volume { over \(quota) mbytes }
      counter \(other) { }
      set hosts { type ipv4_addr; elements = { \(addresses.map { "10.0.0.\($0)" }.joined(separator: ", ")) } }
      set \(other) { type inet_service; flags interval; elements = { 1-5, 80 } }
      map to_\(other) { type inet_service : verdict; elements = { 22 : accept, 23 : goto \(other) } }
      chain \(other) { counter name \(other) drop; }
      chain input {
        type filter hook input priority 0; policy \(other == "a" ? "accept" : "drop");
        ct state established,related accept
        \(ports.map { "tcp dport \($0) ip saddr @hosts counter accept comment \"\($0)\"" }.joined(separator: "\n"))
        tcp dport @\(other) quota name "volume" drop
        tcp dport vmap @to_\(other)
      }
    }
    """
  }

  private static let old = ruleset(ports: 1...120, addresses: 1...9, quota: 10, table: "x", other: "a")
  private static let new = ruleset(
    ports: (1...274).lazy.filter { $0 % 5 != 0 || $0 > 120 }, addresses: 5...14, quota: 20, table: "y", other: "b")

  /// What the kernel refuses, each by another check of its own.
  private static let refused: [Change] = {
    let edge = TableID(.inet, "edge")
    let jump = Rule(expressions: [.verdict(.jump(.named("nowhere")))])
    var gone = Rule(expressions: [.verdict(.accept)])
    gone.handle = 1 << 40
    return [
      .addTable(Table(id: edge)),
      .removeTable(Table(id: TableID(.ipv6, "nowhere"))),
      .addRule(edge, chain: "input", jump, before: nil),
      .addRule(edge, chain: "input", Rule(expressions: [.verdict(.accept)]), before: 1 << 40),
      .removeRule(edge, chain: "input", gone),
      .removeChain(edge, Chain(name: "nowhere")),
    ]
  }()

  private func plan() async throws -> (changes: [Change], generation: UInt32) {
    let desired = NetworkState(tables: try TrialBench.compile(Self.new))
    let snapshot = try await kernel.read(ReadScope())
    let plan = try Plan(current: snapshot.state, desired: desired, options: TrialBench.options)
    return (plan.nftables, snapshot.generation)
  }

  /// Commits it once for each position, with a change there that is refused.
  private func failEverywhere(_ changes: [Change], from generation: UInt32) async throws {
    let before = try await bench.listing()
    for position in changes.indices {
      var failing = changes
      failing[position] = Self.refused[position % Self.refused.count]
      let error = await #expect(throws: KernelError.self) {
        try await kernel.commit(failing, record: .write(Samples.record), from: generation, with: Samples.baton())
      }
      guard case .refused = error?.cause, error?.change == failing[position] else {
        Issue.record("position \(position) of \(failing[position]): \(String(describing: error))")
        continue
      }
      #expect(try await bench.listing() == before, "position \(position)")
      #expect(try await kernel.generation() == generation)
    }
  }

  @Test func aFailureAnywhereLeavesAllAsItWas() async throws {
    try await bench.apply(Self.old)
    let (changes, generation) = try await plan()
    #expect(changes.count == 200)
    try await failEverywhere(changes, from: generation)
    // The plan itself is one that the kernel takes.
    _ = try await kernel.commit(changes, from: generation, with: Samples.baton())
    #expect(try await plan().changes.isEmpty)
  }

  @Test func aFailureAnywhereInATrialLeavesAllAsItWas() async throws {
    try await bench.apply(Self.old)
    let trial = try await bench.plan(Self.new)
    let generation = try await kernel.generation()
    let changes = trial.arm(deadline: TrialBench.now(plus: .seconds(60)), timeout: 60_000)
    #expect(changes.count > 100)
    try await failEverywhere(changes, from: generation)
    _ = try await kernel.commit(changes, from: generation, with: Samples.baton())
  }

  /// What only shows when the whole of it is checked, after each message was found good: chains in a circle.
  @Test func aFailureOfTheWholeLeavesAllAsItWas() async throws {
    try await bench.apply(Self.old)
    let before = try await bench.listing()
    let (changes, generation) = try await plan()
    let edge = TableID(.inet, "edge")
    let circle = [("r", "s"), ("s", "r"), ("input", "r")].map { from, to in
      Change.addRule(edge, chain: from, Rule(expressions: [.verdict(.jump(.named(to)))]), before: nil)
    }
    let chains = ["r", "s"].map { Change.addChain(edge, Chain(name: $0)) }
    let error = await #expect(throws: KernelError.self) {
      try await kernel.commit(changes + chains + circle, from: generation, with: Samples.baton())
    }
    guard case .refused = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try await bench.listing() == before)
    #expect(try await kernel.generation() == generation)
  }
}
