import Kernel
import Locking
import Model
import Plan
import Support
import Testing

/// What holds a trial, each by itself: datagrams that the output hook drops are refused at once (`EPERM`).
@Suite(.networkNamespace) struct TrialHoldTests {
  let bench: TrialBench
  let peer: DatagramPeer

  static let old = """
    table inet edge {
      chain out { type filter hook output priority 0; udp dport 1111 counter accept; udp dport 2222 accept; }
    }
    """
  static let new = """
    table inet edge {
      chain out { type filter hook output priority 0; udp dport 2222 drop; udp dport 1111 counter accept; }
    }
    """

  init() throws {
    let namespace = try #require(NetworkNamespace.current)
    bench = try TrialBench(namespace)
    peer = try DatagramPeer(namespace)
  }

  private func isNew() async throws -> Bool { try await peer.send(to: "127.0.0.1", port: 2222) == nil }

  private func armed(_ lasting: Duration = .seconds(120), number: UInt64 = 42) async throws -> ArmedTrial {
    try await bench.kernel.arm(
      bench.plan(Self.new, number: number), lasting: lasting, record: .keep, from: bench.kernel.generation(),
      with: Samples.baton())
  }

  @Test func elementEndsItAndNoConfirmationComesAfterIt() async throws {
    try await bench.apply(Self.old)
    let trial = try await bench.plan(Self.new)
    try await bench.arm(trial, timeout: .milliseconds(300))
    try await eventually(false) { try await isNew() }
    try await eventually(.expired) { try await bench.view().trial?.phase }
    let before = try await bench.listing()
    let generation = try await bench.kernel.generation()
    let late = ArmedTrial(number: 42, tables: trial.tables, deadline: .max, generation: generation)
    await #expect(throws: TrialError.tooLate(42)) { try await bench.kernel.confirm(late, with: Samples.baton()) }
    #expect(try await bench.listing() == before)
    #expect(try await bench.kernel.generation() == generation)
    #expect(try await !isNew())
  }

  @Test func clockEndsItAndNoConfirmationComesAfterIt() async throws {
    try await bench.apply(Self.old)
    let trial = try await bench.plan(Self.new)
    try await bench.arm(trial, timeout: .seconds(3600), clock: .milliseconds(500))
    try await eventually(false) { try await isNew() }
    let state = try #require(try await bench.view().trial)
    guard case .armed(let remaining) = state.phase else {
      Issue.record("\(state)")
      return
    }
    #expect(remaining > .seconds(3000))
    #expect(state.deadline <= TrialBench.now())
    let late = ArmedTrial(number: 42, tables: trial.tables, deadline: state.deadline, generation: 0)
    await #expect(throws: TrialError.tooLate(42)) { try await bench.kernel.confirm(late, with: Samples.baton()) }
    #expect(try await !isNew())
  }

  /// A writer that was held up right before its send.
  @Test func hasNoEffectWhenArmedAfterItsEnd() async throws {
    try await bench.apply(Self.old)
    try await bench.arm(bench.plan(Self.new), timeout: .seconds(3600), clock: .seconds(-1))
    #expect(try await !isNew())
  }

  @Test func confirmedStaysAfterBothEnds() async throws {
    try await bench.apply(Self.old)
    let trial = try await armed(.seconds(3))
    try await bench.kernel.confirm(trial, with: Samples.baton())
    try await eventually(true) { TrialBench.now() > trial.deadline }
    #expect(try await isNew())
    #expect(try await bench.view().trial?.phase == .kept)
    // It is confirmed already, and a second word changes nothing; not even from who was started anew.
    try await bench.kernel.confirm(trial, with: Samples.baton())
    try await LiveKernel(namespace: bench.namespace.path).confirm(trial, with: Samples.baton())
    #expect(try await bench.view().trial?.phase == .kept)
  }

  @Test func confirmationOfOneTrialIsNotThatOfTheNext() async throws {
    try await bench.apply(Self.old)
    let first = try await armed()
    _ = try await bench.kernel.cleanUp(record: .keep)
    _ = try await armed(number: 43)
    await #expect(throws: TrialError.tooLate(42)) { try await bench.kernel.confirm(first, with: Samples.baton()) }
    let state = try #require(try await bench.view().trial)
    #expect(state.number == 43 && state.phase != .kept)
  }

  @Test func confirmationIsForAllTablesOrNone() async throws {
    let tables = Self.old + "\n" + Self.old.replacing("edge", with: "second")
    try await bench.apply(tables)
    let trial = try await bench.plan(tables.replacing("udp dport 2222 accept", with: "udp dport 2222 drop"))
    #expect(trial.tables.count == 2)
    let armed = try await bench.kernel.arm(
      trial, lasting: .seconds(120), record: .keep, from: bench.kernel.generation(), with: Samples.baton())
    try await bench.namespace.check("nft", "delete", "element", "inet", "second", "nb42_armed", "{ 0 }")
    await #expect(throws: TrialError.tooLate(42)) { try await bench.kernel.confirm(armed, with: Samples.baton()) }
    #expect(try await bench.trials().allSatisfy { $0.phase != .kept })
  }

