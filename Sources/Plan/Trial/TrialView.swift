package import Model

/// A table as its user knows it, without what a trial put into it, and how the trial stands.
package struct TrialView: Sendable {
  /// As it was before, and as it is again when the trial is over; nil for a table that came with it.
  package private(set) var old: Table?
  /// As it is on trial, and stays if it is confirmed; nil for a table that goes. Without a trial the same as `old`.
  package private(set) var new: Table?
  /// nil if there is none.
  package private(set) var trial: TrialState?

  /// What the user is told that the table is: the new generation from when it was confirmed, the old one before.
  package var settled: Table? { trial?.phase == .kept ? new : old }

  /// - Parameter table: as the kernel has it.
  package init(_ table: Table) {
    let found = TrialNames.found(in: table)
    old = table
    new = table
    guard let last = found.last else { return }
    for names in found { if let table = old { old = TrialParts(table, names).old } }
    // What an earlier trial left behind is no part of either generation.
    var rest: Table? = table
    for names in found.dropLast() { if let table = rest { rest = TrialParts(table, names).old } }
    guard let rest else { return }
    let parts = TrialParts(rest, last)
    new = parts.new
    trial = parts.state
  }
}

/// How a trial stands in one table.
package struct TrialState: Hashable, Sendable {
  package enum Phase: Hashable, Sendable {
    /// Not confirmed; the element that keeps it in effect is gone after `remaining`.
    case armed(remaining: Duration)
    /// Confirmed: it stays.
    case kept
    /// Not confirmed, and over.
    case expired
  }

  package var number: UInt64
  /// When the clock ends it, whatever its element says: nanoseconds since 1970.
  package var deadline: UInt64
  package var phase: Phase

  package init(number: UInt64, deadline: UInt64, phase: Phase) {
    self.number = number
    self.deadline = deadline
    self.phase = phase
  }
}

/// One trial's parts in a table.
private struct TrialParts {
  let table: Table
  let names: TrialNames
  let notes: TrialNotes
  let guards: TrialGuard

  init(_ table: Table, _ names: TrialNames) {
    self.table = table
    self.names = names
    notes = TrialNotes(table.chains.first { $0.name == names.notes }?.rules ?? [])
    guards = TrialGuard(names: names)
  }

  var state: TrialState {
    TrialState(number: names.number, deadline: notes.deadline, phase: phase)
  }

  private var phase: TrialState.Phase {
    if set(names.kept)?.elements.isEmpty == false { return .kept }
    guard let element = set(names.armed)?.elements.first else { return .expired }
    let milliseconds = element.details?.expiration ?? element.details?.timeout ?? 0
    return .armed(remaining: .milliseconds(Int64(clamping: milliseconds)))
  }

  private func set(_ name: String) -> SetDefinition? { table.sets.first { $0.name == name } }

  /// The user's own, of both generations.
  private var bare: Table {
    var bare = table
    bare.chains.removeAll { names.original(of: $0.name) != nil }
    bare.sets.removeAll { names.original(of: $0.name) != nil }
    bare.objects.removeAll { names.original(of: $0.name) != nil }
    return bare
  }

  var old: Table? {
    if notes.tableCame { return nil }
    var old = bare.without(notes.came)
    for index in old.chains.indices where old.chains[index].base != nil {
      old.chains[index].rules.removeAll(where: guards.isGuard)
    }
    return old
  }

  var new: Table? {
    if notes.tableGoes { return nil }
    var new = bare.without(notes.goes)
    new.chains = new.chains.compactMap(newChain)
    new.sets = new.sets.map { newSet($0) }
    new.objects = new.objects.map { object in
      guard
        var copy = table.objects.first(where: {
          $0.name == names.copy(of: object.name) && $0.body.kindNumber == object.body.kindNumber
        })
      else { return object }
      copy.name = object.name
      return copy
    }
    return new
  }

  private func chain(_ name: String) -> Chain? { table.chains.first { $0.name == name } }

  private func newChain(_ chain: Chain) -> Chain? {
    guard chain.base != nil else {
      guard let copy = self.chain(names.copy(of: chain.name)) else { return chain }
      return Chain(name: chain.name, comment: copy.comment, rules: rules(of: copy), handle: chain.handle)
    }
    guard let fork = chain.rules.firstIndex(where: guards.isGuard) else { return chain }
    let verdicts = chain.rules[fork...].lazy.filter(guards.isGuard).compactMap { rule in
      if case .verdict(let verdict) = rule.expressions.last { verdict } else { nil }
    }
    guard case .goto(.named(let target)) = verdicts.first else { return nil }
    var new = chain
    if target == names.entry(of: chain.name), let verdict = self.chain(target)?.rules.last?.expressions.last {
      new.base?.policy = verdict == .verdict(.drop) ? .drop : .accept
    }
    new.rules = Array(chain.rules[..<fork])
    if let copy = self.chain(names.copy(of: chain.name)) { new.rules += rules(of: copy) }
    return new
  }

  private func newSet(_ set: SetDefinition) -> SetDefinition {
    if notes.overlays.contains(set.name) {
      var new = set
      new.elements = TrialOverlays.elements(
        of: set, added: self.set(names.added(to: set.name))?.elements ?? [],
        removed: self.set(names.removed(from: set.name))?.elements ?? [])
      return new
    }
    guard var copy = self.set(names.copy(of: set.name)) else { return set }
    copy = renaming.set(copy)
    copy.name = set.name
    return copy
  }

  private var renaming: Renaming { Renaming { names.original(of: $0.name) } }

  private func rules(of copy: Chain) -> [Rule] {
    TrialOverlays.joined(copy.rules, overlays: notes.overlays, names).map { rule in
      var rule = renaming.rule(rule)
      rule.handle = nil
      return rule
    }
  }
}

extension Table {
  fileprivate func without(_ references: Swift.Set<Reference>) -> Table {
    guard !references.isEmpty else { return self }
    var table = self
    table.chains.removeAll { references.contains(.chain($0.name)) }
    table.sets.removeAll { references.contains(.set($0.name)) }
    table.objects.removeAll { references.contains($0.reference) }
    return table
  }
}
