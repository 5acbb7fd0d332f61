/// A lease as its owner may count on it, on a clock that is passed in.
///
/// The store counts the time to live from when a renewal reached it, which is after it was sent and before its answer
/// came: the deadline counts from the sending, less a margin for clocks that run at different rates and for the time
/// that a write needs to arrive. It never depends on when an answer was read.
package struct LeaseMachine: Hashable, Sendable {
  package typealias Instant = ContinuousClock.Instant

  package let timeToLive: Duration
  package let margin: Duration
  /// Nothing is written in the lease's name from here on.
  package private(set) var deadline: Instant
  /// Renewals without an answer, oldest first: a stream answers in order.
  private var unanswered: [Instant] = []
  private var lastSent: Instant

  /// - Parameter asked: when the grant was asked for.
  package init(timeToLive: Duration, asked: Instant) {
    self.timeToLive = timeToLive
    margin = max(timeToLive / 10, min(.milliseconds(500), timeToLive / 4))
    deadline = asked.advanced(by: timeToLive - margin)
    lastSent = asked
  }

  /// Three renewals fit into the time to live.
  package var nextRenewal: Instant { lastSent.advanced(by: timeToLive / 3) }

  /// No answer for two renewals: the stream is taken for dead and opened anew.
  package func isStuck(at now: Instant) -> Bool {
    guard let oldest = unanswered.first else { return false }
    return oldest.duration(to: now) > timeToLive / 3
  }

  package mutating func sent(at instant: Instant) {
    unanswered.append(instant)
    lastSent = instant
  }

  /// - Parameter timeToLive: as the store says it; none means that the lease is gone.
  /// - Returns: whether the lease still stands.
  package mutating func answered(timeToLive: Duration) -> Bool {
    guard timeToLive > .zero else { return false }
    guard !unanswered.isEmpty else { return true }
    let sent = unanswered.removeFirst()
    deadline = max(deadline, sent.advanced(by: timeToLive - margin))
    return true
  }

  /// What was under way on the old stream may or may not have arrived: it counts for nothing, and is due again.
  package mutating func streamBroke() {
    if let oldest = unanswered.first { lastSent = oldest.advanced(by: .zero - timeToLive / 3) }
    unanswered = []
  }
}
