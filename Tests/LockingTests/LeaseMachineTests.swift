import Locking
import Synchronization
import Testing

@Suite("A lease's deadline")
struct LeaseMachineTests {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

  private func answer(_ lease: inout LeaseMachine, _ timeToLive: Duration, stands: Bool) {
    let answer = lease.answered(timeToLive: timeToLive)
    #expect(answer == stands)
  }

  @Test("counts from the sending, however late the answer is read")
  func countsFromSending() {
    var lease = LeaseMachine(timeToLive: .seconds(10), asked: start)
    #expect(lease.deadline == at(9))
    #expect(lease.nextRenewal == start.advanced(by: .seconds(10) / 3))
    lease.sent(at: at(3))
    #expect(lease.deadline == at(9), "an answer may never come")
    answer(&lease, .seconds(10), stands: true)
    #expect(lease.deadline == at(12))
  }

  @Test("takes answers in the order of the renewals")
  func answersInOrder() {
    var lease = LeaseMachine(timeToLive: .seconds(10), asked: start)
    lease.sent(at: at(3))
    lease.sent(at: at(6))
    answer(&lease, .seconds(10), stands: true)
    #expect(lease.deadline == at(12))
    #expect(lease.isStuck(at: at(9.5)))
    answer(&lease, .seconds(10), stands: true)
    #expect(lease.deadline == at(15))
    #expect(!lease.isStuck(at: at(100)))
  }

  @Test("forgets renewals of a stream that broke")
  func brokenStream() {
    var lease = LeaseMachine(timeToLive: .seconds(10), asked: start)
    lease.sent(at: at(3))
    lease.streamBroke()
    #expect(lease.nextRenewal == at(3), "a renewal that was lost is due at once")
    lease.sent(at: at(5))
    answer(&lease, .seconds(10), stands: true)
    #expect(lease.deadline == at(14))
  }

  @Test("asked for to last, has that much left at any time", arguments: [1, 3, 5, 20, 60, 600], [2, 10, 60])
  func lasts(_ atLeast: Int, _ usual: Int) {
    let time = LeaseMachine.timeToLive(.seconds(usual), atLeast: .seconds(atLeast))
    #expect(time >= .seconds(usual) && time.components.attoseconds == 0)
    var lease = LeaseMachine(timeToLive: time, asked: start, atLeast: .seconds(atLeast))
    for _ in 0..<5 {
      let renewal = lease.nextRenewal
      // With a twentieth of its time for the way there and back.
      let answer = renewal.advanced(by: time / 20)
      #expect(answer.duration(to: lease.deadline) >= .seconds(atLeast))
      #expect(renewal > start)
      lease.sent(at: renewal)
      self.answer(&lease, time, stands: true)
    }
    #expect(LeaseMachine.timeToLive(.seconds(usual), atLeast: nil) == .seconds(usual))
  }

  @Test("says when the lease is gone")
  func gone() {
    var lease = LeaseMachine(timeToLive: .seconds(10), asked: start)
    lease.sent(at: at(3))
    answer(&lease, .zero, stands: false)
    #expect(lease.deadline == at(9))
  }

  @Test("a baton is refused from its deadline on, and a late renewal does not bring it back")
  func termOnASlowClock() throws {
    let clock = Mutex(start)
    let term = BatonTerm(deadline: at(9), now: { clock.withLock { $0 } })
    try term.check()
    clock.withLock { $0 = at(8) }
    term.renew(until: at(12))
    #expect(term.remaining == .seconds(4))
    clock.withLock { $0 = at(12) }
    term.renew(until: at(20))
    #expect(throws: BatonError.expired) { try term.check() }
    #expect(term.remaining == nil)
    term.end(.released)
    #expect(throws: BatonError.expired) { try term.check() }
  }

  @Test("a baton that nobody renews is refused from its deadline on", arguments: [8, 9, 10])
  func termWithoutRenewals(second: Double) {
    let now = at(second)
    let term = BatonTerm(deadline: at(9), now: { now })
    #expect(((try? term.check()) != nil) == (second < 9))
    #expect((term.remaining != nil) == (second < 9))
  }

  @Test("a baton that is limited to a change's time is refused from its end on")
  func limited() throws {
    let term = BatonTerm(deadline: nil)
    let baton = Baton(holder: Holder(node: "n", instance: "i", pid: 1, version: "0"), token: 1, term: term)
    try baton.limited(to: .now + .seconds(60)).check()
    #expect(throws: BatonError.tooLate) { try baton.limited(to: .now).check() }
    try baton.check()
    term.end(.released)
    #expect(throws: BatonError.released) { try baton.limited(to: .now).check() }
  }
}
