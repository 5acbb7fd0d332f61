import Kernel
import Model
import Plan
import Support
import Testing

/// What becomes of connections that a trial let in.
@Suite(.networkNamespace) struct TrialConnectionTests {
  let bench: TrialBench
  let peer: DatagramPeer

  init() throws {
    let namespace = try #require(NetworkNamespace.current)
    bench = try TrialBench(namespace)
    peer = try DatagramPeer(namespace)
  }

  private static func table(_ rules: String) -> String {
    """
    table inet edge {
      counter fresh { }
      chain out { type filter hook output priority 0;
        udp dport 1111 ct state new counter name fresh;
        ct state established accept; \(rules) }
    }
    """
  }

  private static let old = table("udp dport 2222 drop;")
  private static let new = table("udp dport 2222 accept;")

  /// A flow that has been answered.
  private func connect(_ port: UInt16) async throws -> Int32 {
    let socket = try #require(try await peer.send(to: "127.0.0.1", port: port))
    #expect(await peer.answer(within: 5000)?.port == port)
    return socket
  }

  private func arm() async throws -> ArmedTrial {
    try await bench.kernel.arm(
      bench.plan(Self.new), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
  }

  private func freshCount() async throws -> UInt64 {
    let table = try #require(try await bench.kernel.read(ReadScope()).state.tables.first)
    for object in table.objects { if case .counter(let packets, _) = object.body { return packets } }
    return 0
  }

  @Test func areCutWithItAndThoseOfBeforeAreNot() async throws {
    try await peer.listen(on: [1111, 2222])
    try await bench.apply(Self.old)
    let before = try await connect(1111)
    _ = try await arm()
    let during = try await connect(2222)
    #expect(try await peer.send(to: "127.0.0.1", port: 2222, on: during) != nil)
    _ = try await bench.kernel.cleanUp(record: .keep)
    #expect(try await peer.send(to: "127.0.0.1", port: 2222, on: during) == nil)
    #expect(try await peer.send(to: "127.0.0.1", port: 1111, on: before) != nil)
    #expect(try await freshCount() == 1)
  }

  @Test func goOnWhenItIsConfirmed() async throws {
    try await peer.listen(on: [1111, 2222])
    try await bench.apply(Self.old)
    let trial = try await arm()
    let during = try await connect(2222)
    try await bench.kernel.confirm(trial, with: Samples.baton())
    #expect(try await bench.kernel.cleanUp(record: .keep) == nil)
    _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
    try await bench.apply(Self.old)
    // Established, which the old rules allow too.
    #expect(try await peer.send(to: "127.0.0.1", port: 2222, on: during) != nil)
  }

  /// A ruleset that keeps no connections would begin to if a rule asked for them.
  @Test func areNotAskedForWhereNothingElseDoes() async throws {
    try await bench.apply(TrialHoldTests.old)
    _ = try await bench.kernel.arm(
      bench.plan(TrialHoldTests.new), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
    #expect(try await !bench.plainListing().contains("ct "))
  }
}
