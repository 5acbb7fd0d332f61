/// A lease as its owner may count on it, on a clock that is passed in.
///
/// The store counts the time to live from when a renewal reached it, which is after it was sent and before its answer
/// came: the deadline counts from the sending, less a margin for clocks that run at different rates and for the time
/// that a write needs to arrive. It never depends on when an answer was read.
package struct LeaseMachine: Hashable, Sendable {
  package typealias Instant = ContinuousClock.Instant

  package let timeToLive: Duration
  package let margin: Duration
  /// Between renewals.
  private let interval: Duration
  /// Nothing is written in the lease's name from here on.
  package private(set) var deadline: Instant
  /// Renewals without an answer, oldest first: a stream answers in order.
  private var unanswered: [Instant] = []
  private var lastSent: Instant

  /// - Parameters:
  ///   - asked: when the grant was asked for.
  ///   - atLeast: how much must be left of it at any time, while renewals are answered; see `timeToLive(_:atLeast:)`.
  package init(timeToLive: Duration, asked: Instant, atLeast: Duration? = nil) {
    self.timeToLive = timeToLive
    margin = LeaseMachine.margin(timeToLive)
    // Three renewals fit into the time to live, and two into what may be missing from it.
    interval = min(timeToLive / 3, max((timeToLive - margin - (atLeast ?? .zero)) / 2, timeToLive / 20))
    deadline = asked.advanced(by: timeToLive - margin)
    lastSent = asked
  }

  private static func margin(_ timeToLive: Duration) -> Duration {
    max(timeToLive / 10, min(.milliseconds(500), timeToLive / 4))
  }

  /// The time to live to ask for, in whole seconds: as long as the lock is set up for, and so long that `atLeast` is
  /// left between renewals.
  package static func timeToLive(_ usual: Duration, atLeast: Duration?) -> Duration {
    guard let atLeast else { return usual }
    var time = max(usual, .seconds(atLeast.components.seconds + 1))
    // A fifth of it passes while a renewal is not yet due, or under way.
    while time - margin(time) - time / 5 < atLeast { time += .seconds(1) }
    return time
  }

  package var nextRenewal: Instant { lastSent.advanced(by: interval) }

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
    if let oldest = unanswered.first { lastSent = oldest.advanced(by: .zero - interval) }
    unanswered = []
  }
}
