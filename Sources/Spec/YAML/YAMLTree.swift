import Model

/// What a YAML file holds, in a form that costs 20 bytes a value and the text of its scalars.
///
/// Values are named by their index; those of a list or mapping follow it in the file's own order, a mapping's keys
/// and values by turns.
struct YAMLTree: Sendable {
  enum Kind: UInt8, Sendable { case plain, quoted, literal, folded, list, mapping }

  struct Node: Sendable {
    /// Both counted from 1; the column in Unicode scalars.
    var line: Int32
    var column: Int32
    /// A scalar's place in `text`; how many values a list has, or how many keys and values a mapping.
    var first: UInt32
    /// A scalar's length; the index after all that a list or mapping holds.
    var second: UInt32
    var kind: Kind
  }

  /// The path as messages name it.
  let file: String
  var nodes: [Node] = []
  /// UTF-8 of all scalars, one after another.
  var text: [UInt8] = []
  /// One root a document.
  var documents: [Int] = []

  init(file: String) { self.file = file }

  func location(_ node: Int) -> SourceLocation {
    SourceLocation(file: file, line: nodes[node].line, column: nodes[node].column)
  }

  func kind(_ node: Int) -> Kind { nodes[node].kind }

  func isScalar(_ node: Int) -> Bool { kind(node) != .list && kind(node) != .mapping }

  func bytes(_ scalar: Int) -> ArraySlice<UInt8> {
    let node = nodes[scalar]
    return text[Int(node.first)..<Int(node.first) + Int(node.second)]
  }

  func string(_ scalar: Int) -> String { String(decoding: bytes(scalar), as: UTF8.self) }

  /// A key without a value, or `null` or `~`.
  func isNull(_ node: Int) -> Bool {
    guard kind(node) == .plain else { return false }
    let bytes = bytes(node)
    return bytes.isEmpty || bytes.elementsEqual("~".utf8) || bytes.elementsEqual("null".utf8)
  }

  /// The value after this one, beside it.
  func next(after node: Int) -> Int { isScalar(node) ? node + 1 : Int(nodes[node].second) }
}
