package import Model

/// What some changes of one table have to be taken back with: how that which they touch was before them.
package struct TableRestoration: Hashable, Sendable {
  package let id: TableID
  /// The touched parts with all that they held, and of a set that only gets or loses elements those that were touched;
  /// nil if the table was not there.
  package var before: Table?
  /// Whether `before` is all of the table.
  package var isWhole: Bool
  /// The touched parts. Those that are not in `before` were not there.
  package var parts: Swift.Set<Reference>
  /// By the set's name: the touched elements that were not there.
  package var newElements: [String: [SetElement]]

  package init(
    id: TableID, before: Table? = nil, isWhole: Bool = true, parts: Swift.Set<Reference> = [],
    newElements: [String: [SetElement]] = [:]
  ) {
    self.id = id
    self.before = before
    self.isWhole = isWhole
    self.parts = parts
    self.newElements = newElements
  }
}

extension TableRestoration {
  /// - Parameters:
  ///   - changes: of this table.
  ///   - current: the table before them.
  package init(of id: TableID, _ changes: [Change], from current: Table?) {
    var parts: Swift.Set<Reference> = []
    var elements: [String: TouchedElements] = [:]
    var isWhole = current == nil
    for change in changes {
      switch change {
      case .addTable, .removeTable, .changeTable: isWhole = true
      case .addElements(_, let set, let added): elements[set.name, default: TouchedElements(set)].added += added
      case .removeElements(_, let set, let removed):
        elements[set.name, default: TouchedElements(set)].removed += removed
      default: if let part = change.part { parts.insert(part) }
      }
    }
    guard let current, !isWhole else {
      self.init(id: id, before: current)
      return
    }
    self.init(id: id, before: current, isWhole: false, parts: parts)
    before?.keep { parts.contains($0) }
    for (name, touched) in elements where !parts.contains(.set(name)) {
      guard var set = current.sets.first(where: { $0.name == name }) else { continue }
      set.elements = touched.removed
      before?.sets.append(set)
      newElements[name] = touched.new
    }
    before?.sets.sort { $0.name < $1.name }
  }

  private struct TouchedElements {
    var declaration: SetDefinition
    var added: [SetElement] = []
    /// As they were: a difference names what it removes as it found it.
    var removed: [SetElement] = []

    init(_ set: SetDefinition) { declaration = set }

    var new: [SetElement] {
      let index = ElementIndex(removed)
      return added.filter { index.position(of: $0) == nil }
    }
  }
}

extension TableRestoration {
  /// Why a table cannot be brought back.
  package enum Obstacle: Error, Hashable, Sendable {
    /// It is gone, with parts that no change touched and nobody noted.
    case gone
    /// Another program's stands in its place.
    case foreign
  }

  /// The changes that bring back what was; none if all is as it was. What the changes did not touch stays as it is.
  /// - Parameter now: the table as the kernel has it.
  package func changes(from now: Table?) throws(Obstacle) -> [Change] {
    guard let before else {
      // Another program's was not ours to make, nor is it to remove.
      return now.map { $0.isOwn ? TableDifference(removing: $0).changes : [] } ?? []
    }
    guard let now else {
      guard isWhole else { throw .gone }
      return TableDifference(adding: before).changes
    }
    if !before.isOwn {
      return now.isOwn ? TableDifference(adding: before, replacing: now).changes : []
    }
    guard now.isOwn else { throw .foreign }
    guard !isWhole else { return TableDifference(from: now, to: before).changes }
    let wanted = restored(now, to: before)
    let changes = TableDifference(from: now, to: wanted).changes
    return removals(from: now, beside: changes) + changes
  }

  private func restored(_ now: Table, to before: Table) -> Table {
    var wanted = now
    wanted.chains.restore(to: before.chains, by: \.name) { parts.contains(.chain($0.name)) }
    wanted.objects.restore(to: before.objects, by: \.reference) { parts.contains($0.reference) }
    wanted.flowtables.restore(to: before.flowtables, by: \.name) { parts.contains(.flowtable($0.name)) }
    wanted.sets.restore(to: before.sets.filter { parts.contains(.set($0.name)) }, by: \.name) {
      parts.contains(.set($0.name))
    }
    for set in before.sets where !parts.contains(.set(set.name)) {
      guard let place = wanted.sets.firstIndex(where: { $0.name == set.name }) else { continue }
      wanted.sets[place].elements.restore(to: set.elements, without: newElements[set.name] ?? [])
    }
    return wanted
  }

  /// A difference leaves in a set what packets or timers may have put there.
  private func removals(from now: Table, beside changes: [Change]) -> [Change] {
    newElements.sorted { $0.key < $1.key }.compactMap { name, elements in
      guard !elements.isEmpty, let set = now.sets.first(where: { $0.name == name }), set.gathersElements else {
        return nil
      }
      let removed = changes.flatMap { change -> [SetElement] in
        if case .removeElements(_, let other, let elements) = change, other.name == name { elements } else { [] }
      }
      let gone = ElementIndex(removed)
      let there = ElementIndex(set.elements)
      let rest = elements.filter { there.position(of: $0) != nil && gone.position(of: $0) == nil }
      var declaration = set
      declaration.elements = []
      return rest.isEmpty ? nil : .removeElements(id, set: declaration, rest)
    }
  }
}

extension Change {
  /// The part of a table that it makes, removes or changes; nil for tables, elements and routes.
  fileprivate var part: Reference? {
    switch self {
    case .addChain(_, let chain), .removeChain(_, let chain): .chain(chain.name)
    case .changePolicy(_, let chain, _, _), .addRule(_, let chain, _, _), .removeRule(_, let chain, _): .chain(chain)
    case .addSet(_, let set), .removeSet(_, let set): .set(set.name)
    case .addObject(_, let object), .removeObject(_, let object), .changeObject(_, _, let object): object.reference
    case .addFlowtable(_, let flowtable), .removeFlowtable(_, let flowtable): .flowtable(flowtable.name)
    default: nil
    }
  }
}

extension Table {
  fileprivate mutating func keep(_ isKept: (Reference) -> Bool) {
    chains.removeAll { !isKept(.chain($0.name)) }
    sets.removeAll { !isKept(.set($0.name)) }
    objects.removeAll { !isKept($0.reference) }
    flowtables.removeAll { !isKept(.flowtable($0.name)) }
  }
}

extension Array {
  /// Puts what was in the place of what is there by the same name, and takes away what was not there.
  fileprivate mutating func restore<Name: Hashable>(
    to before: [Element], by name: (Element) -> Name, where isTouched: (Element) -> Bool
  ) {
    var wanted = Dictionary(before.map { (name($0), $0) }) { first, _ in first }
    self = compactMap { isTouched($0) ? wanted.removeValue(forKey: name($0)) : $0 }
    self += before.filter { wanted[name($0)] != nil }
  }
}

extension [SetElement] {
  fileprivate mutating func restore(to before: [SetElement], without new: [SetElement]) {
    let (old, added) = (ElementIndex(before), ElementIndex(new))
    removeAll { old.position(of: $0) != nil || added.position(of: $0) != nil }
    self += before
  }
}
