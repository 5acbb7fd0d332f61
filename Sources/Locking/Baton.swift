import Synchronization

/// Who has, or asks for, the baton.
package struct Holder: Hashable, Sendable, Codable {
  package var node: String
  /// A random id made once a process, so that a restart is another holder.
  package var instance: String
  package var pid: Int32
  package var version: String

  package init(node: String, instance: String, pid: Int32, version: String) {
    self.node = node
    self.instance = instance
    self.pid = pid
    self.version = version
  }
}

/// The right to change the network until its deadline, which renewals move on.
///
/// A baton is what a write asks for. It cannot be made without a grant, and once its deadline has passed, or it
/// was given back or lost, it stays refused.
package struct Baton: Sendable {
  package let holder: Holder
  /// Grows with each grant of the group: the fence.
  package let token: UInt64
  private let term: BatonTerm
  /// When one change's own time is over.
  private var limit: ContinuousClock.Instant?

  /// For lock backends, when the store has granted the lock.
  package init(holder: Holder, token: UInt64, term: BatonTerm) {
    self.holder = holder
    self.token = token
    self.term = term
  }

  /// Throws unless writing is allowed now.
  package func check() throws(BatonError) {
    try term.check()
    if let limit, .now >= limit { throw .tooLate }
  }

  /// The same baton for writes that must come before `limit`, when somebody else takes back what they are part of.
  package func limited(to limit: ContinuousClock.Instant) -> Baton {
    var baton = self
    baton.limit = limit
    return baton
  }

  /// How long the grant stands: never more than this, and nil once it is over.
  package var remaining: Duration? { term.remaining }

  /// Ends the baton's term, for the backend that releases it.
  package func end(_ reason: BatonError) { term.end(reason) }

  /// Returns when writing is not allowed any more, or nil when the task is cancelled before that.
  package func ended() async -> BatonError? { await term.ended() }

  /// Returns when the baton has ended, or less than `spare` is left of its term; or when the task is cancelled.
  package func runsOut(leaving spare: Duration) async { await term.runsOut(leaving: spare) }
}

/// When a grant ends; shared between the baton and the backend that renews it.
///
/// Time is read from `ContinuousClock`, which on Linux is `CLOCK_BOOTTIME`: it goes on while the machine sleeps.
package final class BatonTerm: Sendable {
  private enum State: Sendable {
    case until(ContinuousClock.Instant)
    case ended(BatonError)
  }

  private struct Watchers: Sendable {
    var next = 0
    var continuations: [Int: AsyncStream<Never>.Continuation] = [:]
  }

  private let state: Mutex<State>
  private let watchers = Mutex(Watchers())
  private let now: @Sendable () -> ContinuousClock.Instant

  /// - Parameter deadline: nil for a lock that only its holder's death can end (a lock file).
  package init(
    deadline: ContinuousClock.Instant?,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    state = Mutex(.until(deadline ?? now().advanced(by: .seconds(1 << 40))))
    self.now = now
  }

  /// Moves the deadline on. A term that has ended, also by its deadline, never comes back.
  /// - Parameter deadline: counted from when the renewal was *sent*, less the backend's margin.
  package func renew(until deadline: ContinuousClock.Instant) {
    state.withLock { state in
      guard case .until(let old) = state else { return }
      state = now() >= old ? .ended(.expired) : .until(max(old, deadline))
    }
  }

  package func end(_ reason: BatonError) {
    state.withLock { state in
      guard case .until(let deadline) = state else { return }
      state = .ended(now() >= deadline ? .expired : reason)
    }
    for continuation in watchers.withLock({ $0.continuations.values.map(\.self) }) { continuation.finish() }
  }

  /// Returns when the term has ended, or nil when the task is cancelled before that.
  package func ended() async -> BatonError? {
    await runsOut(leaving: .zero)
    do {
      try check()
      return nil
    } catch {
      return error
    }
  }

  package func runsOut(leaving spare: Duration) async {
    while let left = remaining, left > spare, !Task.isCancelled {
      // Renewals move the deadline on: look again when the one known now has come.
      await waitForEnd(atMost: min(left - spare, .seconds(1 << 20)))
    }
  }

  private func waitForEnd(atMost limit: Duration) async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    let id = watchers.withLock { watchers in
      watchers.next += 1
      watchers.continuations[watchers.next] = continuation
      return watchers.next
    }
    defer { _ = watchers.withLock { $0.continuations.removeValue(forKey: id) } }
    // It may have ended before the watcher was there; whoever ends it from now on finishes the stream.
    guard remaining != nil else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in stream {} }
      // Cut short by cancellation, which the caller looks for.
      group.addTask { try? await Task.sleep(for: limit, clock: .continuous) }
      await group.next()
      group.cancelAll()
    }
  }

  package func check() throws(BatonError) {
    let error: BatonError? = state.withLock { state in
      switch state {
      case .ended(let reason): return reason
      case .until(let deadline):
        guard now() >= deadline else { return nil }
        state = .ended(.expired)
        return .expired
      }
    }
    if let error { throw error }
  }

  package var remaining: Duration? {
    state.withLock { state in
      guard case .until(let deadline) = state else { return nil }
      let left = now().duration(to: deadline)
      return left > .zero ? left : nil
    }
  }
}

/// Why a baton allows nothing more.
package enum BatonError: Error, Hashable, Sendable {
  /// Its deadline passed without a renewal.
  case expired
  /// The grant stands, but the time of this change is over.
  case tooLate
  /// It was given back.
  case released
  /// The store says that it is not ours any more.
  case lost(String)
}

extension BatonError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .expired: "the baton's deadline has passed without a renewal; nothing more is written"
    case .tooLate: "the time of this change is over; nothing more of it is written"
    case .released: "the baton was released; nothing more is written"
    case .lost(let reason): "the baton was lost (\(reason)); nothing more is written"
    }
  }
}
