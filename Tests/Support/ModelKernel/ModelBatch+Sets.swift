import Model
import Plan

extension ModelBatch {
  mutating func applyToSets(_ change: Change) throws(Reason) {
    switch change {
    case .addSet(let id, let set): try add(set, to: try index(of: id))
    case .removeSet(let id, let set):
      let table = try index(of: id)
      let place = try setIndex(set.name, in: table)
      if references(in: table).sets.contains(set.name) { throw .busy }
      tables[table].sets.remove(at: place)
    case .addElements(let id, let set, let elements):
      let table = try index(of: id)
      try add(elements, to: try setIndex(set.name, in: table), in: table)
    case .removeElements(let id, let set, let elements):
      let table = try index(of: id)
      try remove(elements, from: try setIndex(set.name, in: table), in: table)
    default: throw .notSupported
    }
  }

  mutating func applyToObjects(_ change: Change) throws(Reason) {
    switch change {
    case .addObject(let id, var object):
      let table = try index(of: id)
      if find(object, in: table) != nil { throw .exists }
      object.handle = newHandle()
      tables[table].objects.append(object)
    case .removeObject(let id, let object):
      let table = try index(of: id)
      guard let place = find(object, in: table) else { throw .noEntry }
      let name = "\(object.body.kind?.rawValue ?? 0) \(object.name)"
      if references(in: table).objects.contains(name) { throw .busy }
      tables[table].objects.remove(at: place)
    case .changeObject(let id, _, let object):
      let table = try index(of: id)
      guard let place = find(object, in: table) else { throw .noEntry }
      // Other kinds have no update and answer success (`nf_tables_newobj`).
      if [.quota, .synproxy].contains(object.body.kind) { tables[table].objects[place].body = object.body }
    case .addFlowtable(let id, var flowtable):
      let table = try index(of: id)
      if tables[table].flowtables.contains(where: { $0.name == flowtable.name }) { throw .exists }
      flowtable.handle = newHandle()
      tables[table].flowtables.append(flowtable)
    case .removeFlowtable(let id, let flowtable):
      let table = try index(of: id)
      guard let place = tables[table].flowtables.firstIndex(where: { $0.name == flowtable.name }) else {
        throw .noEntry
      }
      if references(in: table).flowtables.contains(flowtable.name) { throw .busy }
      tables[table].flowtables.remove(at: place)
    default: throw .notSupported
    }
  }

  private func find(_ object: StatefulObject, in table: Int) -> Int? {
    tables[table].objects.firstIndex { $0.name == object.name && $0.body.kind == object.body.kind }
  }

  private func setIndex(_ name: String, in table: Int) throws(Reason) -> Int {
    guard let index = tables[table].sets.firstIndex(where: { $0.name == name }) else { throw .noEntry }
    return index
  }

  private mutating func add(_ set: SetDefinition, to table: Int) throws(Reason) {
    if tables[table].sets.contains(where: { $0.name == set.name }) { throw .exists }
    var empty = set
    empty.elements = []
    empty.handle = newHandle()
    tables[table].sets.append(empty)
    try add(set.elements, to: tables[table].sets.count - 1, in: table)
  }

  private mutating func add(_ elements: [SetElement], to place: Int, in table: Int) throws(Reason) {
    let set = tables[table].sets[place]
    var references = ModelReferences()
    references.add(elements, of: set)
    try check(references, in: table)
    var byKey: [Bytes: Int] = [:]
    for (index, element) in set.elements.enumerated() { byKey[element.key] = index }
    for element in elements {
      if let old = byKey[element.key] {
        guard tables[table].sets[place].elements[old] == element else { throw .exists }
        continue
      }
      byKey[element.key] = tables[table].sets[place].elements.count
      tables[table].sets[place].elements.append(element)
    }
    if let size = set.size, tables[table].sets[place].elements.count > Int(size) { throw .full }
  }

  private mutating func remove(_ elements: [SetElement], from place: Int, in table: Int) throws(Reason) {
    if tables[table].sets[place].flags.contains(.constant) { throw .busy }
    var gone: Swift.Set<Bytes> = []
    let there = Swift.Set(tables[table].sets[place].elements.map(\.key))
    for element in elements {
      guard there.contains(element.key), gone.insert(element.key).inserted else { throw .noEntry }
    }
    tables[table].sets[place].elements.removeAll { gone.contains($0.key) }
  }
}
