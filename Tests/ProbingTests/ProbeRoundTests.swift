import Probing
import Testing

@Suite struct ProbeRoundTests {
  @Test func passesOnce() {
    var round = ProbeRound(lasting: .seconds(10), timeout: .seconds(2))
    #expect(round.firstTry == .seconds(2))
    #expect(round.answered(.passed, at: .seconds(1)) == .passed)
  }

  @Test func pausesGrowUntilTheTimeIsOver() {
    var round = ProbeRound(lasting: .seconds(3), timeout: .seconds(2))
    #expect(
      round.answered(.failed("a"), at: .zero) == .tryAgain(after: .milliseconds(250), within: .seconds(2)))
    #expect(
      round.answered(.failed("b"), at: .seconds(1))
        == .tryAgain(after: .milliseconds(375), within: .milliseconds(1625)))
    #expect(round.answered(.failed("c"), at: .milliseconds(2500)) == .failed("c"))
  }

  @Test func lateAnswersProveNothing() {
    var round = ProbeRound(lasting: .seconds(1), timeout: .seconds(2))
    #expect(round.firstTry == .seconds(1))
    #expect(round.answered(.passed, at: .milliseconds(1001)) == .failed("it answered too late"))
    #expect(ProbeRound(lasting: .milliseconds(10), timeout: .seconds(2)).firstTry == nil)
    #expect(ProbeRound(lasting: .seconds(-1), timeout: .seconds(2)).firstTry == nil)
  }
}
