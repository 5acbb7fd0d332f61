import Model

/// The changes that take one table to what it should be, in an order that the kernel takes in one transaction.
///
/// First goes what is not wanted, from what refers to what is referred to: rules, elements, sets, objects, flowtables,
/// chains. Then comes what is wanted, the other way round. So nothing refers to something that is not there, nothing
/// is removed while it is in use, and a thing that is made again finds its name free.
struct TableDifference {
  enum Kind { case added, removed, remade, changed }

  let id: TableID
  let kind: Kind
  private(set) var changes: [Change] = []

  /// A table that goes with all it holds.
  init(removing table: Table) {
    id = table.id
    kind = .removed
    changes = [.removeTable(table)]
  }

  /// A table that is new, or that takes the place of another program's.
  init(adding table: Table, replacing foreign: Table? = nil) {
    id = table.id
    kind = foreign == nil ? .added : .remade
    if let foreign { changes = [.removeTable(foreign)] }
    changes += TableDifference.addition(of: table, memory: nil)
  }

  /// A table that is there already and is netbaton's own.
  /// - Parameter sumsCounts: whether `desired` has counted what is to be added (see `RulesDifference`).
  init(from current: Table, to desired: Table, sumsCounts: Bool = false) {
    id = desired.id
    let parts = Parts(old: current, new: desired)
    if TableDifference.mustRemake(current, desired, chains: parts.chains) {
      kind = .remade
      changes = [.removeTable(current)] + TableDifference.addition(of: desired, memory: current)
    } else {
      kind = .changed
      changes = parts.changes(memory: nil, sumsCounts: sumsCounts)
      // Last of all: the kernel refuses new base chains in a transaction after its table's flags changed.
      if current.flags != desired.flags { changes.append(.changeTable(from: current.alone, to: desired.alone)) }
    }
  }

  private static func addition(of table: Table, memory: Table?) -> [Change] {
    let empty = Table(id: table.id, flags: table.flags)
    return [.addTable(table.alone)] + Parts(old: empty, new: table).changes(memory: memory)
  }

  /// The kernel changes no comment, and no flag but `dormant`. Waking a table in the transaction that removes a base
  /// chain would have the kernel unhook a chain that it never hooked in.
  private static func mustRemake(_ current: Table, _ desired: Table, chains: Pairing<Chain>) -> Bool {
    if current.comment != desired.comment { return true }
    let flags = current.flags.symmetricDifference(desired.flags)
    if flags.isEmpty { return false }
    return flags != .dormant || (chains.toRemove + chains.fresh).contains { $0.base != nil }
  }
}

extension Table {
  /// Without what it holds.
  fileprivate var alone: Table { Table(id: id, flags: flags, comment: comment, isOwn: isOwn, origin: origin) }
}

/// What two states of one table hold, paired by name.
private struct Parts {
  let id: TableID
  let chains: Pairing<Chain>
  let sets: Pairing<SetDefinition>
  let objects: Pairing<StatefulObject>
  let flowtables: Pairing<Flowtable>
  private let goneReferences: Swift.Set<Reference>
  private let remadeReferences: Swift.Set<Reference>

  init(old: Table, new: Table) {
    id = new.id
    chains = Pairing(old.chains, new.chains, by: \.name) { $0.canBecome($1) }
    sets = Pairing(old.sets, new.sets, by: \.name) { $0.canBecome($1) }
    objects = Pairing(old.objects, new.objects, by: \.reference) { $0.canBecome($1) }
    flowtables = Pairing(old.flowtables, new.flowtables, by: \.name, isUpdatable: ==)
    goneReferences = Parts.references(
      chains: chains.gone, sets: sets.gone, objects: objects.gone, flowtables: flowtables.gone)
    remadeReferences = Parts.references(
      chains: chains.remade.map(\.old), sets: sets.remade.map(\.old), objects: objects.remade.map(\.old),
      flowtables: flowtables.remade.map(\.old))
  }

  private static func references(
    chains: [Chain], sets: [SetDefinition], objects: [StatefulObject], flowtables: [Flowtable]
  ) -> Swift.Set<Reference> {
    var all = Swift.Set(chains.map { Reference.chain($0.name) })
    all.formUnion(sets.map { .set($0.name) })
    all.formUnion(objects.map(\.reference))
    all.formUnion(flowtables.map { .flowtable($0.name) })
    return all
  }

