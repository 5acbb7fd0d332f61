import EtcdAPI
package import Locking
package import Logging
import Synchronization

/// The baton in etcd. See the design note in the documentation for the order of steps.
///
/// Under the prefix: `queue/LEASE` (a place, with a lease), `last`, `halt`, `intent/NODE`, `node/NODE`,
/// `history/TOKEN-NUMBER`.
package final class EtcdBackend: LockBackend {
  private struct Grant: Sendable {
    var seat: EtcdSeat
    var attempt: QueueAttempt
    var baton: Baton
    var key: String
    /// Records of the history.
    var written = 0
  }

  package var location: String { store.client.settings.location }
  private let store: EtcdStore
  private let log: Logger
  private let grants = Mutex<[UInt64: Grant]>([:])
  private let isAdvised = Atomic(false)

  /// Connects with the first call.
  package init(_ settings: EtcdSettings, log: Logger) {
    store = EtcdStore(client: EtcdClient(settings), keys: EtcdKeys(prefix: settings.prefix))
    self.log = log
  }

  package func acquire(
    _ request: LockRequest, report: @escaping @Sendable (LockEvent) -> Void
  ) async throws(LockError) -> Baton {
    let seat = EtcdSeat(store: store, request: request, log: log)
    let attempt = QueueAttempt(location: location, request: request, seat: seat, report: report)
    let baton = try await attempt.acquire()
    guard let place = seat.place else { throw .lost(.lost("its lease ended right after the grant")) }
    grants.withLock {
      $0[baton.token] = Grant(seat: seat, attempt: attempt, baton: baton, key: place.key)
    }
    return baton
  }

  package func release(_ baton: Baton) async throws(LockError) {
    baton.end(.released)
    guard let grant = grants.withLock({ $0.removeValue(forKey: baton.token) }) else { return }
    do throws(LockError) {
      try await grant.seat.leave()
    } catch {
      grants.withLock { $0[baton.token] = grant }
      throw error
    }
    await grant.attempt.finish(released: baton.token)
    await adviseOnVersion()
  }

  /// Once, and when nobody waits for it: a baton is often held for a few milliseconds alone.
  private func adviseOnVersion() async {
    guard isAdvised.exchange(true, ordering: .relaxed) == false else { return }
    // Reading the version may ask for rights that the lock's user has no need of.
    guard let version = try? await store.serverVersion(), let advice = EtcdVersion.advice(on: version) else { return }
    log.warning("\(advice)", metadata: ["lock": "\(location)"])
  }

  package func status() async throws(LockError) -> LockStatus {
    let response = try await told { () async throws(EtcdError) in try await store.readView(withNodes: true) }
    return try store.status(from: response)
  }

  // MARK: - Records

  package func put(_ record: NodeRecord, with baton: Baton?) async throws(LockError) {
    try await write([LockingEtcd.put(store.keys.node(record.node), RecordCoding.encode(record))], with: baton)
  }

  package func put(_ intent: IntentRecord, with baton: Baton) async throws(LockError) {
    try await write([LockingEtcd.put(store.keys.intent(of: intent.node), RecordCoding.encode(intent))], with: baton)
  }

  package func clearIntent(of node: String, with baton: Baton?) async throws(LockError) {
    try await write([delete(store.keys.intent(of: node))], with: baton)
  }

  package func append(history record: [UInt8], with baton: Baton) async throws(LockError) {
    let number = grants.withLock { grants in
      defer { grants[baton.token]?.written += 1 }
      return grants[baton.token]?.written ?? 0
    }
    let keys = store.keys
    let response = try await write(
      [
        LockingEtcd.put(keys.history(token: baton.token, number: number), record),
        list(keys.history) { $0.countOnly = true },
      ], with: baton)
    let count = Int(response.responses.last?.responseRange.count ?? 0)
    guard count > historyBound else { return }
    let oldest = list(keys.history) {
      $0.keysOnly = true
      $0.limit = Int64(count - historyBound)
    }
    let found = try await told { () async throws(EtcdError) in try await store.transact(then: [oldest]) }
    let names = found.responses.first?.responseRange.kvs.map(store.name) ?? []
    // etcd takes 128 operations in a transaction (its --max-txn-ops).
    try await write(names.prefix(100).map(delete), with: baton)
  }

  package func history(limit: Int) async throws(LockError) -> [HistoryEntry] {
    let found = try await told { () async throws(EtcdError) in try await store.history(limit: limit) }
    return found.compactMap { entry in
      let parts = store.name(of: entry).dropFirst(store.keys.history.count).split(separator: "-")
      guard parts.count == 2, let token = UInt64(parts[0], radix: 16), let number = Int(parts[1]) else { return nil }
      return HistoryEntry(token: token, number: number, record: [UInt8](entry.value))
    }
  }

  // MARK: - Halt

  package func halt(_ record: HaltRecord) async throws(LockError) -> HaltRecord {
    let (keys, bytes) = (store.keys, try RecordCoding.encode(record))
    let response = try await told { () async throws(EtcdError) in
      try await store.transact(
        if: [created(keys.halt, at: 0)], then: [LockingEtcd.put(keys.halt, bytes)], else: [get(keys.halt)])
    }
    guard !response.succeeded, let found = response.responses.first?.responseRange.kvs.first else { return record }
    return try RecordCoding.decode(HaltRecord.self, from: found.value, named: "\(location): key \(keys.halt)")
  }

  package func resume() async throws(LockError) -> HaltRecord? {
    let keys = store.keys
    let response = try await told { () async throws(EtcdError) in
      try await store.transact(then: [get(keys.halt), delete(keys.halt)])
    }
    guard let found = response.responses.first?.responseRange.kvs.first else { return nil }
    return try RecordCoding.decode(HaltRecord.self, from: found.value, named: "\(location): key \(keys.halt)")
  }

  package func close() async {
    let open = grants.withLock { grants in
      defer { grants = [:] }
      return Array(grants.values)
    }
    for grant in open {
      grant.baton.end(.lost("its connection was closed"))
      grant.seat.stop()
      await grant.attempt.finish()
    }
    store.client.close()
  }

  // MARK: -

  /// In a grant's name only while the grant is the store's.
  @discardableResult
  private func write(
    _ operations: [Operation], with baton: Baton?
  ) async throws(LockError) -> Etcdserverpb_TxnResponse {
    guard let baton else {
      return try await told { () async throws(EtcdError) in try await store.transact(then: operations) }
    }
    do throws(BatonError) { try baton.check() } catch { throw .lost(error) }
    guard let key = grants.withLock({ $0[baton.token]?.key }) else { throw .lost(.released) }
    let mine = created(key, at: Int64(bitPattern: baton.token))
    let response = try await told { () async throws(EtcdError) in
      try await store.transact(if: [mine], then: operations)
    }
    guard response.succeeded else {
      let reason = BatonError.lost("etcd does not have its place, token \(baton.token), any more")
      baton.end(reason)
      throw .lost(reason)
    }
    return response
  }

  private func told<Value: Sendable>(_ body: () async throws(EtcdError) -> Value) async throws(LockError) -> Value {
    do throws(EtcdError) {
      return try await body()
    } catch {
      throw error.lockError(at: store.client.settings)
    }
  }
}
