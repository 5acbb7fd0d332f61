import Model

/// A table that has both generations: the old one as it was, the new one in extra chains, and guards between them.
///
/// Each base chain is forked at the first rule that differs: two guards lead from there into a copy of the new rest.
/// Plain chains are not guarded one by one, for then a packet could meet the old state of one and the new of another.
struct TrialTable {
  let names: TrialNames
  private let old: Table
  private let new: Table
  private let notes: TrialNotes
  private let copies: TrialCopies
  private let hasWitness: Bool

  /// - Parameters:
  ///   - old: the user's table with its handles; nil for a table that comes.
  ///   - new: nil for a table that goes.
  init(old: Table?, new: Table?, id: TableID, names: TrialNames, limits: TrialLimits) {
    self.names = names
    self.old = old ?? Table(id: id, flags: new?.flags ?? [], comment: new?.comment, origin: new?.origin)
    self.new = new ?? Table(id: id)
    copies = TrialCopies(old: self.old, new: self.new, limits: limits)
    hasWitness = limits.marksConnections && TrialWitness.isUseful(in: [self.old, self.new])
    notes = TrialNotes(old: old, new: new, overlays: Swift.Set(copies.overlays.differences.keys))
  }

  private var guards: TrialGuard { TrialGuard(names: names) }

  private func guards(of base: BaseChain?, until deadline: UInt64, _ verdict: Verdict) -> [Rule] {
    let isSeen = hasWitness && base?.knowsConnections == true
    return guards.rules(deadline: deadline, witness: isSeen ? TrialWitness(number: names.number) : nil, verdict)
  }

  /// Without the element that sets it in effect.
  /// - Parameter deadline: nanoseconds since 1970.
  func table(until deadline: UInt64) -> Table {
    var table = old
    for index in table.chains.indices { insertGuards(into: &table.chains[index], deadline) }
    table.chains += new.chains.filter { notes.hasCome(.chain($0.name)) }.map { arriving($0, deadline) }
    table.chains += new.chains.flatMap(extraChains)
    table.chains.append(Chain(name: names.notes, rules: notes.rules(until: deadline)))
    table.objects += new.objects.filter { notes.hasCome($0.reference) } + objectCopies
    table.sets += new.sets.filter { notes.hasCome(.set($0.name)) }.map(arriving)
    table.sets += setCopies + new.sets.flatMap { copies.overlays.sets(of: $0, names) } + [guards.armed, guards.kept]
    return table
  }

  // MARK: Chains

  private func insertGuards(into chain: inout Chain, _ deadline: UInt64) {
    guard chain.base != nil else { return }
    guard let later = newChain(chain.name) else {
      // It goes: what it would do is not done, and no other chain is passed over.
      chain.rules.insert(contentsOf: guards(of: chain.base, until: deadline, .accept), at: 0)
      return
    }
    guard let fork = copies.fork(of: chain, later) else { return }
    let target = hasEntry(chain.name) ? names.entry(of: chain.name) : names.copy(of: chain.name)
    chain.rules.insert(contentsOf: guards(of: chain.base, until: deadline, .goto(.named(target))), at: fork)
  }

  /// A chain that only the new generation has. A base chain lets all pass but for its guards; a plain one that leads to
  /// a copy is left empty, for its rules stand in a copy too.
  private func arriving(_ chain: Chain, _ deadline: UInt64) -> Chain {
    var chain = chain
    if chain.base != nil {
      let target = hasEntry(chain.name) ? names.entry(of: chain.name) : names.copy(of: chain.name)
      chain.base?.policy = .accept
      chain.rules = guards(of: chain.base, until: deadline, .goto(.named(target)))
    } else if copies.all.contains(.chain(chain.name)) {
      chain.rules = []
    }
    return chain
  }

  private func extraChains(of chain: Chain) -> [Chain] {
    guard let base = chain.base else {
      guard copies.all.contains(.chain(chain.name)) else { return [] }
      let rules = copies.trialRules(chain.rules, names)
      return [Chain(name: names.copy(of: chain.name), comment: chain.comment, rules: rules)]
    }
    let earlier = oldChain(chain.name)
    guard let fork = earlier.map({ copies.fork(of: $0, chain) }) ?? 0 else { return [] }
    let copy = Chain(name: names.copy(of: chain.name), rules: copies.trialRules(chain.rules[fork...], names))
    guard hasEntry(chain.name) else { return [copy] }
    let policy: Verdict = base.policy == .accept ? .accept : .drop
    let entry = Chain(
      name: names.entry(of: chain.name),
      rules: [
        Rule(expressions: [.verdict(.jump(.named(copy.name)))]), Rule(expressions: [.verdict(policy)]),
      ])
    return [copy, entry]
  }

  /// Whether the new rules are followed by another policy than that of the chain that the guards stand in.
  private func hasEntry(_ name: String) -> Bool {
    let policy = oldChain(name)?.base?.policy ?? .accept
    return newChain(name)?.base.map { $0.policy != policy } ?? false
  }

  private func oldChain(_ name: String) -> Chain? { old.chains.first { $0.name == name } }
  private func newChain(_ name: String) -> Chain? { new.chains.first { $0.name == name } }

  // MARK: Sets and objects

  private func arriving(_ set: SetDefinition) -> SetDefinition {
    guard copies.all.contains(.set(set.name)) else { return set }
    var set = set
    set.elements = []
    return set
  }

  private var setCopies: [SetDefinition] {
    let renaming = copies.renaming(names)
    return new.sets.filter { copies.isCopied(.set($0.name)) }.map { set in
      var copy = set
      if let earlier = old.sets.first(where: { $0.name == set.name }) {
        copy = set.gathering(from: earlier) { !$0.refers(in: earlier, to: notes.goes.contains) }
      }
      copy = renaming.set(copy)
      copy.name = names.copy(of: set.name)
      copy.handle = nil
      return copy
    }
  }

  private var objectCopies: [StatefulObject] {
    new.objects.filter { copies.all.contains($0.reference) }.map { object in
      var copy = object
      if let earlier = old.objects.first(where: { $0.reference == object.reference }) {
        copy = object.counting(from: earlier)
      }
      copy.name = names.copy(of: object.name)
      copy.handle = nil
      return copy
    }
  }
}

extension TrialNotes {
  /// All of a table that comes has come.
  func hasCome(_ reference: Reference) -> Bool { tableCame || came.contains(reference) }
}
