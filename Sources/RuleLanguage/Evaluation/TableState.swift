import Model

/// A table while its commands are run.
final class TableState {
  struct SetState {
    var declaration: SetDeclaration
    var elements: [SetElement] = []
    /// Where each element was written; shorter than `elements` once some were deleted.
    var spans: [Span] = []

    init(declaration: SetDeclaration) { self.declaration = declaration }
  }

  let id: TableID
  var flags: TableFlags = []
  var comment: String?
  let origin: SourceLocation
  private(set) var chains = NamedList<Chain>()
  private(set) var sets = NamedList<SetState>()
  private(set) var objects = NamedList<StatefulObject>()
  private(set) var flowtables = NamedList<Flowtable>()
  /// A declaration was refused: rules that refer to it would only repeat that.
  var isIncomplete = false

  init(id: TableID, origin: SourceLocation) {
    self.id = id
    self.origin = origin
  }

  func withChains<Result>(_ body: (inout NamedList<Chain>) -> Result) -> Result { body(&chains) }
  func withSets<Result>(_ body: (inout NamedList<SetState>) -> Result) -> Result { body(&sets) }
  func withObjects<Result>(_ body: (inout NamedList<StatefulObject>) -> Result) -> Result { body(&objects) }
  func withFlowtables<Result>(_ body: (inout NamedList<Flowtable>) -> Result) -> Result { body(&flowtables) }

  /// Objects of different kinds may share a name.
  static func objectKey(_ kind: ObjectKind, _ name: String) -> String { "\(kind.rawValue) \(name)" }

  var table: Table {
    Table(
      id: id, flags: flags, comment: comment, chains: chains.values,
      sets: sets.values.map { set in
        var definition = set.declaration.definition
        definition.elements = set.elements
        return definition
      }, objects: objects.values, flowtables: flowtables.values, origin: origin)
  }
}

extension TableState: Declarations {
  func set(_ name: String) -> SetDeclaration? { sets[name]?.declaration }
  /// A chain may be declared below the rule that jumps to it; `finish` looks whether it was.
  func hasChain(_ name: String) -> Bool { true }
  func hasObject(_ kind: ObjectKind, _ name: String) -> Bool { objects[Self.objectKey(kind, name)] != nil }
  func hasFlowtable(_ name: String) -> Bool { flowtables[name] != nil }
}

/// Values by name, in the order in which they were added.
struct NamedList<Value> {
  private(set) var values: [Value] = []
  private var names: [String] = []
  private var indices: [String: Int] = [:]

  subscript(name: String) -> Value? { indices[name].map { values[$0] } }

  /// Adds the value, or puts it in the place of the one of that name.
  mutating func set(_ name: String, _ value: Value) {
    if let index = indices[name] {
      values[index] = value
    } else {
      indices[name] = values.count
      names.append(name)
      values.append(value)
    }
  }

  /// Changes the value in place; nil if there is none of that name.
  mutating func change<Result, Failure: Error>(
    _ name: String, _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let index = indices[name] else { return nil }
    return try body(&values[index])
  }

  mutating func changeAll(_ body: (inout Value) -> Void) {
    for index in values.indices { body(&values[index]) }
  }

  /// false if there is none of that name.
  mutating func remove(_ name: String) -> Bool {
    guard let index = indices[name] else { return false }
    values.remove(at: index)
    names.remove(at: index)
    indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return true
  }

  /// The name that the value is known by, and the value.
  var pairs: Zip2Sequence<[String], [Value]> { zip(names, values) }
}
