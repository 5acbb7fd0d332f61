import Kernel
import Locking
import Model
import Plan
import Support
import Testing

@Suite(.networkNamespace)
struct NftablesCommitTests {
  let namespace: NetworkNamespace
  let kernel: LiveKernel

  init() throws {
    namespace = try #require(NetworkNamespace.current)
    kernel = try LiveKernel(namespace: namespace.path)
  }

  @Test func writesTableChainAndRule() async throws {
    let generation = try await kernel.generation()
    let reached = try await kernel.commit(Samples.edge, from: generation, with: Samples.baton())
    #expect(reached == generation + 1)
    #expect(try await kernel.generation() == reached)
    #expect(try await namespace.ruleset() == Samples.edgeListing)
  }

  @Test func readsBackWhatItWrote() async throws {
    let reached = try await kernel.commit(Samples.edge, from: kernel.generation(), with: Samples.baton())
    let snapshot = try await kernel.read(ReadScope())
    #expect(snapshot.generation == reached)
    let table = try #require(snapshot.state.tables.first)
    #expect(table.isOwn && table.comment == "hello")
    #expect(table.chains.first?.rules == [Rule(expressions: Samples.drop, comment: "last")])
    #expect(table.chains.first?.rules.first?.handle != nil)
  }

  @Test func sendsNothingForNoChanges() async throws {
    let generation = try await kernel.generation()
    let record = RecordUpdate.write(Samples.record)
    #expect(try await kernel.commit([], record: record, from: generation, with: Samples.baton()) == generation)
    #expect(try await kernel.generation() == generation)
    #expect(try await namespace.ruleset().isEmpty)
  }

  @Test func refusesAStaleGeneration() async throws {
    let generation = try await kernel.generation()
    try await namespace.load("table ip other {}")
    let error = await #expect(throws: KernelError.self) {
      try await kernel.commit(Samples.edge, from: generation, with: Samples.baton())
    }
    #expect(error?.cause == .generationMoved)
    #expect(try await namespace.ruleset() == "table ip other {\n}\n")
  }

  @Test func refusesAnExpiredBaton() async throws {
    let generation = try await kernel.generation()
    let past = ContinuousClock.now.advanced(by: .seconds(-1))
    await #expect(throws: BatonError.expired) {
      try await kernel.commit(Samples.edge, from: generation, with: Samples.baton(deadline: past))
    }
    #expect(try await kernel.generation() == generation)
  }

  /// A change that the kernel refuses, at each place of the batch: nothing of the rest may stay.
  @Test(arguments: 0...Samples.edge.count)
  func changesNothingWhenOneChangeFails(at position: Int) async throws {
    let origin = SourceLocation(file: "edge.nft", line: 3, column: 5)
    let wrong = Rule(expressions: [.verdict(.jump(.named("missing")))], origin: origin)
    let bad = Change.addRule(TableID(.inet, "nowhere"), chain: "input", wrong, before: nil)
    var changes = Samples.edge
    changes.insert(bad, at: position)
    let generation = try await kernel.generation()
    let error = await #expect(throws: KernelError.self) {
      try await kernel.commit(
        changes, record: .write(Samples.record), from: generation, with: Samples.baton())
    }
    #expect(error?.cause == .refused(errno: 2))
    #expect(error?.change == bad)
    #expect(error?.origin == origin)
    #expect(try await kernel.generation() == generation)
    #expect(try await namespace.ruleset().isEmpty)
  }

  @Test func leavesForeignTablesUnread() async throws {
    try await namespace.load("table ip other { chain c { accept; }; }")
    let tables = try await kernel.read(ReadScope()).state.tables
    #expect(tables == [Table(id: TableID(.ipv4, "other"), isOwn: false)])
    let asked = try await kernel.read(ReadScope(tables: [TableID(.ipv4, "other")])).state.tables
    #expect(asked.first?.chains.first?.rules.count == 1)
  }

  @Test func keepsHandlesAndCountersAroundAnInsertedRule() async throws {
    _ = try await kernel.commit(Samples.edge, from: kernel.generation(), with: Samples.baton())
    let before = try await kernel.read(ReadScope())
    let handle = try #require(before.state.tables.first?.chains.first?.rules.first?.handle)
    let added = Change.addRule(
      Samples.table, chain: "input", Rule(expressions: [.verdict(.accept)]), before: handle)
    _ = try await kernel.commit([added], from: before.generation, with: Samples.baton())
    let rules = try await kernel.read(ReadScope()).state.tables.first?.chains.first?.rules
    #expect(rules?.map(\.expressions) == [[.verdict(.accept)], Samples.drop])
    #expect(rules?.last?.handle == handle)
  }

  /// More than any socket buffer holds by itself, in one transaction.
  @Test func commitsABatchLargerThanTheSendBuffer() async throws {
    let chain = Chain(name: "c")
    let rules = (0..<20_000).map { number in
      Change.addRule(
        Samples.table, chain: "c", Rule(expressions: [.verdict(.accept)], comment: "rule \(number)"), before: nil)
    }
    let changes = [.addTable(Table(id: Samples.table)), .addChain(Samples.table, chain)] + rules
    let generation = try await kernel.generation()
    #expect(
      try await kernel.commit(changes, from: generation, with: Samples.baton()) == generation + 1)
    #expect(try await kernel.read(ReadScope()).state.tables.first?.chains.first?.rules.count == 20_000)
  }

  /// Each of thousands of messages is refused and told: more replies than the receive buffer holds.
  @Test func refusesABatchWhoseErrorsOverflow() async throws {
    let bad = (0..<20_000).map { _ in
      Change.addRule(Samples.table, chain: "c", Rule(expressions: []), before: nil)
    }
    let generation = try await kernel.generation()
    let error = await #expect(throws: KernelError.self) {
      try await kernel.commit(bad, from: generation, with: Samples.baton())
    }
    #expect(error?.cause == .refused(errno: 2))
    #expect(try await kernel.generation() == generation)
    // The next request finds its own replies.
    _ = try await kernel.commit(Samples.edge, from: generation, with: Samples.baton())
    #expect(try await namespace.ruleset() == Samples.edgeListing)
  }
}