  @Test func promotesOnlyWhatIsConfirmedAndRemovesOnlyWhatIsNot() async throws {
    try await bench.apply(Self.old)
    let trial = try await armed()
    let listing = try await bench.namespace.check("nft", "-s", "list", "ruleset").replacing(
      #/ expires \w+/#, with: "")
    #expect(try await bench.kernel.promote(record: .keep, with: Samples.baton()) == nil)
    #expect(
      try await bench.namespace.check("nft", "-s", "list", "ruleset").replacing(#/ expires \w+/#, with: "") == listing)
    try await bench.kernel.confirm(trial, with: Samples.baton())
    #expect(try await bench.kernel.cleanUp(record: .keep) == nil)
    #expect(try await bench.view().trial?.phase == .kept)
    #expect(try await bench.kernel.promote(record: .write(Samples.record), with: Samples.baton()) != nil)
    #expect(try await bench.kernel.read(ReadScope()).record == Samples.record)
    let generation = try await bench.kernel.generation()
    #expect(try await bench.kernel.promote(record: .keep, with: Samples.baton()) == nil)
    #expect(try await bench.kernel.generation() == generation)
    #expect(try await isNew())
  }

  @Test func asksForABatonThatOutlastsIt() async throws {
    try await bench.apply(Self.old)
    let before = try await bench.listing()
    let short = Samples.baton(deadline: .now.advanced(by: .seconds(10)))
    await #expect(throws: TrialError.self) {
      try await bench.kernel.arm(
        bench.plan(Self.new), lasting: .milliseconds(9500), record: .keep, from: bench.kernel.generation(), with: short)
    }
    #expect(try await bench.listing() == before)
  }

  @Test func writesNothingWithAnExpiredBaton() async throws {
    try await bench.apply(Self.old)
    let trial = try await armed()
    let past = Samples.baton(deadline: .now.advanced(by: .seconds(-1)))
    await #expect(throws: BatonError.expired) { try await bench.kernel.confirm(trial, with: past) }
    #expect(try await bench.view().trial?.phase != .kept)
    try await bench.kernel.confirm(trial, with: Samples.baton())
    await #expect(throws: BatonError.expired) { try await bench.kernel.promote(record: .keep, with: past) }
    #expect(try await bench.view().trial?.phase == .kept)
  }

  @Test func isNotArmedFromAnotherGeneration() async throws {
    try await bench.apply(Self.old)
    let trial = try await bench.plan(Self.new)
    let generation = try await bench.kernel.generation()
    try await bench.namespace.load("table ip other {}")
    let error = await #expect(throws: KernelError.self) {
      try await bench.kernel.arm(
        trial, lasting: .seconds(120), record: .keep, from: generation, with: Samples.baton())
    }
    #expect(error?.cause == .generationMoved)
    #expect(try await bench.trials().isEmpty)
  }

  /// Another program commits all the time.
  @Test func comesThroughAmongOtherWriters() async throws {
    try await bench.apply(Self.old)
    let namespace = bench.namespace
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try await namespace.load("add table ip other; delete table ip other")
        }
      }
      for number in 42...46 as ClosedRange<UInt64> {
        try await bench.apply(Self.old, attempts: 1000)
        var trial: ArmedTrial?
        while trial == nil {
          do {
            trial = try await armed(number: number)
          } catch let error as KernelError where error.cause == .generationMoved {}
        }
        try await bench.kernel.confirm(try #require(trial), with: Samples.baton())
        _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
        #expect(try await isNew())
      }
      group.cancelAll()
    }
    #expect(try await bench.trials().isEmpty)
  }

  /// A set that is too large to be copied, looked into both ways; and how many of six packets meet the rule.
  @Test(arguments: [("@s counter drop", "", 4), ("!= @s counter accept", "drop", 2)])
  func overlaysLargeSets(_ rule: (String, String, Int)) async throws {
    let table = { (elements: String) in
      """
      table inet edge {
        set s { type ipv4_addr; flags interval; elements = { 127.9.0.1, 127.9.0.3, 127.9.0.5, \(elements) }; }
        chain out { type filter hook output priority 0; udp dport 9 ip daddr \(rule.0); \(rule.1); }
      }
      """
    }
    let addresses = ["127.0.0.1", "127.1.0.1", "127.1.1.1", "127.2.0.1", "127.9.0.1", "127.9.0.3"]
    let dropped = { () async throws in
      var dropped: [String] = []
      for address in addresses where try await peer.send(to: address, port: 9) == nil { dropped.append(address) }
      return dropped
    }
    let old = ["127.1.0.1", "127.1.1.1", "127.9.0.1", "127.9.0.3"]
    let new = ["127.1.0.1", "127.2.0.1", "127.9.0.1", "127.9.0.3"]
    try await bench.apply(table("127.1.0.0/16"))
    #expect(try await dropped() == old)
    let plan = try await bench.plan(table("127.1.0.0/24, 127.2.0.1"), limits: TrialLimits(copiedElements: 3))
    let trial = try await bench.kernel.arm(
      plan, lasting: .seconds(120), record: .keep, from: bench.kernel.generation(), with: Samples.baton())
    #expect(try await bench.plainListing().contains("set nb42_s_del"))
    #expect(try await dropped() == new)
    try await bench.kernel.confirm(trial, with: Samples.baton())
    #expect(try await dropped() == new)
    _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
    #expect(try await dropped() == new)
    let listing = try await bench.plainListing()
    #expect(!listing.contains("nb42_"))
    #expect(listing.contains("counter packets \(4 * rule.2) "))
  }
}