  /// - Parameter memory: the table that is made again, whose counters and gathered elements go on.
  func changes(memory: Table?, sumsCounts: Bool = false) -> [Change] {
    let rules = ruleDifferences(memory: memory, sumsCounts: sumsCounts)
    let elements = elementDifferences()
    var changes: [Change] = []
    for (chain, difference) in rules {
      changes += difference.removed.map { .removeRule(id, chain: chain, $0) }
    }
    for (old, _, difference) in elements where !difference.removed.isEmpty {
      changes.append(.removeElements(id, set: old.declaration, difference.removed))
    }
    changes += sets.toRemove.map { .removeSet(id, $0) }
    changes += objects.toRemove.map { .removeObject(id, $0) }
    changes += flowtables.toRemove.map { .removeFlowtable(id, $0) }
    changes += chains.toRemove.map { .removeChain(id, $0.header) }

    changes += (chains.remade.map(\.new) + chains.fresh).map { .addChain(id, $0.header) }
    changes += policyChanges()
    changes += newObjects(memory: memory).map { .addObject(id, $0) }
    changes += objects.kept.filter { !$0.old.isSame(as: $0.new) }.map { .changeObject(id, from: $0.old, to: $0.new) }
    changes += (flowtables.remade.map(\.new) + flowtables.fresh).map { .addFlowtable(id, $0) }
    changes += newSets(memory: memory).map { .addSet(id, $0) }
    for (_, new, difference) in elements where !difference.added.isEmpty {
      changes.append(.addElements(id, set: new.declaration, difference.added))
    }
    for (chain, difference) in rules {
      changes += difference.added.map { .addRule(id, chain: chain, $0.rule, before: $0.before) }
    }
    return changes
  }

  private func policyChanges() -> [Change] {
    chains.kept.compactMap { old, new in
      guard let from = old.base?.policy, let to = new.base?.policy, from != to else { return nil }
      return .changePolicy(id, chain: new.name, from: from, to: to)
    }
  }

  private func ruleDifferences(memory: Table?, sumsCounts: Bool) -> [(chain: String, RulesDifference)] {
    let remembered = Dictionary((memory?.chains ?? []).map { ($0.name, $0.rules) }) { first, _ in first }
    let isKeepable = { (rule: Rule) in remadeReferences.isEmpty || !rule.refers(to: remadeReferences.contains) }
    var all = chains.gone.map { ($0.name, RulesDifference(old: $0.rules, new: [])) }
    all += chains.remade.map {
      ($0.new.name, RulesDifference(old: $0.old.rules, new: $0.new.rules, isKeepable: { _ in false }))
    }
    all += chains.kept.map {
      (
        $0.new.name,
        RulesDifference(old: $0.old.rules, new: $0.new.rules, sumsCounts: sumsCounts, isKeepable: isKeepable)
      )
    }
    all += chains.fresh.map {
      ($0.name, RulesDifference(old: [], new: $0.rules, memory: remembered[$0.name] ?? []))
    }
    return all
  }

  private func elementDifferences() -> [(old: SetDefinition, new: SetDefinition, ElementsDifference)] {
    let fate = ElementsDifference.Fate(gone: goneReferences, remade: remadeReferences)
    return sets.kept.map { ($0.old, $0.new, ElementsDifference(old: $0.old, new: $0.new, fate: fate)) }
  }

  private func newSets(memory: Table?) -> [SetDefinition] {
    let remembered = Dictionary((memory?.sets ?? []).map { ($0.name, $0) }) { first, _ in first }
    let isKeepable = { (set: SetDefinition, element: SetElement) in
      !element.refers(in: set, to: goneReferences.contains)
    }
    let remade = sets.remade.map { old, new in new.gathering(from: old) { isKeepable(new, $0) } }
    return remade
      + sets.fresh.map { new in remembered[new.name].map { new.gathering(from: $0) { isKeepable(new, $0) } } ?? new }
  }

  private func newObjects(memory: Table?) -> [StatefulObject] {
    let remembered = Dictionary((memory?.objects ?? []).map { ($0.reference, $0) }) { first, _ in first }
    return objects.remade.map { old, new in new.counting(from: old) }
      + objects.fresh.map { new in remembered[new.reference].map(new.counting) ?? new }
  }
}

extension Chain {
  /// Without its rules.
  fileprivate var header: Chain { Chain(name: name, base: base, comment: comment, handle: handle, origin: origin) }
}

extension SetDefinition {
  /// Without its elements.
  fileprivate var declaration: SetDefinition {
    var set = self
    set.elements = []
    return set
  }
}
