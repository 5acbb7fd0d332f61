import FoundationEssentials

/// The clock that runs through suspend and nobody can set, and the wall clock, at one moment.
package struct ClockReading: Hashable, Sendable {
  /// `CLOCK_BOOTTIME`
  package var boot: ContinuousClock.Instant
  /// `CLOCK_REALTIME`, since 1970
  package var wall: Duration

  package init(boot: ContinuousClock.Instant, wall: Duration) {
    self.boot = boot
    self.wall = wall
  }

  /// The two cannot be read at once: what another program takes of this thread's time in between would look like a
  /// clock that jumped, so the best of a few readings is taken.
  package static var now: ClockReading {
    var best = taken
    for _ in 0..<8 where best.uncertainty > .microseconds(100) {
      let next = taken
      if next.uncertainty < best.uncertainty { best = next }
    }
    return best.reading
  }

  private static var taken: (reading: ClockReading, uncertainty: Duration) {
    let before = ContinuousClock.now
    let wall = Duration.seconds(Date().timeIntervalSince1970)
    let uncertainty = before.duration(to: .now)
    return (ClockReading(boot: before + uncertainty / 2, wall: wall), uncertainty)
  }
}

/// Whether the wall clock can be trusted over one change.
///
/// The kernel ends a trial by `meta time`, which is the wall clock: one that was set back would let a change outlive its
/// deadline.
package struct ClockWatch: Hashable, Sendable {
  /// NTP slews by 0.05 % (adjtimex(2)); what runs off by more was set, or is broken.
  static let tolerance = 0.01
  /// What reading the clocks may be off by, on a machine with much to do.
  static let floor = Duration.milliseconds(20)

  private let start: ClockReading

  package init(_ start: ClockReading) { self.start = start }

  /// - Returns: why the wall clock cannot be trusted; nil if it can.
  package func check(_ now: ClockReading) -> String? {
    let elapsed = start.boot.duration(to: now.boot)
    let shown = now.wall - start.wall
    let difference = shown - elapsed
    guard abs(difference) > max(elapsed * ClockWatch.tolerance, ClockWatch.floor) else { return nil }
    let how = difference < .zero ? "back" : "forward"
    return """
      the wall clock went \(how) by \(ClockWatch.words(abs(difference))) against the boot clock within \
      \(ClockWatch.words(elapsed)); let it settle (see `timedatectl timesync-status`, `chronyc tracking`)
      """
  }

  private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }

  private static func words(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    return milliseconds < 1000
      ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
  }
}
