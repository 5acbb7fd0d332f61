/// Myers' greedy algorithm (Algorithmica 1, 1986) for lists that differ in few places.
///
/// It compares and never hashes, so that some edits far apart in 50,000 rules cost about one pass. Its time grows with
/// the number of edits, so that it gives up where there are many.
struct FewEdits {
  static let most = 24

  let oldCount: Int
  let newCount: Int
  let isSame: (_ old: Int, _ new: Int) -> Bool

  /// The pairs that stay, ascending; nil if it takes more than `most` removals and insertions.
  func matches() -> [ShortestEdit.Match]? {
    // Diagonal k = old - new; the furthest old position reached on each, by number of edits. Positions may lie beyond
    // the lists' ends, where nothing is the same.
    var reached = [Int](repeating: 0, count: 2 * FewEdits.most + 3)
    var trace: [[Int]] = []
    for edits in 0...FewEdits.most {
      trace.append(reached)
      for diagonal in stride(from: -edits, through: edits, by: 2) {
        var old = start(diagonal, edits, reached)
        var new = old - diagonal
        while old < oldCount, new < newCount, isSame(old, new) {
          old += 1
          new += 1
        }
        reached[place(diagonal)] = old
        if old == oldCount, new == newCount { return walkBack(trace, edits: edits) }
      }
    }
    return nil
  }

  private func place(_ diagonal: Int) -> Int { diagonal + FewEdits.most + 1 }

  /// Where a diagonal is entered: by an insertion from the one above, or a removal from the one below.
  private func start(_ diagonal: Int, _ edits: Int, _ reached: [Int]) -> Int {
    if edits == 0 { return 0 }
    return isInsertion(diagonal, edits, reached) ? reached[place(diagonal + 1)] : reached[place(diagonal - 1)] + 1
  }

  private func isInsertion(_ diagonal: Int, _ edits: Int, _ reached: [Int]) -> Bool {
    diagonal == -edits || (diagonal != edits && reached[place(diagonal - 1)] < reached[place(diagonal + 1)])
  }

  private func walkBack(_ trace: [[Int]], edits: Int) -> [ShortestEdit.Match] {
    var matches: [ShortestEdit.Match] = []
    var old = oldCount
    var new = newCount
    for step in stride(from: edits, through: 0, by: -1) {
      let begin = start(old - new, step, trace[step])
      let isInsertion = isInsertion(old - new, step, trace[step])
      while old > begin {
        old -= 1
        new -= 1
        matches.append(ShortestEdit.Match(old: old, new: new))
      }
      if isInsertion { new -= 1 } else { old -= 1 }
    }
    return matches.reversed()
  }
}
