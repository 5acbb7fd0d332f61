import Kernel
import Model
import Plan
import Support
import Synchronization
import Testing

/// At saturation, no packet meets neither generation or both: each of them counts what meets it.
@Suite(.networkNamespace) struct TrialFloodTests {
  let bench: TrialBench
  let peer: DatagramPeer

  init() throws {
    let namespace = try #require(NetworkNamespace.current)
    bench = try TrialBench(namespace)
    peer = try DatagramPeer(namespace)
  }

  private final class Flood: Sendable {
    let isOver = Atomic(false)
  }

  private static func table(_ counter: String) -> String {
    """
    table inet edge {
      counter odd { }
      counter even { }
      chain out { type filter hook output priority 0; udp dport 9 counter name \(counter); }
    }
    """
  }

  @Test func countsEachPacketOnce() async throws {
    let flood = Flood()
    try await bench.apply(Self.table("even"))
    try await withThrowingTaskGroup(of: UInt64.self) { group in
      group.addTask { try await peer.flood(port: 9) { !flood.isOver.load(ordering: .relaxed) } }
      do {
        for round in 0..<20 as Range<UInt64> { try await change(round) }
      } catch {
        flood.isOver.store(true, ordering: .relaxed)
        throw error
      }
      flood.isOver.store(true, ordering: .relaxed)
      let sent = try #require(try await group.next())
      #expect(try await counted() == sent)
      #expect(sent > 1000)
    }
  }

  /// A trial that ends by itself, then one that is kept.
  private func change(_ round: UInt64) async throws {
    let next = Self.table(round.isMultiple(of: 2) ? "odd" : "even")
    try await bench.arm(bench.plan(next, number: 2 * round), timeout: .milliseconds(50))
    try await eventually(.expired) { try await bench.view().trial?.phase }
    _ = try await bench.kernel.cleanUp(record: .keep)
    let trial = try await bench.kernel.arm(
      bench.plan(next, number: 2 * round + 1), lasting: .seconds(120), record: .keep,
      from: bench.kernel.generation(), with: Samples.baton())
    try await bench.kernel.confirm(trial, with: Samples.baton())
    _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
  }

  private func counted() async throws -> UInt64 {
    let table = try #require(try await bench.kernel.read(ReadScope()).state.tables.first)
    return table.objects.reduce(0) { sum, object in
      if case .counter(let packets, _) = object.body { sum + packets } else { sum }
    }
  }
}
