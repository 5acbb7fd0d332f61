import Locking
import Model
import Netlink
import Plan
import Support
import Testing

@testable import Kernel

/// What is read was so at one moment, whoever writes meanwhile.
@Suite(.networkNamespace)
struct WholeReadingTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try #require(NetworkNamespace.current) }

  /// A table whose set and whose rules all say the same number.
  private static func table(_ name: String, _ number: UInt32, rules: Int, isOwn: Bool = true) -> [Change] {
    let table = TableID(.inet, name)
    let element = SetElement(key: Bytes(bigEndian: UInt64(number), width: 4))
    // 7 is nft's number for ipv4_addr.
    let set = SetDefinition(name: "s", flags: [], keyType: 7, keyLength: 4, elements: [element])
    let rule = Rule(expressions: [.verdict(.accept)], comment: "\(number)")
    return [.addTable(Table(id: table, isOwn: isOwn)), .addSet(table, set), .addChain(table, Chain(name: "c"))]
      + Array(repeating: .addRule(table, chain: "c", rule, before: nil), count: rules)
  }

  private static func removal(_ names: [String]) -> [Change] {
    names.map { .removeTable(Table(id: TableID(.inet, $0))) }
  }

  /// Another program commits after the first part of a list was read and before the second.
  @Test func listsBeginAgainWhenTheyChanged() async throws {
    let comments = try await NetfilterThread(namespace: namespace.path).run { reader in
      var writer = try NetlinkSocket(.netfilter)
      try writer.send(Self.table("busy", 1, rules: 2000)) {}
      var commits = (Self.removal(["busy"]) + Self.table("busy", 2, rules: 2000))[...]
      var failure: (any Error)?
      // Family 1 is `NFPROTO_INET`, message 7 `NFT_MSG_GETRULE` in the subsystem 10.
      let comments = try reader.dump(type: 10 << 8 | 7, to: "read", into: [String?]()) { message in
        message.putHeader(UInt32(1))
      } each: { (comments, message) in
        comments.append(Rule(message.attributes(after: 4)).comment)
        guard !commits.isEmpty else { return }
        do { try writer.send(Array(commits)) {} } catch { failure = error }
        commits = []
      }
      if let failure { throw failure }
      return comments
    }
    #expect(comments.count == 2000)
    #expect(Swift.Set(comments) == ["2"])
  }

  /// Another program replaces all tables again and again. The large one goes first, and delays what comes after it.
  @Test func tablesAreReadAtOneGeneration() async throws {
    let writer = try NetfilterThread(namespace: namespace.path)
    let write: @Sendable (UInt32) async throws -> Void = { number in
      let names = ["a", "b", "c", "d"]
      let changes =
        (number > 1 ? Self.removal(["large"] + names) : []) + Self.table("large", number, rules: 10_000, isOwn: false)
        + names.flatMap { Self.table($0, number, rules: 10) }
      try await writer.run { socket in try socket.send(changes) {} }
    }
    try await write(1)
    let writing = Task {
      for number in UInt32(2)... {
        if Task.isCancelled { break }
        try await write(number)
        // Some readings must come through, however few processors there are.
        try? await Task.sleep(for: .milliseconds(Int(number % 8)))
      }
    }
    let kernel = try LiveKernel(namespace: namespace.path)
    var generations: Swift.Set<UInt32> = []
    for _ in 0..<20_000 where generations.count < 40 {
      let snapshot: Snapshot
      do {
        snapshot = try await kernel.read(ReadScope())
      } catch let error as KernelError where error.description.contains("again and again") {
        // On a busy machine some readings find no quiet moment, and say so.
        continue
      }
      let comments = snapshot.state.tables.flatMap(\.chains).flatMap(\.rules).map(\.comment)
      let elements = snapshot.state.tables.flatMap(\.sets).flatMap(\.elements).map { "\($0.key.bigEndianValue)" }
      #expect(comments.count == 40 && elements.count == 4)
      #expect(Swift.Set(comments + elements).count == 1)
      generations.insert(snapshot.generation)
    }
    writing.cancel()
    try await writing.value
    #expect(generations.count == 40, "too few readings came through")
  }
}
