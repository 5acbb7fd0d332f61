import Model

/// What of a table must stand twice while a trial runs: what differs between its two generations under one name, and
/// whatever of the new generation leads to it. Base chains are not among it: they are forked by their guards.
struct TrialCopies {
  private(set) var all: Swift.Set<Reference> = []
  /// Of the sets among them, those that are too large to stand twice.
  private(set) var overlays = TrialOverlays()

  init(old: Table, new: Table, limits: TrialLimits) {
    let chains = Dictionary(old.chains.map { ($0.name, $0) }) { first, _ in first }
    for chain in new.chains where chain.base == nil {
      if let other = chains[chain.name], other != chain { all.insert(.chain(chain.name)) }
    }
    let sets = Dictionary(old.sets.map { ($0.name, $0) }) { first, _ in first }
    var large: [String: ElementsDifference] = [:]
    for set in new.sets {
      guard let other = sets[set.name] else { continue }
      guard other.canBecome(set) else {
        all.insert(.set(set.name))
        continue
      }
      let difference = ElementsDifference(old: other, new: set)
      if difference.isEmpty { continue }
      all.insert(.set(set.name))
      let isLarge = max(other.elements.count, set.elements.count) > limits.copiedElements
      let hasFewChanges = max(difference.added.count, difference.removed.count) <= limits.copiedElements
      if isLarge, hasFewChanges, other.canBeOverlaid(to: set) { large[set.name] = difference }
    }
    overlays = TrialOverlays(large, in: new)
    let objects = Dictionary(old.objects.map { ($0.reference, $0) }) { first, _ in first }
    for object in new.objects {
      if let other = objects[object.reference], !other.isSame(as: object) { all.insert(object.reference) }
    }
    if !all.isEmpty { addWhatLeadsThere(in: new) }
  }

  /// Jumps are few steps deep, and each round goes one step back.
  private mutating func addWhatLeadsThere(in table: Table) {
    var count = 0
    while count != all.count {
      count = all.count
      for chain in table.chains where chain.base == nil && !all.contains(.chain(chain.name)) {
        if chain.rules.contains(where: refersToCopy) { all.insert(.chain(chain.name)) }
      }
      for set in table.sets where set.refersFromElements && !all.contains(.set(set.name)) {
        if set.elements.contains(where: { $0.refers(in: set, to: all.contains) }) { all.insert(.set(set.name)) }
      }
    }
  }

  func refersToCopy(_ rule: Rule) -> Bool { rule.refers(to: all.contains) }

  /// The new generation of rules, under the trial's names.
  func trialRules(_ rules: some Sequence<Rule>, _ names: TrialNames) -> [Rule] {
    let renaming = renaming(names)
    return rules.flatMap { overlays.rules(for: renaming.rule($0), names) }
  }

  func renaming(_ names: TrialNames) -> Renaming {
    Renaming { reference in isCopied(reference) ? names.copy(of: reference.name) : nil }
  }

  func isCopied(_ reference: Reference) -> Bool {
    if case .set(let name) = reference, overlays.differences[name] != nil { return false }
    return all.contains(reference)
  }

  /// Where the two generations of a base chain part; nil if they do not.
  func fork(of old: Chain, _ new: Chain) -> Int? {
    let shorter = min(old.rules.count, new.rules.count)
    let place = (0..<shorter).first { old.rules[$0] != new.rules[$0] || refersToCopy(new.rules[$0]) } ?? shorter
    let isSame = place == old.rules.count && place == new.rules.count && old.base?.policy == new.base?.policy
    return isSame ? nil : place
  }
}

extension Reference {
  var name: String {
    switch self {
    case .chain(let name), .set(let name), .object(_, let name), .flowtable(let name): name
    }
  }
}
