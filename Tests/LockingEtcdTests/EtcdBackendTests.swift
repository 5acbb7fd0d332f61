import EtcdSupport
import Locking
import Logging
import Support
import Testing

@testable import LockingEtcd

private let log = Logger(label: "test")

/// A server of its own, ready to answer.
func withEtcd(
  _ body: @Sendable (EtcdServer, EtcdServer.Process) async throws -> Void
) async throws {
  let server = try EtcdServer()
  defer { server.remove() }
  try await server.whileRunning { process in
    try await becomesReady(try backend(server))
    try await body(server, process)
  }
}

func backend(_ server: EtcdServer, group: String = "test", timeToLive: Int = 2) throws -> EtcdBackend {
  EtcdBackend(
    try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/\(group)?ttl=\(timeToLive)"), log: log)
}

/// A lease that was given up on its way is revoked a moment later.
func expectLeases(
  _ count: Int, on server: EtcdServer, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let end = ContinuousClock.now + .seconds(5)
  var list = ""
  repeat {
    list = try await server.control("lease", "list")
    if list.hasPrefix("found \(count) leases") { return }
    try await Task.sleep(for: .milliseconds(50))
  } while ContinuousClock.now < end
  Issue.record("\(list), not \(count)", sourceLocation: sourceLocation)
}

func becomesReady(_ backend: EtcdBackend) async throws {
  var last: (any Error)?
  for _ in 0..<10 {
    do {
      _ = try await backend.status()
      await backend.close()
      return
    } catch {
      last = error
    }
  }
  await backend.close()
  throw try #require(last)
}

func request(_ node: String, wait: LockRequest.Wait = .unlimited) -> LockRequest {
  LockRequest(holder: Holder(node: node, instance: node, pid: 1, version: "test"), purpose: "test", wait: wait)
}

@Suite("The lock in etcd", .serialized)
struct EtcdBackendTests {
  @Test("passes the suite")
  func conforms() async throws {
    try await withEtcd { server, _ in
      for (number, check) in LockCheck.all.enumerated() {
        try await check.run(
          LockConformance(
            join: { try backend(server, group: "suite\(number)") },
            remove: { try await server.control("del", $0.key) }))
      }
    }
  }

  /// The holder hears of it by its watch, but not before it may have asked for a write: etcd itself has to compare.
  @Test("nothing is written in the name of a grant that etcd has ended, however late its holder hears of it")
  func grantIsTaken() async throws {
    try await withEtcd { server, _ in
      for round in 0..<10 {
        let holder = try backend(server, group: "taken\(round)")
        let baton = try await holder.acquire(request("a")) { _ in }
        async let end = server.control("del", "--prefix", "taken\(round)/queue/", options: ["-w", "json"])
        await #expect(throws: LockError.self) {
          while true {
            let record = NodeRecord(
              node: "a", generation: "g", commit: nil, version: "test", outcome: "applied", token: baton.token)
            try await holder.put(record, with: baton)
          }
        }
        let written = try await server.control("get", "taken\(round)/node/a", options: ["-w", "json"])
        let last = try #require(Self.number("mod_revision", in: written))
        #expect(last < (try #require(Self.number("revision", in: try await end))))
        await holder.close()
      }
    }
  }

  private static func number(_ name: String, in json: String) -> Int? {
    json.firstRange(of: "\"\(name)\":").flatMap { Int(json[$0.upperBound...].prefix { $0.isNumber }) }
  }

  @Test("a baton whose renewals do not arrive ends before another can be granted it")
  func serverStops() async throws {
    try await withEtcd { server, process in
      let holder = try backend(server)
      let baton = try await holder.acquire(request("a")) { _ in }
      try process.stop()
      #expect(await baton.ended() == .expired)
      await #expect(throws: LockError.lost(.expired)) {
        try await holder.put(NodeRecord(node: "a", generation: "g", version: "test", outcome: "x"), with: baton)
      }
      try process.resume()
      let other = try backend(server)
      let next = try await other.acquire(request("b")) { _ in }
      #expect(next.token > baton.token)
      try await other.release(next)
      await holder.close()
      await other.close()
    }
  }

  @Test("a holder and a waiter outlive a restart of the server")
  func serverRestarts() async throws {
    let server = try EtcdServer()
    defer { server.remove() }
    let (holder, waiter) = (try backend(server, timeToLive: 15), try backend(server, timeToLive: 15))
    let (baton, waiting) = try await server.whileRunning { process in
      try await becomesReady(try backend(server))
      let baton = try await holder.acquire(request("a")) { _ in }
      let (stands, stood) = AsyncStream<Void>.makeStream()
      let waiting = Task {
        try await waiter.acquire(request("b")) { event in
          if event.outcome.name == "waiting" { stood.yield() }
        }
      }
      for await _ in stands { break }
      try process.kill()
      return (baton, waiting)
    }
    try await server.whileRunning { _ in
      try await becomesReady(try backend(server))
      try baton.check()
      try await holder.put(NodeRecord(node: "a", generation: "g", version: "test", outcome: "x"), with: baton)
      try await holder.release(baton)
      let next = try await waiting.value
      #expect(next.token > baton.token)
      try await waiter.release(next)
    }
    await holder.close()
    await waiter.close()
  }

  /// A look that was under way as the baton was given back finds no place, too.
  @Test(
    "a place that is gone is told as lost, unless the baton was given back",
    arguments: [nil, .released, .expired] as [BatonError?])
  func placeIsGone(_ end: BatonError?) async throws {
    try await withEtcd { server, _ in
      let settings = try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/gone?ttl=2")
      let store = EtcdStore(client: EtcdClient(settings), keys: EtcdKeys(prefix: "gone"))
      let term = BatonTerm(deadline: nil)
      if let end { term.end(end) }
      let (told, tells) = AsyncStream<QueueMachine.Event>.makeStream()
      let guardian = EtcdGuard(
        store: store, request: request("a"), log: log, lease: 1, order: 1, term: term, tell: { tells.yield($0) },
        stopRenewing: {})
      await guardian.lookOnce()
      tells.finish()
      let events = await told.reduce(into: []) { $0.append($1) }
      #expect(events.count == (end == .released ? 0 : 1))
      store.client.close()
    }
  }

  @Test("a revoked lease ends the baton")
  func leaseRevoked() async throws {
    try await withEtcd { server, _ in
      let holder = try backend(server, timeToLive: 60)
      let baton = try await holder.acquire(request("a")) { _ in }
      let place = try #require(try await holder.status().holders.first)
      let lease = try #require(place.key.split(separator: "/").last)
      try await server.control("lease", "revoke", String(lease))
      #expect(await baton.ended() != nil)
      await holder.close()
    }
  }

  @Test("a baton that must last is good for that long, also after a wait")
  func lasts() async throws {
    try await withEtcd { server, _ in
      let (holder, other) = (try backend(server), try backend(server))
      var request = request("b")
      request.atLeast = .seconds(5)
      let held = try await holder.acquire(LockingEtcdTests.request("a")) { _ in }
      let waiting = Task { [request] in try await other.acquire(request) { _ in } }
      // Longer than the first third of its lease, after which another would have less than that left.
      try await Task.sleep(for: .seconds(2.6))
      try await holder.release(held)
      let baton = try await waiting.value
      #expect(try #require(baton.remaining) >= .seconds(5))
      try await other.release(baton)
      await holder.close()
      await other.close()
    }
  }

  @Test("leaves no lease behind that would have to be kept or waited for")
  func noLeases() async throws {
    try await withEtcd { server, _ in
      let (holder, other) = (try backend(server, timeToLive: 600), try backend(server, timeToLive: 600))
      let baton = try await holder.acquire(request("a")) { _ in }
      await #expect(throws: LockError.self) { try await other.acquire(request("b", wait: .none)) { _ in } }
      let waiting = Task { try await other.acquire(request("b")) { _ in } }
      waiting.cancel()
      await #expect(throws: LockError.cancelled) { try await waiting.value }
      try await expectLeases(1, on: server)
      try await holder.release(baton)
      try await expectLeases(0, on: server)
      await holder.close()
      await other.close()
    }
  }

  @Test("the second endpoint serves when the first is away")
  func failsOver() async throws {
    try await withEtcd { server, _ in
      let settings = try EtcdSettings(url: "etcd://127.0.0.1:9,127.0.0.1:\(server.port)/test?ttl=2")
      let backend = EtcdBackend(settings, log: log)
      let baton = try await backend.acquire(request("a", wait: .none)) { _ in }
      try await backend.release(baton)
      await backend.close()
    }
  }

  @Test("a server that is silent is told, with the endpoints that were tried and for how long")
  func silent() async throws {
    try await withEtcd { server, process in
      try process.stop()
      let settings = try EtcdSettings(url: "etcd://127.0.0.1:\(server.port),localhost:\(server.port)/test")
      let backend = EtcdBackend(settings, log: log)
      let error = await #expect(throws: LockError.self) { try await backend.status() }
      let tried = "no answer from etcd at 127.0.0.1:\(server.port), localhost:\(server.port) within "
      let told = "\(try #require(error))".split(separator: tried)
      #expect(told.count == 2 && told.last?.prefix { $0 != " " }.allSatisfy(\.isNumber) == true, "\(told)")
      await #expect {
        try await backend.acquire(request("a", wait: .atMost(.seconds(1)))) { _ in }
      } throws: {
        "\($0)".contains("etcd://127.0.0.1:\(server.port),localhost:\(server.port)/test: no answer within 1 s")
      }
      await backend.close()
    }
  }

  @Test("a server that is away is told, with what to look at")
  func away() async throws {
    let backend = EtcdBackend(try EtcdSettings(url: "etcd://127.0.0.1:9/test"), log: log)
    let error = await #expect(throws: LockError.self) { try await backend.status() }
    #expect("\(try #require(error))".contains("nothing listens on 127.0.0.1:9"))
    await backend.close()
  }
}
