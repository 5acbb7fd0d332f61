import Testing

@testable import Plan

@Suite struct ShortestEditTests {
  @Test(arguments: UInt64(1)...300) func `keeps as much as any edit could`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let letters = Int.random(in: 1...12, using: &generator)
    let old = (0..<Int.random(in: 0...30, using: &generator)).map { _ in Int.random(in: 0..<letters, using: &generator)
    }
    let new = (0..<Int.random(in: 0...30, using: &generator)).map { _ in Int.random(in: 0..<letters, using: &generator)
    }
    let kept = ShortestEdit.kept(old, new)
    check(kept, old, new)
    #expect(kept.count { $0 != nil } == longestCommonSubsequence(old, new))
  }

  @Test(arguments: UInt64(1)...200) func `a few edits far apart are found`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let old = (0..<200).map { _ in Int.random(in: 0..<50, using: &generator) }
    var new = old
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      new.remove(at: Int.random(in: 0..<new.count, using: &generator))
      new.insert(Int.random(in: 0..<50, using: &generator), at: Int.random(in: 0..<new.count, using: &generator))
    }
    let kept = ShortestEdit.kept(old, new)
    check(kept, old, new)
    #expect(kept.count { $0 != nil } == longestCommonSubsequence(old, new))
  }

  @Test func `what has to go is never kept`() {
    let kept = ShortestEdit.kept([1, 2, 3, 4], [1, 2, 3, 4]) { $0 != 1 && $0 != 3 }
    #expect(kept == [0, nil, 2, nil])
  }

  @Test func `many thousands of equal rules still give a valid edit`() {
    let old = [0] + (0..<4000).map { $0 % 2 } + [7]
    let new = [1] + (0..<4000).map { ($0 / 2) % 2 } + [8]
    let kept = ShortestEdit.kept(old, new)
    check(kept, old, new)
    #expect(kept.count { $0 != nil } > 1000)
  }

  @Test func `a list turned round keeps one`() {
    let list = Array(0..<10_000)
    #expect(ShortestEdit.kept(list, list.reversed()).count { $0 != nil } == 1)
  }

  private func check(_ kept: [Int?], _ old: [Int], _ new: [Int]) {
    var last = -1
    for (index, place) in kept.enumerated() {
      guard let place else { continue }
      #expect(place > last && old[place] == new[index])
      last = place
    }
  }

  /// The textbook table, to compare with.
  private func longestCommonSubsequence(_ old: [Int], _ new: [Int]) -> Int {
    var row = [Int](repeating: 0, count: new.count + 1)
    for item in old {
      var diagonal = 0
      for (index, other) in new.enumerated() {
        let above = row[index + 1]
        row[index + 1] = item == other ? diagonal + 1 : max(above, row[index])
        diagonal = above
      }
    }
    return row[new.count]
  }
}
