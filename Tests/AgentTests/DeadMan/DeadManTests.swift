import FoundationEssentials
import Glibc
import History
import Kernel
import Locking
import Model
import Plan
import Support
import SystemPackage
import Testing

/// The real dead-man process, beside a process that makes a change and is stopped and killed.
@Suite(.networkNamespace, .serialized) struct DeadManTests {
  private let bench: DeadManBench

  init() async throws { bench = try await DeadManBench(routes: 200) }

  @Test func itTakesTheChangeBackWhenItsParentIsKilled() async throws {
    let host = try bench.host(milliseconds: 60_000)
    try await host.waitFor("changed")
    #expect(try await bench.gateways() == ["192.0.2.9"])
    host.signal(SIGKILL)
    try await bench.waitUntilBack(within: .seconds(5), "killed")
    #expect(try bench.mark() == .undone("the process that made it ended before it was confirmed"))
  }

  @Test func itTakesTheChangeBackInTimeWhenItsParentIsStopped() async throws {
    let begin = ContinuousClock.now
    let host = try bench.host(milliseconds: 1500)
    try await host.waitFor("changed")
    host.signal(SIGSTOP)
    try await bench.waitUntilBack(within: .seconds(3.5), "stopped", from: begin + .milliseconds(1500))
    // Nothing of the change comes after its end.
    host.signal(SIGCONT)
    try await host.say("keep")
    try await host.waitFor("keep: the change was taken back")
    #expect(try await bench.gateways() == ["192.0.2.1"])
  }

  /// A process can be stopped between its last look at the clock and its write.
  @Test func whatComesLateIsTakenBackToo() async throws {
    let host = try bench.host(milliseconds: 1000)
    try await host.waitFor("changed")
    try await bench.waitUntilBack(within: .seconds(5), "not confirmed")
    try await host.say("change")
    try await host.waitFor("change: done")
    try await bench.waitUntilBack(within: .seconds(5), "late")
    try await host.say("stand down")
    try await host.waitFor("stand down: done")
  }

  @Test func whatIsKeptStays() async throws {
    let host = try bench.host(milliseconds: 3000)
    try await host.waitFor("changed")
    try await host.say("keep")
    try await host.waitFor("keep: done")
    host.signal(SIGKILL)
    try await Task.sleep(for: .milliseconds(3500))
    #expect(try await bench.gateways() == ["192.0.2.9"])
    #expect(try bench.mark() == .kept)
    #expect(try bench.journal.claim() != nil)
  }

  @Test func standingDownLeavesAllAsItIs() async throws {
    let host = try bench.host(milliseconds: 3000)
    try await host.waitFor("changed")
    try await host.say("stand down")
    try await host.waitFor("stand down: done")
    host.signal(SIGKILL)
    try await Task.sleep(for: .milliseconds(3500))
    #expect(try await bench.gateways() == ["192.0.2.9"])
    #expect(try bench.mark() == nil)
  }

  @Test func itsEndIsTold() async throws {
    let host = try bench.host(milliseconds: 60_000)
    try await host.waitFor("changed")
    kill(try bench.deadMan(of: host), SIGKILL)
    try await host.say("wait")
    try await host.waitFor("wait: done")
    // Nobody else can take it back any more, so who is left may keep it.
    try await host.say("keep")
    try await host.waitFor("keep: done")
    #expect(try bench.mark() == .kept)
  }

  @Test func oneThatHangsCannotTakeBackWhatIsKept() async throws {
    let host = try bench.host(milliseconds: 60_000)
    try await host.waitFor("changed")
    let deadMan = try bench.deadMan(of: host)
    kill(deadMan, SIGSTOP)
    try await host.say("keep")
    try await host.waitFor("keep: done")
    #expect(kill(deadMan, 0) != 0)
    #expect(try bench.mark() == .kept)
    #expect(try await bench.gateways() == ["192.0.2.9"])
  }

  /// It is in a session of its own, and ignores what others send.
  @Test func signalsToItsParentsGroupDoNotReachIt() async throws {
    let host = try bench.host(milliseconds: 60_000)
    try await host.waitFor("changed")
    let deadMan = try bench.deadMan(of: host)
    #expect(getsid(deadMan) == deadMan)
    for signal in [SIGTERM, SIGINT, SIGHUP] { kill(deadMan, signal) }
    try await host.say("keep")
    try await host.waitFor("keep: done")
  }

  /// Whoever comes next waits until it is done.
  @Test func theChangeIsTakenAsLongAsItLives() async throws {
    let host = try bench.host(milliseconds: 60_000)
    try await host.waitFor("changed")
    let deadMan = try bench.deadMan(of: host)
    kill(deadMan, SIGSTOP)
    host.signal(SIGKILL)
    host.wait()
    let next = try bench.host(milliseconds: 1000)
    try await next.waitFor("taken")
    kill(deadMan, SIGCONT)
    try await bench.waitUntilBack(within: .seconds(5), "continued")
  }
}
