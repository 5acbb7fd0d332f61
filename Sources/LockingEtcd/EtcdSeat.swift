import EtcdAPI
import Locking
import Logging
import Synchronization

/// One attempt at the baton in etcd: a lease, the place under it, and what watches over both.
final class EtcdSeat: QueueSeat {
  private struct State {
    var lease: EtcdLease?
    var renewing: Task<Void, Never>?
    var guarding: Task<Void, Never>?
    /// Known once the answer to taking the place was read.
    var order: UInt64?
    var isLeft = false
    var tell: (@Sendable (QueueMachine.Event) -> Void)?
  }

  private let store: EtcdStore
  private let request: LockRequest
  private let log: Logger
  private let state = Mutex(State())

  init(store: EtcdStore, request: LockRequest, log: Logger) {
    self.store = store
    self.request = request
    self.log = log
  }

  deinit { stop() }

  /// The place's key and create revision, while they are known.
  var place: (key: String, order: UInt64)? {
    state.withLock { state in
      guard let lease = state.lease, let order = state.order else { return nil }
      return (store.keys.place(lease: lease.id), order)
    }
  }

  // MARK: - Asking

  func join() async throws(LockError) -> (key: String, order: UInt64, status: LockStatus) {
    var record = QueueRecord(holder: request.holder, purpose: request.purpose, slots: request.slots)
    record.asked = wallClock()
    let bytes = try RecordCoding.encode(record)
    let response: Etcdserverpb_TxnResponse
    let key: String
    do throws(EtcdError) {
      let lease = try await currentLease()
      key = store.keys.place(lease: lease.id)
      do throws(EtcdError) {
        response = try await store.takePlace(key, bytes, lease: lease.id)
      } catch .leaseGone {
        forget(lease)
        throw .away("the lease ended before a place was taken under it")
      }
    } catch {
      throw translated(error)
    }
    let status = try store.status(from: response)
    guard let own = status.queue.first(where: { $0.key == key }) else {
      throw .unavailable(store: store.client.settings.location, detail: "the place that was taken is not in the queue")
    }
    state.withLock { $0.order = own.order }
    return (key, own.order, status)
  }

  private func currentLease() async throws(EtcdError) -> EtcdLease {
    if let lease = state.withLock({ $0.lease }), !lease.isGone { return lease }
    let lease = try await EtcdLease.grant(store, atLeast: request.atLeast) { [weak self] event in self?.pass(event) }
    let isKept = state.withLock { state in
      guard !state.isLeft else { return false }
      state.renewing?.cancel()
      state.lease = lease
      state.order = nil
      state.renewing = Task { await lease.keep() }
      return true
    }
    guard isKept else {
      // Given up while the lease was on its way: it would only have stood around until its end. This task may be cancelled,
      // and could ask for nothing any more.
      await Task { [store] in try? await store.revokeLease(lease.id) }.value
      throw .cancelled
    }
    return lease
  }

  private func forget(_ lease: EtcdLease) {
    state.withLock { state in
      guard state.lease === lease else { return }
      state.renewing?.cancel()
      state.lease = nil
      state.order = nil
    }
  }

  private func pass(_ event: QueueMachine.Event) { state.withLock { $0.tell }?(event) }

  func read() async throws(LockError) -> LockStatus { try await readView().status }

  private func readView() async throws(LockError) -> EtcdView {
    let response: Etcdserverpb_TxnResponse
    do throws(EtcdError) {
      response = try await store.readView()
    } catch {
      throw translated(error)
    }
    return try store.readView(of: response)
  }

  func watch(
    _ target: QueueMachine.Target, tell: @escaping @Sendable (QueueMachine.Event) -> Void
  ) async throws(LockError) {
    state.withLock { $0.tell = tell }
    let isPlace: Bool
    let range: EtcdRange
    switch target {
    case .place(let key): (range, isPlace) = (EtcdRange(key: key), true)
    case .queue: (range, isPlace) = (EtcdRange(prefix: store.keys.queue), false)
    case .obstacles: (range, isPlace) = (store.keys.obstacles, false)
    }
    do throws(EtcdError) {
      try await store.watch(range, deletesOnly: target != .obstacles) { notice in
        switch notice {
        case .stands:
          tell(.watchStands)
          return true
        case .changed:
          tell(.changed)
          // A place ends once.
          return !isPlace
        }
      }
    } catch {
      throw translated(error)
    }
  }

  private func translated(_ error: EtcdError) -> LockError {
    error.lockError(at: store.client.settings)
  }

  func halt(over intent: IntentRecord) async throws(LockError) -> HaltRecord? {
    let halt = HaltRecord(vanished: intent, seenBy: request.holder.node)
    let record = try RecordCoding.encode(halt)
    guard let conditions = try await readView().isVanished(intent, store.keys) else { return nil }
    do throws(EtcdError) {
      let response = try await store.transact(if: conditions, then: [put(store.keys.halt, record)])
      return response.succeeded ? halt : nil
    } catch {
      throw translated(error)
    }
  }

  // MARK: - Holding

  func hold(token: UInt64, tell: @escaping @Sendable (QueueMachine.Event) -> Void) async -> BatonTerm {
    state.withLock { state in
      state.tell = tell
      // A seat that holds has a lease; without one nothing could be written.
      guard let lease = state.lease else { return BatonTerm(deadline: ContinuousClock.now) }
      let term = lease.makeTerm()
      let guardian = EtcdGuard(
        store: store, request: request, log: log, lease: lease.id, order: token, term: term, tell: tell,
        stopRenewing: { [weak self] in self?.stopRenewing() })
      state.guarding = Task { await guardian.run() }
      return term
    }
  }

  func leave() async throws(LockError) {
    let (lease, order) = state.withLock { state in
      state.isLeft = true
      return (state.lease, state.order)
    }
    stop()
    guard let lease else { return }
    let last = LastRecord(token: order ?? 0, holder: request.holder)
    let bytes = try RecordCoding.encode(last)
    do throws(EtcdError) {
      if let order { try await store.leave(store.keys.place(lease: lease.id), order: order, bytes) }
      // With the lease goes also a place whose taking was never answered.
      try await store.revokeLease(lease.id)
    } catch {
      throw translated(error)
    }
    forget(lease)
  }

  private func stopRenewing() { state.withLock { $0.renewing?.cancel() } }

  /// The lease, and with it the place, ends by itself from here on.
  func stop() {
    state.withLock { state in
      state.renewing?.cancel()
      state.guarding?.cancel()
    }
  }
}
