import Kernel
import Model
import Plan
import Support
import Testing

/// Sets that packets or timers change, and what becomes of what is in them when their spec changes.
@Suite(.networkNamespace) struct GatheringSetsTests {
  let bench: TrialBench

  init() throws { bench = try TrialBench(try #require(NetworkNamespace.current)) }

  private func rest(_ text: String) async throws -> [Change] {
    let desired = NetworkState(tables: try TrialBench.compile(text))
    return try Plan(current: await bench.kernel.read(ReadScope()).state, desired: desired).nftables
  }

  private func elements() async throws -> [SetElement] {
    try await bench.kernel.read(ReadScope()).state.tables.first?.sets.first?.elements ?? []
  }

  /// The kernel does not give back a rule's statements where the set has its own.
  @Test(arguments: [
    "counter", "limit rate 10/second burst 7 packets", "limit rate over 1 mbytes/second", "quota over 500 bytes",
    "ct count over 20", "limit rate 1/second counter",
  ])
  func aRuleThatRepeatsTheSetsStatements(_ statements: String) async throws {
    let text = """
      table inet t {
        set s { type ipv4_addr; flags dynamic; \(statements); }
        chain c {
          type filter hook output priority 0;
          update @s { ip daddr \(statements) }
          ip protocol udp jump { add @s { ip saddr \(statements) }; }
        }
      }
      """
    try await bench.apply(text)
    #expect(try await rest(text).isEmpty)
    #expect(try await elements().isEmpty)
    try await bench.namespace.check("ping", "-c", "1", "127.0.0.1")
    let gathered = try #require(try await elements().first)
    let wanted = try TrialBench.compile(text).first?.sets.first?.expressions
    #expect(gathered.details?.expressions.map(\.withoutState) == wanted?.map(\.withoutState))
  }

  /// What the set has gathered, and what it still has after its declaration became another.
  @Test(arguments: [
    ("flags dynamic,timeout; timeout 1m;", ["10.0.0.1 expires", "10.0.0.2 timeout 1h expires"]),
    ("flags dynamic,timeout;", ["10.0.0.1 timeout 10m expires", "10.0.0.2 timeout 1h expires"]),
    ("flags dynamic,timeout; timeout 2h;", ["10.0.0.1 expires", "10.0.0.2 timeout 1h expires"]),
    ("flags dynamic; size 100;", ["10.0.0.1", "10.0.0.2"]),
  ])
  func aSetWithElementsGetsAnotherTimeout(_ declaration: String, _ elements: [String]) async throws {
    let old = "table inet t { set s { type ipv4_addr; flags dynamic,timeout; timeout 10m; }; }"
    let new = "table inet t { set s { type ipv4_addr; \(declaration) }; }"
    try await bench.apply(old)
    try await bench.namespace.load("add element inet t s { 10.0.0.1, 10.0.0.2 timeout 1h }")
    try await bench.apply(new)
    #expect(try await rest(new).isEmpty)
    #expect(try await listedElements() == elements)
  }

  private func listedElements() async throws -> [String] {
    let listing = try await bench.plainListing()
    guard let list = listing.firstMatch(of: /elements = \{ ([^}]*) \}/) else { return [] }
    let elements = list.1.replacing(/expires [0-9a-z]+/) { _ in "expires" }.split(separator: ",")
    return elements.map { $0.split { " \n\t".contains($0) }.joined(separator: " ") }.sorted()
  }

  struct Overlap: Sendable {
    var set = "set s { type ipv4_addr; flags interval,timeout;"
    var gathered: String
    var wanted: String
    /// Of what was gathered.
    var stays: [String] = []
  }

  /// Each would be `EEXIST` or `ENOTEMPTY` until what was gathered is gone by itself.
  private static let overlaps = [
    Overlap(gathered: "10.0.0.5, 10.0.1.0", wanted: "10.0.0.0/24", stays: ["10.0.1.0"]),
    Overlap(
      set: "set s { type ipv4_addr; flags interval,timeout; auto-merge;", gathered: "10.0.0.5, 10.0.0.7-10.0.0.9",
      wanted: "10.0.0.0/24"),
    Overlap(gathered: "10.0.0.0/16", wanted: "10.0.3.0/24"),
    Overlap(gathered: "10.0.0.9-10.0.1.5, 10.0.2.1-10.0.2.9", wanted: "10.0.1.0-10.0.2.4"),
    Overlap(
      set: "set s { type ipv4_addr . inet_service; flags interval,timeout;",
      gathered: "10.0.0.5 . 80, 10.0.0.6 . 443, 10.0.1.1 . 80", wanted: "10.0.0.0/24 . 80-90",
      stays: ["10.0.0.6 . 443", "10.0.1.1 . 80"]),
    Overlap(
      set: "map m { type ipv4_addr : mark; flags interval,timeout;", gathered: "10.0.0.5 : 0x00000001",
      wanted: "10.0.0.0/24 : 0x00000002"),
  ]

  @Test(arguments: overlaps)
  func whatASetGatheredMakesRoom(_ overlap: Overlap) async throws {
    let table = { (elements: String) in "table inet t { \(overlap.set) \(elements) }; }" }
    let spec = table("elements = { \(overlap.wanted) };")
    try await bench.apply(table(""))
    let name = overlap.set.hasPrefix("map") ? "m" : "s"
    let gathered = overlap.gathered.replacing(name == "m" ? /\ :/ : /,|$/) { " timeout 1h\($0.0)" }
    try await bench.namespace.load("add element inet t \(name) { \(gathered) }")
    let before = try await listedElements()

    let snapshot = try await bench.kernel.read(ReadScope())
    let plan = try Plan(current: snapshot.state, desired: NetworkState(tables: try TrialBench.compile(spec)))
    let inverse = try bench.kernel.inverse(of: plan.changes, inPlace: plan.nftables, from: snapshot)
    _ = try await bench.kernel.commit(plan.nftables, from: snapshot.generation, with: Samples.baton())
    #expect(try await rest(spec).isEmpty)
    #expect(
      try await listedElements() == ([overlap.wanted] + overlap.stays.map { "\($0) timeout 1h expires" }).sorted())

    try await bench.kernel.undo(inverse)
    #expect(try await listedElements() == before)
  }
}
