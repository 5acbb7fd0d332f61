import Model
import Probing
import Spec
import Support
import Synchronization
import Testing

/// Answers as it is told, in order; the last answer goes on.
private final class ScriptedProber: Prober {
  private let scripts: Mutex<[String: [ProbeResult]]>
  private let counts = Mutex<[String: Int]>([:])

  init(_ scripts: [String: [ProbeResult]]) { self.scripts = Mutex(scripts) }

  func run(_ probe: Probe, within time: Duration) async -> ProbeResult {
    counts.withLock { $0["\(probe)", default: 0] += 1 }
    return scripts.withLock { scripts in
      let script = scripts["\(probe)"] ?? []
      if script.count > 1 { scripts["\(probe)"]?.removeFirst() }
      return script.first ?? .failed("no script")
    }
  }

  func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
}

@Suite(.timeLimit(.minutes(1))) struct ProbeSetTests {
  private static func probe(_ text: String, line: Int32, timeout: Duration = .seconds(2)) throws -> Probe {
    var probe = try #require(
      Probe(shortForm: text, origin: SourceLocation(file: "edge.yaml", line: line, column: 5)))
    probe.timeout = timeout
    return probe
  }

  @Test func whatFailsBeforeDoesNotCount() async throws {
    let prober = ScriptedProber([
      "tcp:a:1": [.passed], "tcp:b:2": [.failed("connection refused")], "gateway:eth0": [.failed("x"), .passed],
    ])
    let probes = [
      try Self.probe("tcp:a:1", line: 3), try Self.probe("tcp:b:2", line: 4), try Self.probe("gateway:eth0", line: 5),
    ]
    let set = ProbeSet(probes, lock: nil, prober: prober)
    let before = await set.failuresBefore()
    // One moment's failure is none.
    #expect(before.map(\.description) == ["tcp:b:2 (edge.yaml:4:5): connection refused"])
    let tries = prober.count("tcp:b:2")
    #expect(tries > 1 && prober.count("gateway:eth0") == 2)
    #expect(await set.failures(until: .now + .seconds(5), without: before).isEmpty)
    #expect(prober.count("tcp:b:2") == tries)
  }

  @Test func failingProbesAreTriedUntilTheTimeIsOver() async throws {
    let prober = ScriptedProber([
      "tcp:a:1": [.failed("connection refused"), .failed("connection refused"), .passed],
      "http://b/": [.failed("no answer within 1 s"), .failed("HTTP status 503, wanted 200-399")],
    ])
    let probes = [try Self.probe("tcp:a:1", line: 3), try Self.probe("http://b", line: 9)]
    let start = ContinuousClock.now
    let failures = await ProbeSet(probes, lock: nil, prober: prober).failures(until: start + .seconds(2))
    #expect(failures.map(\.description) == ["http://b/ (edge.yaml:9:5): HTTP status 503, wanted 200-399"])
    #expect(prober.count("tcp:a:1") == 3)
  }

  /// Each waits for the other: one after the other they would wait for ever.
  @Test func allRunAtTheSameTime() async throws {
    let prober = MeetingProber(expected: 3)
    let probes = try (1...3).map { try Self.probe("tcp:h\($0):1", line: $0, timeout: .seconds(30)) }
    #expect(await ProbeSet(probes, lock: nil, prober: prober).failures(until: .now + .seconds(30)).isEmpty)
  }

  @Test func theLockIsAProbe() async throws {
    struct Down: Error, CustomStringConvertible {
      var description: String { "etcd://h:1/p: nothing listens there" }
    }
    let prober = ScriptedProber([:])
    let failing = ProbeSet([], lock: .init(location: "etcd://h:1/p") { throw Down() }, prober: prober)
    #expect(
      await failing.failures(until: .now + .milliseconds(100)).map(\.description)
        == ["etcd://h:1/p: nothing listens there"])
    let silent = ProbeSet(
      [], lock: .init(location: "etcd://h:1/p") { try await Task.sleep(for: .seconds(60)) }, prober: prober)
    #expect(
      await silent.failures(until: .now + .milliseconds(150)).map(\.description).first?
        .hasPrefix("etcd://h:1/p: no answer within 1") == true)
    let fine = ProbeSet([], lock: .init(location: "etcd://h:1/p") {}, prober: prober)
    #expect(await fine.failures(until: .now + .seconds(5)).isEmpty)
  }

  @Test func withoutTimeNothingIsProved() async throws {
    let prober = ScriptedProber(["tcp:a:1": [.passed]])
    let set = ProbeSet([try Self.probe("tcp:a:1", line: 3)], lock: nil, prober: prober)
    #expect(
      await set.failures(until: .now - .seconds(1)).map(\.description)
        == ["tcp:a:1 (edge.yaml:3:5): no time was left for it"])
    #expect(prober.count("tcp:a:1") == 0)
  }
}

private actor MeetingProber: Prober {
  private let expected: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(expected: Int) { self.expected = expected }

  func run(_ probe: Probe, within time: Duration) async -> ProbeResult {
    await withCheckedContinuation { continuation in
      waiting.append(continuation)
      guard waiting.count == expected else { return }
      for guest in waiting { guest.resume() }
    }
    return .passed
  }
}
