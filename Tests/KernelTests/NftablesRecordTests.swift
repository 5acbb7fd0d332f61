import Kernel
import Locking
import Model
import Plan
import Support
import Testing

@Suite(.networkNamespace)
struct NftablesRecordTests {
  let namespace: NetworkNamespace
  let kernel: LiveKernel

  init() throws {
    namespace = try #require(NetworkNamespace.current)
    kernel = try LiveKernel(namespace: namespace.path)
  }

  private func write(_ record: AppliedRecord, _ changes: [Change]) async throws {
    _ = try await kernel.commit(
      changes, record: .write(record), from: kernel.generation(), with: Samples.baton())
  }

  @Test func comesBackWithTheRules() async throws {
    try await write(Samples.record, Samples.edge)
    let snapshot = try await kernel.read(ReadScope())
    #expect(snapshot.record == Samples.record)
    #expect(snapshot.state.tables.map(\.id) == [Samples.table])
  }

  /// Longer than one rule's userdata.
  @Test func holdsLongValues() async throws {
    var record = Samples.record
    record.node = String(repeating: "n", count: 253)
    record.commit = String(repeating: "c", count: 64)
    try await write(record, Samples.edge)
    #expect(try await kernel.read(ReadScope()).record == record)
  }

  @Test func replacesTheOneBefore() async throws {
    try await write(Samples.record, Samples.edge)
    var next = Samples.record
    next.token += 1
    try await write(next, [.addChain(Samples.table, Chain(name: "more"))])
    #expect(try await kernel.read(ReadScope()).record == next)
  }

  @Test func staysAsItWasWhenTheChangeFails() async throws {
    try await write(Samples.record, Samples.edge)
    var next = Samples.record
    next.token += 1
    await #expect(throws: KernelError.self) { try await write(next, Samples.edge) }
    #expect(try await kernel.read(ReadScope()).record == Samples.record)
  }

  @Test func goesWithEverythingElse() async throws {
    try await write(Samples.record, Samples.edge)
    let tables = try await kernel.read(ReadScope()).state.tables
    _ = try await kernel.commit(
      tables.map { .removeTable($0) }, record: .remove, from: kernel.generation(), with: Samples.baton())
    #expect(try await namespace.ruleset().isEmpty)
  }

  @Test func leavesAForeignTableOfItsNameAlone() async throws {
    try await namespace.load("table inet netbaton { comment \"mine\"; }")
    let error = await #expect(throws: KernelError.self) { try await write(Samples.record, Samples.edge) }
    #expect(error?.cause == .foreign)
    #expect(try await namespace.ruleset() == "table inet netbaton {\n\tcomment \"mine\"\n}\n")
  }

  /// nft prints no entry of ours, beside a comment that it does print.
  @Test func marksOwnTablesUnseen() async throws {
    try await write(Samples.record, Samples.edge)
    #expect(try await namespace.check("nft", "list", "table", "inet", "edge") == Samples.edgeListing)
    #expect(try await kernel.read(ReadScope()).state.tables.first?.isOwn == true)
  }
}
