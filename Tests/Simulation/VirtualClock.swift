import Synchronization

/// Of virtual time: since the schedule's beginning, or of a length.
package typealias Microseconds = Int

extension Microseconds {
  static func seconds(_ count: Int) -> Microseconds { count * 1_000_000 }
  static func milliseconds(_ count: Int) -> Microseconds { count * 1_000 }

  var duration: Duration { .microseconds(self) }
}

/// What time it really is; no node knows it.
final class VirtualClock: Sendable {
  private let time = Atomic<Microseconds>(0)

  var now: Microseconds {
    get { time.load(ordering: .relaxed) }
    set { time.store(newValue, ordering: .relaxed) }
  }
}

/// A node's clock that runs through sleep and is never set: `CLOCK_BOOTTIME`. It drifts.
struct BootClock: Sendable {
  let clock: VirtualClock
  let started: Microseconds
  /// Parts in a million by which it runs fast.
  let drift: Int

  /// Instants have no meaning of their own, only distances have: any will do as the first.
  private static let first = ContinuousClock.now

  var now: ContinuousClock.Instant { BootClock.first.advanced(by: elapsed.duration) }

  /// By its own count.
  var elapsed: Microseconds { elapsed(at: clock.now) }

  func elapsed(at time: Microseconds) -> Microseconds {
    let passed = time - started
    return passed + passed * drift / 1_000_000
  }

  /// How long something takes in truth that takes so long by this clock; no less.
  func truth(_ length: Microseconds) -> Microseconds {
    max(0, length) * 1_000_000 / (1_000_000 + drift) + 1
  }

  func truth(_ length: Duration) -> Microseconds { truth(length.microseconds) }
}

extension Duration {
  var microseconds: Microseconds {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}
