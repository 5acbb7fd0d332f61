import EtcdAPI
package import Locking
package import Logging
import Synchronization

/// The baton in etcd. See the design note in the documentation for the order of steps.
///
/// Under the prefix: `queue/LEASE` (a place, with a lease), `last`, `halt`, `intent/NODE`, `node/NODE`,
/// `history/TOKEN-NUMBER`.
package final class EtcdBackend: LockBackend {
  struct Grant: Sendable {
    var seat: EtcdSeat
    var attempt: QueueAttempt
    var baton: Baton
    var key: String
    /// Records of the history.
    var written = 0
    /// When the change that is under way was written down, as etcd's revision.
    var intent: Int64?
  }

  package var location: String { store.client.settings.location }
  let store: EtcdStore
  let log: Logger
  let grants = Mutex<[UInt64: Grant]>([:])
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

  package func probe() async throws(LockError) {
    let client = EtcdClient(store.client.settings)
    defer { client.close() }
    let fresh = EtcdStore(client: client, keys: store.keys)
    // Linearizable, as every transaction that is not asked to be less: a member without a leader does not answer.
    let request = list(store.keys.queue) { $0.countOnly = true }
    _ = try await told { () async throws(EtcdError) in try await fresh.transact(then: [request], patience: .zero) }
  }

  // MARK: - Records

  package func put(_ record: NodeRecord, with baton: Baton?) async throws(LockError) {
    try await write([LockingEtcd.put(store.keys.node(record.node), RecordCoding.encode(record))], with: baton)
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
  func write(
    _ operations: [Operation], with baton: Baton?
  ) async throws(LockError) -> Etcdserverpb_TxnResponse {
    guard let baton else {
      return try await told { () async throws(EtcdError) in try await store.transact(then: operations) }
    }
    let mine = try condition(of: baton)
    let response = try await told { () async throws(EtcdError) in
      try await store.transact(if: [mine], then: operations)
    }
    guard response.succeeded else { throw lost(baton) }
    return response
  }

  /// Ends the baton's term, for etcd does not have the grant any more.
  func lost(_ baton: Baton) -> LockError {
    let reason = BatonError.lost("etcd does not have its place, token \(baton.token), any more")
    baton.end(reason)
    return .lost(reason)
  }

  /// What holds while the grant is the store's.
  func condition(of baton: Baton) throws(LockError) -> Etcdserverpb_Compare {
    do throws(BatonError) { try baton.check() } catch { throw .lost(error) }
    guard let key = grants.withLock({ $0[baton.token]?.key }) else { throw .lost(.released) }
    return created(key, at: Int64(bitPattern: baton.token))
  }

  func told<Value: Sendable>(_ body: () async throws(EtcdError) -> Value) async throws(LockError) -> Value {
    do throws(EtcdError) {
      return try await body()
    } catch {
      throw error.lockError(at: store.client.settings)
    }
  }
}
