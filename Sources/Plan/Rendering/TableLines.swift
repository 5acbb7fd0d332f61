import Model
import RuleLanguage

/// The changes of one table, gathered under the chains and sets that they belong to.
struct TableLines: Sendable {
  private let id: TableID
  private let changes: [Change]
  private let current: Table?
  private let wording: Wording
  private let options: PlanText.Options

  init(_ group: (id: TableID, changes: [Change]), current: NetworkState, wording: Wording, options: PlanText.Options) {
    id = group.id
    changes = group.changes
    self.current = current.tables.first { $0.id == group.id }
    self.wording = wording
    self.options = options
  }

  /// By table, each where its first change stands.
  static func groups(of changes: [Change]) -> [(id: TableID, changes: [Change])] {
    var groups: [(id: TableID, changes: [Change])] = []
    var places: [TableID: Int] = [:]
    for change in changes {
      guard let id = change.tableID else { continue }
      let place = places[id] ?? groups.count
      if place == groups.count {
        places[id] = place
        groups.append((id, []))
      }
      groups[place].changes.append(change)
    }
    return groups
  }

  func lines() async -> [DifferenceLine] {
    var lines: [DifferenceLine] = []
    for case .removeTable(let table) in changes {
      lines += wording.lines(of: table).map { DifferenceLine(.remove, $0) }
    }
    // Sets may be as long as chains: both at a time.
    async let content = changes.flatMap(partLines)
    var chains: [DifferenceLine] = []
    for chain in ChainChanges.gather(changes, context: options.context) { chains += await chainLines(chain) }
    let parts = await content + chains
    let added = changes.lazy.compactMap { if case .addTable(let table) = $0 { table } else { nil } }.first
    let changed = changes.lazy.compactMap { if case .changeTable(_, let table) = $0 { table } else { nil } }.first
    guard added != nil || changed != nil || !parts.isEmpty else { return lines }
    let sign: DifferenceLine.Sign = added != nil ? .add : changed != nil ? .change : .context
    // The table alone: its heading, flags and comment.
    let heading = (added ?? changed).map { wording.lines(of: $0).dropLast() } ?? ["table \(id) {"]
    lines += heading.map { DifferenceLine(sign, $0) }
    return lines + parts + [DifferenceLine(added != nil ? .add : .context, "}")]
  }

  /// Objects, flowtables and sets.
  private func partLines(_ change: Change) -> [DifferenceLine] {
    switch change {
    case .addObject(_, let object): lines(.add, wording.lines(of: object, in: id, isOld: change.action == .remove))
    case .removeObject(_, let object):
      lines(.remove, wording.lines(of: object, in: id, isOld: change.action == .remove))
    case .changeObject(_, let from, let to):
      lines(.remove, wording.lines(of: from, in: id, isOld: true))
        + lines(.change, wording.lines(of: to, in: id, isOld: false))
    case .addFlowtable(_, let flowtable):
      lines(.add, wording.lines(of: flowtable, in: id, isOld: change.action == .remove))
    case .removeFlowtable(_, let flowtable):
      lines(.remove, wording.lines(of: flowtable, in: id, isOld: change.action == .remove))
    case .addSet(_, let set): lines(.add, wording.lines(of: shortened(set), in: id, isOld: change.action == .remove))
    case .removeSet(_, let set):
      lines(.remove, wording.lines(of: shortened(set), in: id, isOld: change.action == .remove))
    case .addElements(_, let set, let elements): elementLines(.add, set, elements)
    case .removeElements(_, let set, let elements): elementLines(.remove, set, elements)
    default: []
    }
  }

  private func lines(_ sign: DifferenceLine.Sign, _ text: [String]) -> [DifferenceLine] {
    text.map { DifferenceLine(sign, $0, depth: 1) }
  }

  private func shortened(_ set: SetDefinition) -> SetDefinition {
    guard let limit = options.elementLimit, set.elements.count > limit else { return set }
    var set = set
    set.elements = Array(set.elements.prefix(limit))
    return set
  }

  private func elementLines(
    _ sign: DifferenceLine.Sign, _ set: SetDefinition, _ elements: [SetElement]
  ) -> [DifferenceLine] {
    let shown = options.elementLimit.map { Array(elements.prefix($0)) } ?? elements
    var lines = [DifferenceLine(.context, "\(set.data == nil ? "set" : "map") \(set.name) {", depth: 1)]
    lines += wording.elements(shown, of: set, in: id, isOld: sign == .remove).map { DifferenceLine(sign, $0, depth: 2) }
    if shown.count < elements.count {
      lines.append(DifferenceLine(sign, "… \(elements.count - shown.count) more", depth: 2))
    }
    return lines + [DifferenceLine(.context, "}", depth: 1)]
  }
}

extension TableLines {
  private func chainLines(_ chain: ChainChanges) async -> [DifferenceLine] {
    let sign: DifferenceLine.Sign =
      switch (chain.removed, chain.added) {
      case (nil, nil): .context
      case (nil, _?): .add
      case (_?, nil): .remove
      case (_?, _?): .change
      }
    var lines = [DifferenceLine(sign, "chain \(chain.name) {", depth: 1)]
    lines += headerLines(.remove, chain.removed) + headerLines(.add, chain.added)
    if let policy = chain.policy {
      lines.append(
        DifferenceLine(.change, "\(wording.text(of: policy.from)) -> \(wording.text(of: policy.to))", depth: 2))
    }
    let old = current?.chains.first { $0.name == chain.name }?.rules ?? []
    // Looked up once, not for each of tens of thousands of rules.
    let texts = (old: wording.table(id, isOld: true), new: wording.table(id, isOld: false))
    lines += await chain.rules.lines(among: old) { rule, isOld in (isOld ? texts.old : texts.new).text(of: rule) }
    return lines + [DifferenceLine(sign, "}", depth: 1)]
  }

  private func headerLines(_ sign: DifferenceLine.Sign, _ chain: Chain?) -> [DifferenceLine] {
    guard let chain else { return [] }
    return wording.lines(of: chain, in: id, isOld: sign == .remove).dropFirst().dropLast().map {
      DifferenceLine(sign, $0, depth: 1)
    }
  }
}

/// What happens to one chain.
private struct ChainChanges {
  let name: String
  private(set) var added: Chain?
  private(set) var removed: Chain?
  private(set) var policy: (from: ChainPolicy, to: ChainPolicy)?
  private(set) var rules: RuleLines

  /// In the order in which the plan comes to the chains.
  static func gather(_ changes: [Change], context: Int) -> [ChainChanges] {
    var chains: [ChainChanges] = []
    var places: [String: Int] = [:]
    for change in changes {
      guard let name = change.chainName else { continue }
      let place = places[name] ?? chains.count
      if place == chains.count {
        places[name] = place
        chains.append(ChainChanges(name: name, rules: RuleLines(context: context)))
      }
      chains[place].take(change)
    }
    return chains
  }

  private mutating func take(_ change: Change) {
    switch change {
    case .addChain(_, let chain): added = chain
    case .removeChain(_, let chain): removed = chain
    case .changePolicy(_, _, let from, let to): policy = (from, to)
    case .addRule(_, _, let rule, let before): rules.add(rule, before: before)
    case .removeRule(_, _, let rule): rules.remove(rule)
    default: break
    }
  }
}

extension Change {
  fileprivate var chainName: String? {
    switch self {
    case .addChain(_, let chain), .removeChain(_, let chain): chain.name
    case .changePolicy(_, let name, _, _), .addRule(_, let name, _, _), .removeRule(_, let name, _): name
    default: nil
    }
  }
}
