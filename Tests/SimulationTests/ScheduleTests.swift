import Simulation
import Testing

@Suite struct ScheduleTests {
  /// More of them run from `Tests/simulate`, built for speed.
  @Test(arguments: 0..<8) func everyInvariantHolds(lane: Int) {
    for number in 0..<25 {
      let seed = UInt64(lane * 1_000_000 + number)
      let result = Schedule.run(seed: seed)
      #expect(result.breach == nil, "seed \(seed); Tests/simulate --seed \(seed) tells its story")
    }
  }

  @Test(arguments: [1, 2, 3, 104_716, 103_929] as [UInt64]) func oneSeedIsOneStory(seed: UInt64) {
    let first = Schedule.run(seed: seed, isTold: true)
    let second = Schedule.run(seed: seed, isTold: true)
    let silent = Schedule.run(seed: seed)
    #expect(first.story == second.story)
    #expect(first.digest == second.digest)
    #expect(first.digest == silent.digest)
    #expect(!first.story.isEmpty && silent.story.isEmpty)
  }

  @Test func otherSeedsAreOtherStories() {
    let digests = Set((0..<50).map { Schedule.run(seed: $0).digest })
    #expect(digests.count == 50)
  }

  @Test func thereAreThreeToSevenNodesAndOneToThreeSlots() {
    let results = (0..<200).map { Schedule.run(seed: $0) }
    #expect(Set(results.map(\.nodes)) == Set(3...7))
    #expect(Set(results.map(\.slots)) == Set(1...3))
  }
}
