import Glibc
import Locking
import Support
import Testing

/// Of a clock of clock_gettime(2).
private func reading(of clock: clockid_t) -> Duration {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

@Suite("The clock of a baton's deadline")
struct BootTimeTests {
  @Test("goes on while the machine sleeps")
  func countsSleep() async throws {
    let before = reading(of: CLOCK_BOOTTIME)
    let term = BatonTerm(deadline: ContinuousClock().systemEpoch + before + .seconds(60))
    let remaining = try #require(term.remaining)
    #expect(remaining <= .seconds(60))
    #expect(remaining >= .seconds(60) - (reading(of: CLOCK_BOOTTIME) - before))

    // On a machine that never slept every clock counts alike: once more, where one seems to have slept for an hour
    // (time_namespaces(7)).
    guard before - reading(of: CLOCK_MONOTONIC) < .seconds(1800) else { return }
    let sleeper = ["unshare", "--time", "--boottime", "3600", "--fork"]
    let tests = [CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter", "countsSleep"]
    let result = try await Command.run(sleeper + tests)
    #expect(result.status == 0, "\(result.output)\(result.errorOutput)")
    #expect((result.output + result.errorOutput).contains("Test run with 1 test"))
  }
}
