import Agent
import Testing

@Suite struct ClockWatchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// How far each clock has run, in milliseconds.
    var boot: Int
    var wall: Int
    /// Words of the reason; nil if all is well.
    var reason: String?
    var testDescription: String { "boot \(boot) ms, wall \(wall) ms" }
  }

  static let cases = [
    Case(boot: 0, wall: 0, reason: nil),
    Case(boot: 30_000, wall: 30_000, reason: nil),
    // NTP's slewing.
    Case(boot: 30_000, wall: 30_015, reason: nil),
    Case(boot: 30_000, wall: 29_985, reason: nil),
    // One percent, and a little more.
    Case(boot: 30_000, wall: 30_300, reason: nil),
    Case(boot: 30_000, wall: 30_301, reason: "forward by 301 ms"),
    Case(boot: 30_000, wall: 29_700, reason: nil),
    Case(boot: 30_000, wall: 29_699, reason: "back by 301 ms"),
    // Over a short time, reading the clocks is the larger doubt.
    Case(boot: 100, wall: 120, reason: nil),
    Case(boot: 100, wall: 121, reason: "forward by 21 ms"),
    Case(boot: 100, wall: 79, reason: "back by 21 ms"),
    // Set by hand.
    Case(boot: 1_000, wall: -3_600_000, reason: "back by 3601.0 s against the boot clock within 1.0 s"),
    Case(boot: 1_000, wall: 3_600_000, reason: "forward by 3599.0 s"),
    Case(boot: 0, wall: -1_000, reason: "back by 1.0 s"),
    // Both go on while the machine sleeps.
    Case(boot: 7_200_000, wall: 7_200_000, reason: nil),
  ]

  @Test(arguments: cases) func clocks(_ clocks: Case) {
    let start = ClockReading(boot: .now, wall: .seconds(1_700_000_000))
    let now = ClockReading(
      boot: start.boot + .milliseconds(clocks.boot), wall: start.wall + .milliseconds(clocks.wall))
    let found = ClockWatch(start).check(now)
    if let reason = clocks.reason { #expect(found?.contains(reason) == true) } else { #expect(found == nil) }
  }

  @Test func theseClocksRunAlike() async throws {
    let watch = ClockWatch(.now)
    try await Task.sleep(for: .milliseconds(50))
    #expect(watch.check(.now) == nil)
    let (first, second) = (ClockReading.now, ClockReading.now)
    #expect(first.boot <= second.boot && first.wall > .seconds(1_600_000_000))
  }
}
