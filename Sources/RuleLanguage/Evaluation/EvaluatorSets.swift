import Model

/// Sets, maps, their elements, and named objects. A nil state is a missing table that `destroy` does not mind.
extension Evaluator {
  func run(_ command: CommandSyntax, _ set: SetSyntax, in state: TableState?) throws(SyntaxError) {
    guard let state else { return }
    let name = set.name.text
    switch command.verb {
    case .add, .create:
      try checkComment(set.comment)
      guard name.utf8.count < maximumNameLength else {
        throw SyntaxError("the set's name is too long", at: set.name.span)
      }
      var declared = try refusing(state) { () throws(SyntaxError) in try compiler(state).declare(set) }
      declared.definition.origin = location(set.name.span)
      guard let present = state.sets[name] else {
        add(declared, to: state)
        return
      }
      guard command.verb == .add, present.declaration.definition.hasSameDeclaration(as: declared.definition) else {
        throw SyntaxError(
          command.verb == .add
            ? "\(set.isMap ? "map" : "set") \(name) is declared above in another way"
            : "\(set.isMap ? "map" : "set") \(name) exists already", at: set.name.span)
      }
    case .delete, .destroy:
      guard state.withSets({ $0.remove(name) }) || command.verb == .destroy else {
        throw missing("set", set.name, state)
      }
    case .flush:
      guard state.withSets({ $0.change(name) { $0 = TableState.SetState(declaration: $0.declaration) } }) != nil else {
        throw missing("set", set.name, state)
      }
    default: throw unsupported(command)
    }
  }

  func add(_ set: SetDeclaration, to state: TableState) {
    guard state.sets[set.definition.name] == nil else { return }
    state.withSets { $0.set(set.definition.name, TableState.SetState(declaration: set)) }
  }

  func run(
    _ command: CommandSyntax, _ elements: [ElementSyntax], of set: Word, in state: TableState?
  ) throws(SyntaxError) {
    guard let state else { return }
    guard let declaration = state.set(set.text) else {
      if state.isIncomplete || command.verb == .destroy { return }
      throw missing("set", set, state)
    }
    let lowered = try compiler(state).elements(elements, of: declaration)
    switch command.verb {
    case .add: append(lowered, elements, to: set.text, state)
    case .create:
      let present = Swift.Set((state.sets[set.text]?.elements ?? []).map(\.key))
      if let (syntax, _) = zip(elements, lowered).first(where: { present.contains($1.key) }) {
        throw SyntaxError("the set has this element already", at: syntax.span)
      }
      append(lowered, elements, to: set.text, state)
    case .delete, .destroy:
      for (syntax, element) in zip(elements, lowered) {
        let isSame: (SetElement) -> Bool = { $0.key == element.key && $0.end == element.end }
        guard state.sets[set.text]?.elements.contains(where: isSame) == true || command.verb == .destroy else {
          throw SyntaxError("the set has no such element", at: syntax.span)
        }
        _ = state.withSets {
          $0.change(set.text) {
            $0.elements.removeAll(where: isSame)
            $0.spans = []
          }
        }
      }
    default: throw unsupported(command)
    }
  }

  private func append(_ lowered: [SetElement], _ syntax: [ElementSyntax], to set: String, _ state: TableState) {
    _ = state.withSets {
      $0.change(set) {
        if $0.spans.count == $0.elements.count, lowered.count == syntax.count {
          $0.spans.append(contentsOf: syntax.lazy.map(\.key.span))
        }
        // By a quarter and not by doubling: of a million elements, as much room again would stay unused.
        if $0.elements.count + lowered.count > $0.elements.capacity {
          $0.elements.reserveCapacity(($0.elements.count + lowered.count) / 4 * 5)
        }
        $0.elements.append(contentsOf: lowered)
      }
    }
  }

