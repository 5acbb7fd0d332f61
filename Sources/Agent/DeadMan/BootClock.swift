import CBootClock

/// `CLOCK_BOOTTIME`: the same for all processes of a machine, from its start on, also while it sleeps.
package enum BootClock {
  /// In nanoseconds.
  package static var now: UInt64 { boot_clock_now() }

  /// A moment that other processes understand.
  package static func time(of instant: ContinuousClock.Instant) -> UInt64 {
    let (seconds, attoseconds) = (instant - .now).components
    let later = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    return later < 0 ? now - min(now, UInt64(-later)) : now + UInt64(later)
  }
}
