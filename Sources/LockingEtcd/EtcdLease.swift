import EtcdAPI
import GRPCCore
import SwiftProtobuf
import Locking
import Synchronization

/// Keeps one lease alive, and the term of the baton that stands on it.
final class EtcdLease: Sendable {
  private struct State {
    var machine: LeaseMachine
    var term: BatonTerm?
    var isGone = false
  }

  let id: Int64
  private let store: EtcdStore
  private let state: Mutex<State>
  private let tell: @Sendable (QueueMachine.Event) -> Void

  /// - Parameter tell: is told `.placeGone` when the lease is.
  private init(
    id: Int64, machine: LeaseMachine, store: EtcdStore, tell: @escaping @Sendable (QueueMachine.Event) -> Void
  ) {
    self.id = id
    self.store = store
    self.tell = tell
    state = Mutex(State(machine: machine))
  }

  static func grant(
    _ store: EtcdStore, atLeast: Duration?, tell: @escaping @Sendable (QueueMachine.Event) -> Void
  ) async throws(EtcdError) -> EtcdLease {
    let id = Int64.random(in: 1...Int64.max)
    let timeToLive = LeaseMachine.timeToLive(store.client.settings.timeToLive, atLeast: atLeast)
    let asked = try await store.grantLease(id, timeToLive: timeToLive)
    let machine = LeaseMachine(timeToLive: timeToLive, asked: asked, atLeast: atLeast)
    return EtcdLease(id: id, machine: machine, store: store, tell: tell)
  }

  var isGone: Bool { state.withLock { $0.isGone } }

  /// The term of a baton that was granted under this lease.
  func makeTerm() -> BatonTerm {
    state.withLock { state in
      let term = BatonTerm(deadline: state.machine.deadline)
      state.term = term
      return term
    }
  }

  /// Renews until the task is cancelled or the lease is gone.
  func keep() async {
    var failures = 0
    while !Task.isCancelled, !isGone {
      // No stream before the first renewal is due: a short grant costs no second connection.
      // Cut short by cancellation, which the loop looks for.
      try? await Task.sleep(until: nextStep(), clock: .continuous)
      guard !Task.isCancelled else { return }
      do throws(EtcdError) {
        try await renewOverOneStream { failures = 0 }
      } catch {
        state.withLock { $0.machine.streamBroke() }
        failures += 1
        if case .leaseGone = error { lose("etcd does not have its lease any more") }
      }
      // Cut short by cancellation, which the loop looks for.
      try? await Task.sleep(for: .milliseconds(min(1_000, 50 << min(failures, 5))), clock: .continuous)
    }
  }

  private func renewOverOneStream(answered: () -> Void) async throws(EtcdError) {
    let (id, lease) = (self.id, self)
    try await store.client.stream { call in
      try await Etcdserverpb_Lease.Client(wrapping: call.client).leaseKeepAlive(
        metadata: call.metadata, options: call.options,
        requestProducer: { writer in
          while true {
            try lease.prepareToSend()
            try await writer.write(.with { $0.id = id })
            try await Task.sleep(until: lease.nextStep(), clock: .continuous)
          }
        },
        onResponse: { response in
          for try await message in response.messages {
            // A lease that is gone is told as one that lives no time.
            guard lease.note(answer: .seconds(message.ttl)) else {
              throw RPCError(code: .notFound, message: "the lease is gone")
            }
          }
          throw RPCError(code: .unavailable, message: "the stream of renewals ended")
        })
    }
  }

  private func nextStep() -> ContinuousClock.Instant { state.withLock { $0.machine.nextRenewal } }

  /// The instant is taken before the message is on its way: only so it is no later than etcd's own.
  private func prepareToSend() throws {
    let now = ContinuousClock.now
    let isStuck = state.withLock { state in
      if state.machine.isStuck(at: now) { return true }
      state.machine.sent(at: now)
      return false
    }
    if isStuck { throw RPCError(code: .unavailable, message: "no answer to a renewal") }
  }

  private func note(answer timeToLive: Duration) -> Bool {
    state.withLock { state in
      guard state.machine.answered(timeToLive: timeToLive) else { return false }
      state.term?.renew(until: state.machine.deadline)
      return true
    }
  }

  private func lose(_ reason: String) {
    let isNews = state.withLock { state in
      defer { state.isGone = true }
      return !state.isGone
    }
    if isNews { tell(.placeGone(reason)) }
  }
}
