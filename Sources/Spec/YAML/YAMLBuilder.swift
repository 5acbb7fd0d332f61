import Model

/// Puts a YAML file's events together, and refuses what goes beyond the limits as soon as it does.
struct YAMLBuilder {
  struct Place {
    var line: Int32
    var column: Int32
  }

  var tree: YAMLTree
  private let limits: SpecLimits
  /// The lists and mappings that are not closed yet.
  private var open: [Int] = []

  init(file: String, limits: SpecLimits) {
    tree = YAMLTree(file: file)
    self.limits = limits
  }

  func diagnostic(_ message: String, at place: Place, hint: String? = nil) -> Diagnostic {
    let location = SourceLocation(file: tree.file, line: place.line, column: place.column)
    return Diagnostic(.error, message, at: location, hint: hint)
  }

  mutating func startDocument(at place: Place) throws(Diagnostic) {
    guard tree.documents.count < limits.documents else {
      throw diagnostic(
        "more than \(limits.documents) documents in one file", at: place, hint: "share them out among several files")
    }
    tree.documents.append(tree.nodes.count)
  }

  /// Takes the last `length` bytes of the tree's text, which the reader has put there.
  mutating func scalar(length: Int, kind: YAMLTree.Kind, at place: Place) throws(Diagnostic) {
    let first = UInt32(tree.text.count - length)
    try append(YAMLTree.Node(line: place.line, column: place.column, first: first, second: UInt32(length), kind: kind))
  }

  mutating func open(_ kind: YAMLTree.Kind, at place: Place) throws(Diagnostic) {
    guard open.count < limits.depth else {
      throw diagnostic("more than \(limits.depth) lists and mappings within each other", at: place)
    }
    if let parent = open.last, tree.kind(parent) == .mapping, tree.nodes[parent].first.isMultiple(of: 2) {
      throw diagnostic("a key must be a word", at: place, hint: "quote a text that begins with { or [")
    }
    let index = tree.nodes.count
    try append(YAMLTree.Node(line: place.line, column: place.column, first: 0, second: 0, kind: kind))
    open.append(index)
  }

  mutating func close() {
    guard let index = open.popLast() else { return }
    tree.nodes[index].second = UInt32(tree.nodes.count)
  }

  private mutating func append(_ node: YAMLTree.Node) throws(Diagnostic) {
    guard tree.nodes.count < limits.nodes else {
      throw diagnostic(
        "more than \(limits.nodes) values in one file", at: Place(line: node.line, column: node.column),
        hint: "share them out among several files")
    }
    tree.nodes.append(node)
    if let parent = open.last { tree.nodes[parent].first += 1 }
  }
}
