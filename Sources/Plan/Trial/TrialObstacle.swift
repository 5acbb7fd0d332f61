package import Model

/// Why a change cannot be on trial, so that it is made in place.
package enum TrialObstacle: Hashable, Sendable {
  /// The table's flags, comment or owner change.
  case table(TableID)
  /// The hook, priority, type, devices or comment of a base chain change, or whether it is one.
  case hook(chain: String)
  /// The network card meets the packets before any guard could (`NFT_CHAIN_HW_OFFLOAD`).
  case offloadedChain(String)
  /// Connections that a flowtable has taken in pass all rules by.
  case flowtable(String)
  /// A changed set stands twice while the trial runs.
  case largeSet(String, elements: Int, limit: Int)
  /// The kernel follows 16 jumps (`NFT_JUMP_STACK_SIZE`), and another policy on trial takes one of them.
  case deepJumps(chain: String)
  /// Something is called as a part of the trial would be.
  case name(String)
  case longName(String)
  /// A rule that would have to be copied has what this program cannot write.
  case unwritable(chain: String)
  /// Another trial's parts are still in the table.
  case trial(UInt64)
  /// Nothing is in its own way, but a table changes in one transaction.
  case other(TableID)
}

extension TrialObstacle: CustomStringConvertible {
  /// A sentence without a full stop, for who reads a difference.
  package var description: String {
    switch self {
    case .table(let id): "table \(id) is made again or changes its flags, which rules on trial cannot do"
    case .hook(let chain): "chain \(chain) is hooked in anew, so that no guard can stand between before and after"
    case .offloadedChain(let chain): "chain \(chain) runs on the network card, which knows no trial"
    case .flowtable(let name): "flowtable \(name) lets connections pass by all rules, also by those on trial"
    case .largeSet(let name, let elements, let limit):
      """
      set \(name) changes and has \(elements) elements; more than \(limit) can be tried only in a plain set of which few \
      change, and whose rules look into it once and count nothing by themselves
      """
    case .deepJumps(let chain): "the jumps from chain \(chain) are too deep for a changed policy on trial"
    case .name(let name): "\(name) is called as a part of a trial is; give it another name"
    case .longName(let name): "the name \(name) leaves no room for the trial's number"
    case .unwritable(let chain): "chain \(chain) has rules that this program can read but not write a second time"
    case .trial(let number): "the table still has the parts of trial \(number)"
    case .other(let id): "something else in table \(id) cannot be tried"
    }
  }
}

/// Looks for what keeps one table's changes from being tried.
struct TrialObstacles {
  let names: TrialNames
  let old: Table?
  let new: Table?
  let trial: Table
  let limits: TrialLimits

  /// The kernel's limit is 16; measured, 14 and an entry chain are refused.
  private static let deepest = 14
  /// `NFT_NAME_MAXLEN` with its final zero, and a note's words before the name.
  private static let longestName = 255 - 2
  private static let longestNote = "came object 4294967295 ".utf8.count

  /// The table as a whole.
  func ofTable() -> TrialObstacle? {
    if let old, let name = TrialNames.found(in: old).last { return .trial(name.number) }
    let parts = (old.map(\.partNames) ?? []) + (new.map(\.partNames) ?? [])
    for name in parts {
      if TrialNames.isReserved(name) { return .name(name) }
      if name.utf8.count + max(TrialObstacles.longestNote, names.prefix.utf8.count) > TrialObstacles.longestName {
        return .longName(name)
      }
    }
    for list in [trial.chains.map(\.name), trial.sets.map(\.name)] {
      var seen: Swift.Set<String> = []
      for name in list where !seen.insert(name).inserted { return .name(name) }
    }
    return ofChains() ?? ofSets()
  }

  private func ofChains() -> TrialObstacle? {
    for chain in trial.chains where names.original(of: chain.name) != nil {
      for rule in chain.rules {
        if let name = rule.flowtable { return .flowtable(name) }
        if !rule.isWritable { return .unwritable(chain: names.original(of: chain.name) ?? chain.name) }
      }
    }
    for chain in (old?.chains ?? []) + (new?.chains ?? []) where chain.base?.isOffloaded == true {
      return .offloadedChain(chain.name)
    }
    guard let new else { return nil }
    let depths = JumpDepths(new)
    for chain in new.chains where chain.base != nil {
      let hasEntry = trial.chains.contains { $0.name == names.entry(of: chain.name) }
      if hasEntry, depths.depth(of: chain.name) >= TrialObstacles.deepest { return .deepJumps(chain: chain.name) }
    }
    return nil
  }

