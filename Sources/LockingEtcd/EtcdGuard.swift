import EtcdAPI
import Locking
import Logging

/// Watches over a grant while it is held.
struct EtcdGuard: Sendable {
  let store: EtcdStore
  let request: LockRequest
  let log: Logger
  let lease: Int64
  let order: UInt64
  let term: BatonTerm
  let tell: @Sendable (QueueMachine.Event) -> Void
  /// Ends the renewals.
  let stopRenewing: @Sendable () -> Void

  /// A grant that is given back sooner is neither written down nor watched: every write compares anyway.
  private static let moment = Duration.milliseconds(100)

  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        guard let reason = await term.ended(), reason != .released else { return }
        // A renewal that still arrives would keep the others waiting for nobody.
        stopRenewing()
        if reason == .expired { tell(.placeGone("its lease was not renewed in time")) }
        // If etcd stays away, the lease ends by itself.
        try? await store.revokeLease(lease)
      }
      group.addTask {
        // Cut short by cancellation.
        try? await Task.sleep(for: EtcdGuard.moment, clock: .continuous)
        guard !Task.isCancelled else { return }
        await noteGrant()
        await watchOwnPlace()
      }
    }
  }

  private var key: String { store.keys.place(lease: lease) }

  /// Since when it is held, for `lock status`: nothing hangs on it.
  private func noteGrant() async {
    let record = QueueRecord(
      holder: request.holder, purpose: request.purpose, granted: wallClock(), slots: request.slots)
    do {
      let bytes = try RecordCoding.encode(record)
      _ = try await store.transact(
        if: [created(key, at: Int64(bitPattern: order))], then: [put(key, bytes, lease: lease)])
    } catch {
      log.debug("the grant's time was not written down", metadata: ["error": "\(error)"])
    }
  }

  private func watchOwnPlace() async {
    while !Task.isCancelled {
      do {
        try await store.watch(EtcdRange(key: key), deletesOnly: true) { notice in
          switch notice {
          case .stands:
            // What happened before the watch stood: one look at the queue.
            Task { await lookOnce() }
            return true
          case .changed:
            tellGone()
            return false
          }
        }
        return
      } catch {
        // The lease is renewed on the same connection: if etcd stays away, the deadline ends the grant.
        try? await Task.sleep(for: .milliseconds(200), clock: .continuous)
      }
    }
  }

  func lookOnce() async {
    guard let response = try? await store.transact(if: [created(key, at: Int64(bitPattern: order))], then: [])
    else { return }
    if !response.succeeded { tellGone() }
  }

  /// A place whose baton was given back is gone by its owner's own hand; that nothing watches it any more may come later.
  private func tellGone() {
    do throws(BatonError) { try term.check() } catch { if error == .released { return } }
    tell(.placeGone("its place in the queue was removed"))
  }
}
