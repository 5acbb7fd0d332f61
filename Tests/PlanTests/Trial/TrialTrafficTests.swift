import Model
import Plan
import Support
import Testing

/// Packets meet the new generation of a table or its old one, whole, and never a mixture of the two.
@Suite struct TrialTrafficTests {
  private static let deadline: UInt64 = 1_800_000_000_000_000_000

  private static let segments = [22, 80, 443, 9].flatMap { port in
    (0..<9 as Range<UInt32>).map { (UInt16(port), $0) }
  }

  private struct Moment {
    var isArmed: Bool
    var isKept: Bool
    var time: UInt64
    var isNew: Bool
  }

  private static let moments = [
    Moment(isArmed: true, isKept: false, time: deadline - 1, isNew: true),
    Moment(isArmed: true, isKept: false, time: deadline, isNew: false),
    Moment(isArmed: false, isKept: false, time: deadline - 1, isNew: false),
    Moment(isArmed: false, isKept: true, time: deadline - 1, isNew: true),
    Moment(isArmed: false, isKept: true, time: deadline + 1, isNew: true),
  ]

  @Test(arguments: TrialStory.seeds) func `at each moment`(seed: UInt64) throws {
    let story = try TrialStory(seed: seed)
    var kernel = story.kernel
    try kernel.commit(story.trial.arm(deadline: Self.deadline, timeout: 30_000), from: kernel.generation)
    for id in story.trial.tables {
      let old = Traffic(story.old(id))
      let new = Traffic(story.wanted(id))
      let table = try #require(kernel.state.tables.first { $0.id == id })
      for moment in Self.moments {
        let trial = Traffic(table.at(moment.isArmed, moment.isKept))
        let wanted = moment.isNew ? new : old
        var mistakes: [String] = []
        for chain in old.baseChains.union(new.baseChains) {
          for (port, source) in Self.segments {
            let segment = Segment(port: port, source: source, time: moment.time)
            if trial.outcome(of: segment, at: chain) != wanted.outcome(of: segment, at: chain) {
              mistakes.append("\(id) \(chain) \(segment)")
            }
          }
        }
        #expect(mistakes.isEmpty, "\(moment)")
      }
    }
  }

  /// The packets above would not tell much if the two generations treated them alike.
  @Test func `packets tell the generations apart`() throws {
    var differences = 0
    for seed in TrialStory.seeds {
      let story = try TrialStory(seed: seed)
      for id in story.trial.tables {
        let old = Traffic(story.old(id))
        let new = Traffic(story.wanted(id))
        for chain in old.baseChains.union(new.baseChains) {
          let isTold = Self.segments.contains { port, source in
            let segment = Segment(port: port, source: source, time: 0)
            return old.outcome(of: segment, at: chain) != new.outcome(of: segment, at: chain)
          }
          if isTold { differences += 1 }
        }
      }
    }
    #expect(differences > 40)
  }
}

extension Table {
  /// With the trial's two elements there or not.
  fileprivate func at(_ isArmed: Bool, _ isKept: Bool) -> Table {
    var table = self
    for index in table.sets.indices {
      let element = SetElement(key: Bytes(zeros: 4))
      if table.sets[index].name == "nb42_armed" { table.sets[index].elements = isArmed ? [element] : [] }
      if table.sets[index].name == "nb42_kept" { table.sets[index].elements = isKept ? [element] : [] }
    }
    return table
  }
}
