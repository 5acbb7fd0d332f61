package import Locking
import Synchronization
import Testing

/// One group's lock, as the suite that every backend must pass sees it.
package struct LockConformance: Sendable {
  /// Another participant of the same group each time: what another process on another node would have.
  package let join: @Sendable () async throws -> any LockBackend
  /// Removes a place of the queue behind its owner's back.
  package let remove: @Sendable (QueueEntry) async throws -> Void

  package init(
    join: @escaping @Sendable () async throws -> any LockBackend,
    remove: @escaping @Sendable (QueueEntry) async throws -> Void
  ) {
    self.join = join
    self.remove = remove
  }
}

/// One thing that every backend does.
package struct LockCheck: Sendable, CustomTestStringConvertible {
  package let name: String
  package let run: @Sendable (LockConformance) async throws -> Void
  package var testDescription: String { name }

  init(_ name: String, _ run: @escaping @Sendable (LockConformance) async throws -> Void) {
    self.name = name
    self.run = run
  }

  package static let all = grants + halts + changes + orphans + losses + records
}

/// Gathers what an attempt reports.
final class Reports: Sendable {
  private let list = Mutex<[LockEvent]>([])
  private let stream: AsyncStream<LockEvent>
  private let source: AsyncStream<LockEvent>.Continuation

  init() { (stream, source) = AsyncStream.makeStream() }

  @Sendable func take(_ event: LockEvent) {
    list.withLock { $0.append(event) }
    source.yield(event)
  }

  var names: [String] { list.withLock { $0.map(\.outcome.name) } }
  var all: [LockEvent] { list.withLock { $0 } }

  /// Returns with the first event of that name, also one of before. One caller at a time.
  func wait(for name: String) async -> LockEvent? {
    for await event in stream where event.outcome.name == name { return event }
    return nil
  }
}

extension LockConformance {
  func request(_ node: String, wait: LockRequest.Wait = .unlimited, slots: Int = 1) -> LockRequest {
    let holder = Holder(node: node, instance: "\(UInt64.random(in: 0...UInt64.max))", pid: 1, version: "test")
    return LockRequest(holder: holder, purpose: "check", wait: wait, slots: slots)
  }

  /// The change that a grant is for, and what came of it.
  func intent(of baton: Baton, bound: Int = 60) -> IntentRecord {
    IntentRecord(
      node: baton.holder.node, holder: baton.holder, token: baton.token, generation: "g\(baton.token)", commit: "c",
      bound: bound)
  }

  func record(of intent: IntentRecord, _ outcome: String = "applied") -> NodeRecord {
    NodeRecord(
      node: intent.node, generation: intent.generation, commit: intent.commit, version: "test", outcome: outcome,
      token: intent.token)
  }

  func halt(of intent: IntentRecord) -> HaltRecord {
    HaltRecord(
      who: intent.node, why: "a probe failed", node: intent.node, generation: intent.generation,
      commit: intent.commit, cause: "tcp 192.0.2.10:6443: connection refused", token: intent.token)
  }

  /// Runs with so many participants, and ends them whatever happens.
  func with(
    _ count: Int, _ body: ([any LockBackend]) async throws -> Void
  ) async throws {
    var backends: [any LockBackend] = []
    for _ in 0..<count { backends.append(try await join()) }
    do {
      try await body(backends)
    } catch {
      for backend in backends { await backend.close() }
      throw error
    }
    for backend in backends { await backend.close() }
  }
}

/// An attempt that goes on beside the test, and what it reports.
struct Attempt: Sendable {
  let reports = Reports()
  let task: Task<Baton, any Error>

  init(_ backend: any LockBackend, _ request: LockRequest) {
    let reports = self.reports
    task = Task { try await backend.acquire(request, report: reports.take) }
  }

  /// Returns once it has a place behind others.
  func isWaiting() async throws { _ = try #require(await reports.wait(for: "waiting")) }
}

extension LockBackend {
  /// As an agent does it: what has failed is not tried again.
  package func put(_ intent: IntentRecord, with baton: Baton) async throws(LockError) {
    try await put(intent, again: false, with: baton)
  }
}
