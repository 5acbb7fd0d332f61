import Model

/// The changed rules of a chain among those that stay, in the order of the chain.
struct RuleLines {
  private let context: Int
  /// By the handle of the kept rule that follows; nil is the chain's end.
  private var added: [UInt64?: [Rule]] = [:]
  private var removed: [Rule] = []

  init(context: Int) { self.context = context }

  mutating func add(_ rule: Rule, before: UInt64?) { added[before, default: []].append(rule) }
  mutating func remove(_ rule: Rule) { removed.append(rule) }

  /// - Parameters:
  ///   - current: the chain's rules as the kernel has them; empty if they are not at hand.
  ///   - text: of a rule, and whether it is the kernel's.
  func lines(among current: [Rule], text: @escaping @Sendable (Rule, Bool) -> String) async -> [DifferenceLine] {
    let gone = Swift.Set(removed.map(\.handle))
    let isInOrder = gone.isSubset(of: current.map(\.handle))
    var entries: [(sign: DifferenceLine.Sign, rule: Rule)] = []
    var leaving: [Rule] = isInOrder ? [] : removed
    var placed: Swift.Set<UInt64> = []
    for rule in current where isInOrder || !gone.contains(rule.handle) {
      if gone.contains(rule.handle) {
        leaving.append(rule)
        continue
      }
      if let handle = rule.handle { placed.insert(handle) }
      RuleLines.append(leaving, added[rule.handle] ?? [], to: &entries)
      leaving = []
      entries.append((.context, rule))
    }
    // What has no neighbour at hand comes last, with what is added at the chain's end.
    let rest = added.keys.compactMap(\.self).filter { !placed.contains($0) }.sorted().flatMap { added[$0] ?? [] }
    RuleLines.append(leaving, rest + (added[nil] ?? []), to: &entries)
    return await shownPlaces(among: entries).mapOnAllCores { [entries] place in
      guard let place else { return DifferenceLine(.context, "…", depth: 2) }
      let entry = entries[place]
      return DifferenceLine(entry.sign, text(entry.rule, entry.sign == .remove || entry.sign == .context), depth: 2)
    }
  }

  /// What goes and comes in one place; a rule that does both was made again.
  private static func append(
    _ old: [Rule], _ new: [Rule], to entries: inout [(sign: DifferenceLine.Sign, rule: Rule)]
  ) {
    var next = 0
    let kept = old.isEmpty ? [Int?](repeating: nil, count: new.count) : ShortestEdit.kept(old, new)
    // From the back: the old rule up to which old lines stand before each new one.
    var ends = [Int](repeating: old.count, count: new.count + 1)
    for index in new.indices.reversed() { ends[index] = kept[index] ?? ends[index + 1] }
    for (index, rule) in new.enumerated() {
      entries += old[next..<ends[index]].map { (.remove, $0) }
      next = ends[index]
      if kept[index] != nil { next += 1 }
      entries.append((kept[index] == nil ? .add : .change, rule))
    }
    entries += old[next...].map { (.remove, $0) }
  }

  /// The places of what changes and of unchanged rules near it; nil stands for those left out.
  private func shownPlaces(among entries: [(sign: DifferenceLine.Sign, rule: Rule)]) -> [Int?] {
    var isShown = [Bool](repeating: false, count: entries.count)
    for index in entries.indices where entries[index].sign != .context {
      for near in max(0, index - context)...min(entries.count - 1, index + context) { isShown[near] = true }
    }
    var shown: [Int?] = []
    for index in entries.indices {
      if isShown[index] {
        shown.append(index)
      } else if index == 0 || isShown[index - 1] {
        shown.append(nil)
      }
    }
    return shown
  }
}
