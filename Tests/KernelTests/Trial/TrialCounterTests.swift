import Kernel
import Model
import Plan
import Support
import Synchronization
import Testing

/// What rules have counted before, during and after a trial.
@Suite(.networkNamespace) struct TrialCounterTests {
  let bench: TrialBench
  let peer: DatagramPeer

  init() throws {
    let namespace = try #require(NetworkNamespace.current)
    bench = try TrialBench(namespace)
    peer = try DatagramPeer(namespace)
  }

  /// Of each port 1111 to 5555 that a rule counts, by the rule's comment.
  private static func table(_ rules: String) -> String {
    """
    table inet edge {
      chain shared { udp dport 1111 counter comment "shared"; }
      chain out { type filter hook output priority 0;
        udp dport 2222 counter comment "before"; jump shared;
        \(rules)
        udp dport 3333 counter comment "after"; udp dport 4444 counter comment "quiet"; }
    }
    """
  }

  /// What comes while it is promoted is not known of a chain without a name, and is not made up.
  @Test func inChainsWithoutANameStayWhenOthersAreMadeAgain() async throws {
    let nested = "udp dport 3333 counter jump { counter accept; };"
    let (sent, _, promotion) = try await promote(
      from: Self.table("udp dport 9 drop; \(nested)"), to: Self.table("udp dport 10 drop; \(nested)"),
      withPacketsInBetween: 1)
    #expect(sent == 1)
    let listing = try await bench.plainListing()
    #expect(listing.contains("jump {\n\t\t\tcounter packets 1 bytes"))
    #expect(
      promotion.shortfall
        == "not counted: 1 of the packets that 1 of the rules met, as these have chains without a name")
  }

  private static let old = table("udp dport 9 counter comment \"gone\"")
  private static let new = table("udp dport 5555 counter comment \"fresh\"")

  private func sendToEach(_ ports: [UInt16] = [1111, 2222, 3333, 5555]) async throws {
    for port in ports { _ = try await peer.send(to: "127.0.0.1", port: port) }
  }

  private func counts() async throws -> [String: UInt64] {
    let table = try #require(try await bench.kernel.read(ReadScope()).state.tables.first)
    var counts: [String: UInt64] = [:]
    for rule in table.chains.flatMap(\.rules) {
      guard let comment = rule.comment else { continue }
      for case .counter(let packets, _) in rule.expressions { counts[comment] = packets }
    }
    return counts
  }

  private func handles() async throws -> [String: UInt64?] {
    let table = try #require(try await bench.kernel.read(ReadScope()).state.tables.first)
    return Dictionary(table.chains.flatMap(\.rules).map { ($0.comment ?? "", $0.handle) }) { first, _ in first }
  }

  @Test func areSummedWhenItIsPromoted() async throws {
    try await bench.apply(Self.old)
    try await sendToEach()
    let before = try await handles()
    let trial = try await bench.kernel.arm(
      bench.plan(Self.new), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
    for _ in 0..<2 { try await sendToEach() }
    try await bench.kernel.confirm(trial, with: Samples.baton())
    try await sendToEach()
    _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
    #expect(try await counts() == ["shared": 4, "before": 4, "after": 4, "quiet": 0, "fresh": 3])
    try await sendToEach()
    #expect(try await counts() == ["shared": 5, "before": 5, "after": 5, "quiet": 0, "fresh": 4])
    // Only the rule whose count had to be added to was made again.
    let after = try await handles()
    for comment in ["shared", "before", "quiet"] { #expect(after[comment] == before[comment]) }
  }

  /// Sends a packet each time somebody asks what time it is, as each commit does right before it is sent.
  private final class Clock: Sendable {
    private let socket: Int32
    private let limit: UInt64
    private let asked = Atomic<UInt64>(0)

    init(sendingOn socket: Int32, atMost limit: UInt64) {
      self.socket = socket
      self.limit = limit
    }

    var now: ContinuousClock.Instant {
      let number = asked.wrappingAdd(1, ordering: .relaxed).oldValue
      if number < limit {
        do {
          #expect(try DatagramPeer.sendAgain(to: "127.0.0.1", port: 3333, on: socket))
        } catch {
          Issue.record(error)
        }
      }
      return .now
    }

    var sent: UInt64 { min(asked.load(ordering: .relaxed), limit) }
  }

  /// - Parameter limit: of packets that come between readings and commits.
  /// - Returns: how many came, how many packets are counted of all, and what the promotion says.
  private func promote(
    from old: String = old, to new: String = new, withPacketsInBetween limit: UInt64
  ) async throws -> (UInt64, UInt64?, Promotion) {
    try await bench.apply(old)
    let trial = try await bench.kernel.arm(
      bench.plan(new), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
    let socket = try #require(try await peer.send(to: "127.0.0.1", port: 3333))
    try await bench.kernel.confirm(trial, with: Samples.baton())
    let clock = Clock(sendingOn: socket, atMost: limit)
    let promotion = try #require(
      try await bench.kernel.promote(record: .keep, with: Samples.baton(deadline: .now + .seconds(60)) { clock.now }))
    return (clock.sent, try await counts()["after"], promotion)
  }

  @Test func missNothingThatIsCountedWhileItIsPromoted() async throws {
    let (sent, counted, promotion) = try await promote(withPacketsInBetween: 3)
    #expect(sent == 3)
    #expect(counted == 4)
    #expect(promotion.shortfall == nil)
    #expect(promotion.generation == (try await bench.kernel.generation()))
  }

  @Test func tellWhatTheyMissIfPacketsNeverPause() async throws {
    let (sent, counted, promotion) = try await promote(withPacketsInBetween: .max)
    #expect(sent > 10)
    #expect(counted == sent)
    #expect(
      promotion.shortfall
        == """
        not counted: 1 of the packets that 1 of the rules met, as these were never without packets for long enough
        """)
  }

  @Test func ofManyRulesAreTold() async throws {
    let many = (1...4000).map { "udp dport \($0) counter;" }.joined(separator: "\n")
    try await bench.apply(Self.table("udp dport 9 counter; \(many)"))
    let trial = try await bench.kernel.arm(
      bench.plan(Self.table(many)), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
    try await bench.kernel.confirm(trial, with: Samples.baton())
    let promotion = try #require(try await bench.kernel.promote(record: .keep, with: Samples.baton()))
    #expect(promotion.shortfall == nil)
  }

  @Test func inChainsWithoutANameAreSummedToo() async throws {
    let nested = "udp dport 6666 jump { counter accept; };"
    try await bench.apply(Self.table("udp dport 9 drop; \(nested)"))
    try await sendToEach([6666])
    let trial = try await bench.kernel.arm(
      bench.plan(Self.table("udp dport 10 drop; \(nested)")), lasting: .seconds(120), record: .keep,
      from: bench.kernel.generation(), with: Samples.baton())
    try await sendToEach([6666, 6666])
    try await bench.kernel.confirm(trial, with: Samples.baton())
    _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
    #expect(try await bench.plainListing().contains("counter packets 3 bytes"))
  }

  @Test func ofTheOldRulesAreAsTheyWereWhenItIsTakenBack() async throws {
    try await bench.apply(Self.old)
    try await sendToEach()
    let before = try await handles()
    _ = try await bench.kernel.arm(
      bench.plan(Self.new), lasting: .seconds(120), record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
    try await sendToEach()
    _ = try await bench.kernel.cleanUp(record: .keep)
    #expect(try await counts() == ["shared": 2, "before": 2, "after": 1, "quiet": 0, "gone": 0])
    #expect(try await handles() == before)
  }
}
