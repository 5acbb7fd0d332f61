import Kernel
import Model
import Plan
import Support
import Testing

/// Changes of all that a table can hold: seen by nothing while they are on trial, and gone or plain afterwards.
@Suite(.networkNamespace) struct TrialRulesetTests {
  let bench: TrialBench

  init() throws { bench = try TrialBench(try #require(NetworkNamespace.current)) }

  @Test(arguments: TrialRulesets.all)
  func endsAsOneOfTheTwo(_ scenario: TrialRulesets) async throws {
    try await bench.apply(scenario.old)
    let before = try await bench.listing()
    let plan = try await bench.plan(scenario.new, limits: scenario.limits)
    for isKept in [false, true] {
      let trial = try await bench.kernel.arm(
        plan, lasting: .seconds(120), record: .keep, from: bench.kernel.generation(), with: Samples.baton())
      try await showsNoDifference(scenario)
      if isKept {
        try await bench.kernel.confirm(trial, with: Samples.baton())
        #expect(try await bench.kernel.cleanUp(record: .keep) == nil)
        _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
      } else {
        _ = try await bench.kernel.cleanUp(record: .keep)
        #expect(try await bench.listing() == before)
      }
    }
    let promoted = parts(try await bench.plainListing())
    try await bench.apply("")
    try await bench.apply(scenario.old)
    try await bench.apply(scenario.new)
    #expect(parts(try await bench.plainListing()) == promoted)
  }

  /// In any order: what is made again stands behind what is new if the new was there before, while on trial.
  private func parts(_ listing: String) -> [String] {
    listing.replacing("\n}\n", with: "\n\n}\n").replacing(" {\n\tset", with: " {\n\n\tset").split(separator: "\n\n")
      .map(String.init).sorted()
  }

  private func showsNoDifference(_ scenario: TrialRulesets) async throws {
    let tables = try await bench.kernel.read(ReadScope()).state.tables.map(TrialView.init)
    let sides = [(tables.compactMap(\.old), scenario.old), (tables.compactMap(\.new), scenario.new)]
    for (current, text) in sides {
      let desired = NetworkState(tables: try TrialBench.compile(text))
      let plan = try Plan(current: NetworkState(tables: current), desired: desired, options: TrialBench.options)
      #expect(plan.nftables.isEmpty, "\(plan.nftables)")
    }
  }
}

/// Two generations of a ruleset.
struct TrialRulesets: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var old: String
  var new: String
  var limits = TrialLimits()

  init(_ name: String, old: String, new: String) {
    testDescription = name
    self.old = old
    self.new = new
  }

  private init(_ name: String, edge old: String, _ new: String, limits: TrialLimits = TrialLimits()) {
    self.init(name, old: "table inet edge {\n\(old)\n}\n", new: "table inet edge {\n\(new)\n}\n")
    self.limits = limits
  }

  private static let hook = "type filter hook input priority filter;"

  static let all = [
    TrialRulesets(
      "a chain two jumps away",
      edge: """
        chain leaf { tcp dport 1 accept; }
        chain branch { jump leaf; }
        chain input { \(hook) jump branch; tcp dport 9 accept; }
        """,
      """
      chain leaf { tcp dport 2 accept; }
      chain branch { jump leaf; }
      chain input { \(hook) jump branch; tcp dport 9 accept; }
      """),
    TrialRulesets(
      "chains come and go",
      edge: """
        chain gone { tcp dport 1 accept; }
        chain changed { tcp dport 2 accept; }
        chain input { \(hook) jump gone; jump changed; }
        """,
      """
      chain fresh { tcp dport 3 accept; }
      chain leading { jump changed; }
      chain changed { tcp dport 2 drop; }
      chain input { \(hook) jump fresh; jump leading; }
      chain output { type filter hook output priority 0; policy drop; jump changed; accept; }
      """),
    TrialRulesets(
      "elements of sets",
      edge: """
        set ports { type inet_service; elements = { 1, 2, 3 }; }
        set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1-192.0.2.7 }; }
        set same { type inet_service; elements = { 7 }; }
        chain input { \(hook) tcp dport @same accept; tcp dport @ports accept; ip saddr @nets drop; }
        """,
      """
      set ports { type inet_service; elements = { 2, 3, 4 }; }
      set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/9, 192.0.2.1-192.0.2.8 }; }
      set same { type inet_service; elements = { 7 }; }
      chain input { \(hook) tcp dport @same accept; tcp dport @ports accept; ip saddr @nets drop; }
      """),
    TrialRulesets(
      "sets come, go and change their type",
      edge: """
        set gone { type inet_service; elements = { 1 }; }
        set other { type inet_service; elements = { 1 }; }
        chain input { \(hook) tcp dport @gone accept; tcp dport @other accept; }
        """,
      """
      set other { type inet_service; flags interval; elements = { 1-9 }; }
      set fresh { type inet_service; elements = { 5 }; }
      chain input { \(hook) tcp dport @fresh accept; tcp dport @other accept; }
      """),
    TrialRulesets(
      "sets too large to be copied",
      edge: """
        set ports { type inet_service; elements = { 1, 2, 3, 4, 5 }; }
        set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1, 192.0.2.3, 192.0.2.5 }; }
        set pairs { type ipv4_addr . inet_service; flags interval;
          elements = { 10.0.0.0/8 . 1-5, 10.0.0.0/8 . 7, 10.0.0.0/8 . 9, 10.0.0.0/8 . 11 }; }
        chain c { ip saddr != @nets counter drop; }
        chain input { \(hook) tcp dport @ports counter accept; jump c; ip saddr . tcp dport @pairs accept; }
        """,
      """
      set ports { type inet_service; elements = { 2, 3, 4, 5, 6 }; }
      set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/9, 192.0.2.1, 192.0.2.3, 192.0.2.5-192.0.2.6 }; }
      set pairs { type ipv4_addr . inet_service; flags interval;
        elements = { 10.0.0.0/8 . 1-6, 10.0.0.0/8 . 7, 10.0.0.0/8 . 9, 10.0.0.0/8 . 11 }; }
      chain c { ip saddr != @nets counter drop; }
      chain input { \(hook) tcp dport @ports counter accept; jump c; ip saddr . tcp dport @pairs accept; }
      """, limits: TrialLimits(copiedElements: 2)),
    TrialRulesets(
      "an interval where a set has gathered addresses",
      edge: """
        set nets { type ipv4_addr; flags interval,timeout; elements = { 10.0.0.5, 10.0.9.9 }; }
        chain input { \(hook) ip saddr @nets drop; }
        """,
      """
      set nets { type ipv4_addr; flags interval,timeout; elements = { 10.0.0.0/24 }; }
      chain input { \(hook) ip saddr @nets drop; }
      """),
    TrialRulesets(
      "a map of verdicts",
      edge: """
        chain a { tcp dport 1 accept; }
        map ways { type ipv4_addr : verdict; elements = { 10.0.0.1 : jump a, 10.0.0.2 : drop }; }
        chain input { \(hook) ip saddr vmap @ways; }
        """,
      """
      chain a { tcp dport 2 accept; }
      chain b { tcp dport 3 accept; }
      map ways { type ipv4_addr : verdict; elements = { 10.0.0.1 : jump a, 10.0.0.3 : goto b }; }
      map more { type ipv4_addr : verdict; elements = { 10.0.0.9 : jump a }; }
      chain input { \(hook) ip saddr vmap @ways; ip daddr vmap @more; }
      """),
    TrialRulesets(
      "chains and sets without names",
      edge: """
        chain a { tcp dport 1 accept; }
        chain input { \(hook) tcp dport { 1, 2 } jump { jump a; drop; }; ip saddr vmap { 10.0.0.1 : jump a }; }
        """,
      """
      chain a { tcp dport { 1, 5 } accept; }
      chain input { \(hook) tcp dport { 1, 2 } jump { jump a; drop; }; ip saddr vmap { 10.0.0.1 : jump a }; }
      """),
    TrialRulesets(
      "named objects",
      edge: """
        counter visits { comment "all"; }
        quota volume { over 10 mbytes; }
        limit gone { rate 5/second; }
        chain input { \(hook) counter name visits; quota name volume drop; limit name gone accept; }
        """,
      """
      counter visits { comment "every one"; }
      quota volume { over 20 mbytes; }
      limit pace { rate 9/second; }
      map paces { type ipv4_addr : limit; elements = { 10.0.0.1 : "pace" }; }
      chain input { \(hook) counter name visits; quota name volume drop; limit name ip saddr map @paces accept; }
      """),
    TrialRulesets(
      "another policy before the deepest jumps", edge: "chain input { \(hook) policy accept; }",
      "chain c13 { accept; }\n"
        + (1...12).reversed().map { "chain c\($0) { jump c\($0 + 1); }\n" }.joined()
        + "chain input { \(hook) policy drop; jump c1; }"),
    TrialRulesets(
      "policy alone", edge: "chain input { \(hook) policy accept; tcp dport 1 accept; }",
      "chain input { \(hook) policy drop; tcp dport 1 accept; }"),
    TrialRulesets(
      "tables come and go", old: "table ip first { chain c { \(hook) tcp dport 1 drop; }; }",
      new: """
        table ip second { set s { type inet_service; elements = { 1 }; }
        chain d { tcp dport @s drop; }
        chain c { \(hook) policy drop; jump d; accept; }; }
        """),
  ]
}
