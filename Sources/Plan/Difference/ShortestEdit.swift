/// The fewest removals and insertions that turn one list into another.
///
/// Equal ends are set aside first, so that one change among 50,000 rules costs one pass; a few more cost little more
/// (`FewEdits`). What is left is solved exactly in all but one case: many thousands of equal rules that changed places (see `commonSubsequence`).
enum ShortestEdit {
  /// For each position of `new` the position of `old` that it keeps, both ascending; nil where it is an insertion.
  /// - Parameter isKeepable: false for a position of `old` that has to go whatever it equals.
  static func kept<Element: Hashable>(
    _ old: [Element], _ new: [Element], isKeepable: @escaping (Int) -> Bool = { _ in true }
  ) -> [Int?] {
    var kept = [Int?](repeating: nil, count: new.count)
    let shorter = min(old.count, new.count)
    var head = 0
    while head < shorter, isKeepable(head), old[head] == new[head] {
      kept[head] = head
      head += 1
    }
    var tail = 0
    while tail < shorter - head, isKeepable(old.count - 1 - tail),
      old[old.count - 1 - tail] == new[new.count - 1 - tail]
    {
      kept[new.count - 1 - tail] = old.count - 1 - tail
      tail += 1
    }
    let oldRest = head..<(old.count - tail)
    let newRest = head..<(new.count - tail)
    guard !oldRest.isEmpty, !newRest.isEmpty else { return kept }
    let few = FewEdits(oldCount: oldRest.count, newCount: newRest.count) {
      isKeepable(head + $0) && old[head + $0] == new[head + $1]
    }
    let matches =
      few.matches()
      ?? commonSubsequence(of: oldRest.map { isKeepable($0) ? Hashed(old[$0]) : nil }, newRest.map { Hashed(new[$0]) })
    for match in matches { kept[head + match.new] = head + match.old }
    return kept
  }

  struct Match: Equatable {
    var old: Int
    var new: Int
  }

  /// Hashes its value once: rules are long.
  private struct Hashed<Value: Hashable>: Hashable {
    let value: Value
    let hash: Int

    init(_ value: Value) {
      self.value = value
      hash = value.hashValue
    }

    static func == (left: Hashed, right: Hashed) -> Bool { left.hash == right.hash && left.value == right.value }
    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
  }

  /// How many pairs of equal rules are looked at before places are taken for granted: below it the answer is exact.
  static let mostPairs = 2_000_000

  /// Hunt and Szymanski's algorithm (CACM 20, 1977): rules are nearly all different from each other, so there are
  /// about as many pairs of equal ones as rules, and each costs one binary search. With more than `mostPairs` of
  /// them, the n-th of equal rules is paired with the n-th alone; the result is then valid but may not be shortest.
  private static func commonSubsequence<Value: Hashable>(of old: [Hashed<Value>?], _ new: [Hashed<Value>]) -> [Match] {
    var places: [Hashed<Value>: [Int]] = [:]
    for (index, value) in old.enumerated() { if let value { places[value, default: []].append(index) } }
    let candidates = new.indices.map { (new: $0, old: places[new[$0]] ?? []) }.filter { !$0.old.isEmpty }
    let pairs = candidates.reduce(0) { $0 + $1.old.count }
    guard pairs > mostPairs else { return longestChain(candidates) }
    var used: [Hashed<Value>: Int] = [:]
    return longestChain(
      candidates.compactMap { candidate in
        let nth = used[new[candidate.new], default: 0]
        used[new[candidate.new]] = nth + 1
        return nth < candidate.old.count ? (candidate.new, [candidate.old[nth]]) : nil
      })
  }

  /// The longest run of pairs that ascends on both sides. `candidates` ascend by `new`, and within by `old`.
  private static func longestChain(_ candidates: [(new: Int, old: [Int])]) -> [Match] {
    var links: [(match: Match, previous: Int?)] = []
    // For each length, the link that ends such a run at the least old place.
    var ends: [Int] = []
    for candidate in candidates {
      // From the last place to the first, so that one new rule is never taken twice.
      for place in candidate.old.reversed() {
        var low = 0
        var high = ends.count
        while low < high {
          let middle = (low + high) / 2
          if links[ends[middle]].match.old < place { low = middle + 1 } else { high = middle }
        }
        links.append((Match(old: place, new: candidate.new), low == 0 ? nil : ends[low - 1]))
        if low == ends.count { ends.append(links.count - 1) } else { ends[low] = links.count - 1 }
      }
    }
    var run: [Match] = []
    var next = ends.last
    while let link = next {
      run.append(links[link].match)
      next = links[link].previous
    }
    return run.reversed()
  }
}