  private func ofSets() -> TrialObstacle? {
    for set in trial.sets where set.elements.count > limits.copiedElements {
      guard let name = names.original(of: set.name), set.name != names.armed else { continue }
      return .largeSet(name, elements: set.elements.count, limit: limits.copiedElements)
    }
    return nil
  }

  /// One change by itself.
  static func obstacle(to change: Change, among changes: [Change]) -> TrialObstacle? {
    switch change {
    case .changeTable(_, let table): .table(table.id)
    case .addTable(let table):
      changes.contains { if case .removeTable = $0 { true } else { false } } ? .table(table.id) : nil
    case .removeTable(let table):
      changes.contains { if case .addTable = $0 { true } else { false } } ? .table(table.id) : nil
    case .addChain(_, let chain):
      changes.contains { $0.removes(baseOrNot: chain) } ? .hook(chain: chain.name) : nil
    case .removeChain(_, let chain):
      changes.contains { $0.adds(baseOrNot: chain) } ? .hook(chain: chain.name) : nil
    case .addFlowtable(_, let flowtable), .removeFlowtable(_, let flowtable): .flowtable(flowtable.name)
    default: nil
    }
  }
}

/// What a trial may cost.
package struct TrialLimits: Hashable, Sendable {
  /// Sets of up to so many elements are copied when they change; of larger ones at most so many may change.
  package var copiedElements: Int

  /// Whether connections that begin on trial get a label, by which they are cut when it is taken back.
  package var marksConnections: Bool

  package init(copiedElements: Int = 4096, marksConnections: Bool = true) {
    self.copiedElements = copiedElements
    self.marksConnections = marksConnections
  }
}

extension Change {
  /// Whether it removes a chain of this name, and one of the two is a base chain.
  fileprivate func removes(baseOrNot chain: Chain) -> Bool {
    if case .removeChain(_, let other) = self { other.isMadeAgain(by: chain) } else { false }
  }

  fileprivate func adds(baseOrNot chain: Chain) -> Bool {
    if case .addChain(_, let other) = self { other.isMadeAgain(by: chain) } else { false }
  }
}

extension Chain {
  fileprivate func isMadeAgain(by other: Chain) -> Bool { name == other.name && (base != nil || other.base != nil) }
}

extension Table {
  fileprivate var partNames: [String] { chains.map(\.name) + sets.map(\.name) + objects.map(\.name) }
}

extension Rule {
  fileprivate var flowtable: String? {
    var name: String?
    _ = refers { reference in
      if case .flowtable(let found) = reference { name = found }
      return name != nil
    }
    return name
  }

  fileprivate var isWritable: Bool {
    expressions.allSatisfy { expression in
      switch expression {
      case .unknown: false
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.allSatisfy(\.isWritable)
      default: true
      }
    }
  }
}

/// How many jumps deep the rules of each chain go. A goto counts too, which is never less than the kernel's own count.
struct JumpDepths {
  private var depths: [String: Int] = [:]

  init(_ table: Table) {
    let chains = Dictionary(table.chains.map { ($0.name, $0.rules) }) { first, _ in first }
    let maps = Dictionary(table.sets.filter(\.refersFromElements).map { ($0.name, $0) }) { first, _ in first }
    for chain in table.chains { measure(chain.name, chains, maps, path: []) }
  }

  func depth(of chain: String) -> Int { depths[chain] ?? 0 }

  @discardableResult
  private mutating func measure(
    _ chain: String, _ chains: [String: [Rule]], _ maps: [String: SetDefinition], path: Swift.Set<String>
  ) -> Int {
    if let known = depths[chain] { return known }
    // A circle is refused by the kernel.
    guard !path.contains(chain) else { return 0 }
    var next: Swift.Set<String> = []
    let note = { (reference: Reference) in
      if case .chain(let name) = reference { next.insert(name) }
      return false
    }
    for rule in chains[chain] ?? [] {
      _ = rule.refers { reference in
        if case .set(let name) = reference, let map = maps[name] {
          for element in map.elements { _ = element.refers(in: map, to: note) }
        }
        return note(reference)
      }
    }
    var depth = 0
    for name in next { depth = max(depth, 1 + measure(name, chains, maps, path: path.union([chain]))) }
    depths[chain] = depth
    return depth
  }
}