  /// Sets that rules add to are ones that packets change, whether or not their declarations say so: nft sets the flag,
  /// but not for maps. A map of a given size without timeouts cannot be added to without it: the kernel would choose a
  /// structure for it that does not grow (`nft_hash_estimate` in net/netfilter/nft_set_hash.c).
  func markUpdatedSets(_ state: TableState) {
    var updated: Swift.Set<String> = []
    for chain in state.chains.values {
      for rule in chain.rules { rule.collectUpdatedSets(into: &updated) }
    }
    for name in updated {
      _ = state.withSets {
        $0.change(name) {
          $0.declaration.definition.isUpdatedByRules = true
          let definition = $0.declaration.definition
          if definition.data == nil || definition.size != nil && !definition.flags.contains(.timeout) {
            $0.declaration.definition.flags.insert(.dynamic)
          }
        }
      }
    }
  }

  /// Brings each set's elements into the form in which the kernel gives them back: intervals in order, nothing twice.
  func normalizeSets(_ state: TableState) {
    for (name, set) in state.sets.pairs {
      let fallback =
        set.declaration.definition.origin.flatMap { sources.span(at: $0) } ?? Span(start: 0, end: 0, source: 0)
      do throws(SyntaxError) {
        let isInterval = set.declaration.isInterval && set.declaration.key.count == 1
        let elements =
          isInterval
          ? try compiler(state).normalize(
            set.elements, of: set.declaration, spans: set.spans, fallback: sources.narrow(fallback, to: name))
          : try withoutDuplicates(set, fallback: sources.narrow(fallback, to: name))
        _ = state.withSets { $0.change(name) { $0.elements = elements } }
      } catch {
        fail(error)
      }
    }
  }

  /// The same element twice is one; the same key with other data is an error, as it is for the kernel (`EEXIST`).
  private func withoutDuplicates(
    _ set: TableState.SetState, fallback: Span
  ) throws(SyntaxError) -> [SetElement] {
    struct Key: Hashable {
      var key: Bytes
      var end: Bytes?
    }
    let elements = set.elements
    if zip(elements, elements.dropFirst()).allSatisfy({ $0.key < $1.key }) { return elements }
    var seen: [Key: Int] = [:]
    seen.reserveCapacity(elements.count)
    var duplicates: Swift.Set<Int> = []
    for (index, element) in elements.enumerated() {
      guard let first = seen.updateValue(index, forKey: Key(key: element.key, end: element.end)) else { continue }
      guard elements[first].details?.data == element.details?.data else {
        throw SyntaxError(
          "the map has this key already, with another value", at: set.spans.count > index ? set.spans[index] : fallback)
      }
      duplicates.insert(index)
    }
    guard !duplicates.isEmpty else { return elements }
    return elements.indices.filter { !duplicates.contains($0) }.map { elements[$0] }
  }

  // MARK: Objects

  func run(_ command: CommandSyntax, _ object: ObjectSyntax, in state: TableState?) throws(SyntaxError) {
    guard let state else { return }
    let name = object.name.text
    let key = TableState.objectKey(object.kind, name)
    let kind = Parser.objectWord(object.kind)
    switch command.verb {
    case .add, .create:
      if case .absent = object.body {
        throw SyntaxError("\(kind) objects are not supported", at: object.name.span)
      }
      try checkComment(object.comment)
      guard name.utf8.count < maximumNameLength else {
        throw SyntaxError("the object's name is too long", at: object.name.span)
      }
      var declared = try refusing(state) { () throws(SyntaxError) in try compiler(state).object(object) }
      declared.origin = location(object.name.span)
      guard command.verb == .add || state.objects[key] == nil else {
        throw SyntaxError("\(kind) \(name) exists already", at: object.name.span)
      }
      state.withObjects { $0.set(key, declared) }
    case .delete, .destroy:
      guard state.withObjects({ $0.remove(key) }) || command.verb == .destroy else {
        throw missing(kind, object.name, state)
      }
    default: throw unsupported(command)
    }
  }
}
