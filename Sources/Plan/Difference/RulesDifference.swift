import Model

/// The rules of one chain: what goes, and what comes where.
struct RulesDifference {
  private(set) var removed: [Rule] = []
  /// In the order in which they are to be added; nil is the chain's end.
  private(set) var added: [(rule: Rule, before: UInt64?)] = []

  /// - Parameters:
  ///   - old: none if the chain is new or made again.
  ///   - memory: the rules whose counters go on in equal rules that are made again; without `old`'s own.
  ///   - sumsCounts: whether what rules of `new` without a handle have counted is to be added to what equal ones of `old`
  ///     have. Such a rule is made again, for the kernel sets no counter of one that is there.
  ///   - isKeepable: false for a rule that has to be made again because what it refers to is.
  init(
    old: [Rule], new: [Rule], memory: [Rule] = [], sumsCounts: Bool = false,
    isKeepable: @escaping (Rule) -> Bool = { _ in true }
  ) {
    var kept = ShortestEdit.kept(old, new) { isKeepable(old[$0]) }
    if sumsCounts {
      for index in new.indices where new[index].handle == nil && new[index].hasCounted { kept[index] = nil }
    }
    var stays = [Bool](repeating: false, count: old.count)
    for case .some(let index) in kept { stays[index] = true }
    removed = old.indices.filter { !stays[$0] }.map { old[$0] }
    var before: UInt64?
    for index in new.indices.reversed() {
      if let place = kept[index] { before = old[place].handle } else { added.append((new[index], before)) }
    }
    added.reverse()
    carryCounters(from: memory + removed, sumsCounts: sumsCounts)
  }

  /// A rule that moved, or is made again, goes on counting where it was: its expressions are the old one's, which
  /// are equal but for what they counted.
  private mutating func carryCounters(from memory: [Rule], sumsCounts: Bool) {
    guard !memory.isEmpty, !added.isEmpty else { return }
    var byRule: [Rule: [Int]] = [:]
    for index in memory.indices.reversed() { byRule[memory[index], default: []].append(index) }
    for index in added.indices {
      guard let place = byRule[added[index].rule]?.popLast() else { continue }
      let counted = added[index].rule
      added[index].rule.expressions = memory[place].expressions
      if sumsCounts { added[index].rule.addCounts(of: counted) }
    }
  }
}
