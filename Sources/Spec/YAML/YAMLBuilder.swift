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
    let end = tree.text.count
    try scalar(end - length..<end, kind: kind, at: place)
  }

  /// - Parameter text: where it stands in the tree's text.
  private mutating func scalar(_ text: Range<Int>, kind: YAMLTree.Kind, at place: Place) throws(Diagnostic) {
    try append(
      YAMLTree.Node(
        line: place.line, column: place.column, first: UInt32(text.lowerBound), second: UInt32(text.count), kind: kind))
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

  /// - Returns: the list or mapping that ends.
  @discardableResult
  mutating func close() -> Int? {
    guard let index = open.popLast() else { return nil }
    tree.nodes[index].second = UInt32(tree.nodes.count)
    return index
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

// MARK: - Items that libyaml has not read

extension YAMLBuilder {
  /// Whether a mapping that was closed just now is an item of a list in block style, and begins right after the dash
  /// and one space.
  func isItem(_ mapping: Int, indentedBy indentation: Int) -> Bool {
    guard let list = open.last, tree.kind(list) == .list else { return false }
    let dash = Int32(indentation) + 1
    return tree.nodes[list].column == dash && tree.nodes[mapping].column == dash + 2
  }

  /// Adds the run's items to the list that is open, after its last one.
  /// - Parameter first: the line where they begin.
  mutating func addItems(of run: Abridgement.Run, at first: Int32, in text: [UInt8]) throws(Diagnostic) {
    tree.nodes.reserveCapacity(tree.nodes.count + run.valueCount)
    // All of the text at once, for most of it is words.
    let offset = tree.text.count - run.bytes.lowerBound
    tree.text += text[run.bytes]
    var item = PlainItem(text, from: run.bytes.lowerBound)
    var line = first
    while item.end < run.bytes.upperBound, item.read() {
      try open(.mapping, at: Place(line: line, column: Int32(run.indentation) + 3))
      for word in item.words {
        let place = Place(line: line + word.line, column: word.column)
        try scalar(offset + word.bytes.lowerBound..<offset + word.bytes.upperBound, kind: .plain, at: place)
      }
      close()
      line += Int32(item.lineCount)
    }
  }
}
