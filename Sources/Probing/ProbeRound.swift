/// When a probe that has not passed yet is tried again. Times come in and go out, counted from the round's start.
package struct ProbeRound: Hashable, Sendable {
  package enum Next: Hashable, Sendable {
    /// Try again after this pause, and answer within this time.
    case tryAgain(after: Duration, within: Duration)
    case passed
    /// The round's time is over; the reason is the last try's.
    case failed(String)
  }

  /// Rules and routes take effect at once; what may need a moment more is a neighbour, a name server, a session.
  static let firstPause = Duration.milliseconds(250)
  static let longestPause = Duration.seconds(2)
  /// With less left, a try would say more about this machine's load than about the network.
  static let shortestTry = Duration.milliseconds(20)

  private let time: Duration
  private let timeout: Duration
  private var pause = ProbeRound.firstPause

  /// - Parameter time: how long the round lasts.
  /// - Parameter timeout: how long one try lasts.
  package init(lasting time: Duration, timeout: Duration) {
    self.time = time
    self.timeout = timeout
  }

  /// - Returns: nil if there is no time for any.
  package var firstTry: Duration? { time < ProbeRound.shortestTry ? nil : min(timeout, time) }

  package mutating func answered(_ result: ProbeResult, at now: Duration) -> Next {
    guard case .failed(let reason) = result else {
      // An answer after the end proves nothing: what was tried is gone by then.
      return now <= time ? .passed : .failed("it answered too late")
    }
    let left = time - now - pause
    guard left >= ProbeRound.shortestTry else { return .failed(reason) }
    defer { pause = min(pause * 3 / 2, ProbeRound.longestPause) }
    return .tryAgain(after: pause, within: min(timeout, left))
  }
}
