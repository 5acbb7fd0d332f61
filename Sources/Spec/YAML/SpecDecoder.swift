import Model

/// Reads one file's YAML into values, and gathers what is wrong with them.
///
/// What it cannot read it reports and leaves out, so that one run shows as many mistakes as there are; nothing that
/// was decoded is used if there was one.
struct SpecDecoder {
  let tree: YAMLTree
  let source: SpecFile
  var report = Report()
  /// Of the route that was read last.
  var lastNextHops: [NextHop] = []

  init(_ tree: YAMLTree, source: SpecFile) {
    self.tree = tree
    self.source = source
  }

  mutating func error(_ message: String, at node: Int, hint: String? = nil) {
    guard !report.isFull else { return report.count() }
    let length = tree.kind(node) == .plain ? max(1, tree.string(node).unicodeScalars.count) : 1
    let diagnostic = Diagnostic(.error, message, at: tree.location(node), length: length, hint: hint)
    report.add(diagnostic)
  }

  /// What stands at a place, for "expected a list, not …".
  func kindName(_ node: Int) -> String {
    switch tree.kind(node) {
    case .list: "a list"
    case .mapping: "a mapping"
    case .plain where tree.isNull(node): "nothing"
    default: "\"\(shortened(tree.string(node)))\""
    }
  }

  func shortened(_ text: String) -> String {
    let line = text.prefix { $0 != "\n" }
    return line.count <= 60 && line.count == text.count ? String(line) : line.prefix(60) + "…"
  }

  mutating func mismatch(_ node: Int, _ subject: String, expected: String, hint: String? = nil) {
    error("\(subject) must be \(expected), not \(kindName(node))", at: node, hint: hint)
  }
}

// MARK: - Mappings and lists

extension SpecDecoder {
  /// Visits a mapping's keys that `table` knows, in the file's order, and reports all others.
  mutating func fields<Key>(
    of node: Int, _ table: KeyTable<Key>, _ visit: (inout SpecDecoder, Key, Int) -> Void
  ) {
    guard tree.kind(node) == .mapping else { return mismatch(node, table.subject, expected: "a mapping") }
    var seen: UInt64 = 0
    var key = node + 1
    let end = Int(tree.nodes[node].second)
    while key < end {
      let value = key + 1
      if let (field, ordinal) = table.find(tree.bytes(key)) {
        if seen & (1 << UInt64(ordinal)) != 0 {
          error("\"\(tree.string(key))\" is given twice in \(table.subject)", at: key)
        }
        seen |= 1 << UInt64(ordinal)
        visit(&self, field, value)
      } else {
        let name = shortened(tree.string(key))
        let hint = report.isFull ? nil : table.hint(for: name)
        error("\(table.subject) has no key \"\(name)\"", at: key, hint: hint)
      }
      key = tree.next(after: value)
    }
  }

  /// Visits a mapping whose keys are free; each may stand once.
  mutating func entries(
    of node: Int, _ subject: String, _ visit: (inout SpecDecoder, _ key: Int, _ value: Int) -> Void
  ) {
    guard tree.kind(node) == .mapping else { return mismatch(node, subject, expected: "a mapping") }
    var seen: Set<String> = []
    var key = node + 1
    let end = Int(tree.nodes[node].second)
    while key < end {
      if !seen.insert(tree.string(key)).inserted {
        error("\"\(shortened(tree.string(key)))\" is given twice in \(subject)", at: key)
      }
      visit(&self, key, key + 1)
      key = tree.next(after: key + 1)
    }
  }

  /// Visits a list's values.
  mutating func items(of node: Int, _ subject: String, _ visit: (inout SpecDecoder, Int) -> Void) {
    guard tree.kind(node) == .list else { return mismatch(node, subject, expected: "a list") }
    var item = node + 1
    let end = Int(tree.nodes[node].second)
    while item < end {
      visit(&self, item)
      item = tree.next(after: item)
    }
  }
}

// MARK: - Scalars

extension SpecDecoder {
  /// A text that is not empty. A bare number, `true` or `null` is a mistake, as it is in Kubernetes.
  mutating func text(_ node: Int, _ subject: String) -> String? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      mismatch(node, subject, expected: "a text")
      return nil
    }
    let text = tree.string(node)
    if tree.kind(node) == .plain, SpecDecoder.integer(tree.bytes(node)) != nil || text == "true" || text == "false" {
      mismatch(node, subject, expected: "a text", hint: "quote it: \"\(text)\"")
      return nil
    }
    guard !text.isEmpty else {
      error("\(subject) must not be empty", at: node)
      return nil
    }
    return text
  }

  mutating func boolean(_ node: Int, _ subject: String) -> Bool? {
    if tree.kind(node) == .plain {
      if tree.bytes(node).elementsEqual("true".utf8) { return true }
      if tree.bytes(node).elementsEqual("false".utf8) { return false }
    }
    mismatch(node, subject, expected: "true or false")
    return nil
  }

  /// Decimal, or hexadecimal with `0x`.
  mutating func integer<Value: FixedWidthInteger & Sendable>(
    _ node: Int, _ subject: String, _ range: ClosedRange<Value>
  ) -> Value? {
    guard tree.kind(node) == .plain, let value = SpecDecoder.integer(tree.bytes(node)) else {
      let isQuoted = tree.kind(node) == .quoted && SpecDecoder.integer(tree.bytes(node)) != nil
      mismatch(node, subject, expected: "a number", hint: isQuoted ? "leave the quotes away" : nil)
      return nil
    }
    guard let narrow = Value(exactly: value), range.contains(narrow) else {
      error("\(subject) must be \(range.lowerBound) to \(range.upperBound), not \(value)", at: node)
      return nil
    }
    return narrow
  }

  /// nil if the text is no number; what does not fit is `Int64.max`, which no range here holds.
  static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
    guard let first = text.first else { return nil }
    if first == 0x30, text.count > 2, text[text.startIndex + 1] | 0x20 == 0x78 {
      let digits = text.dropFirst(2)
      guard digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }) else { return nil }
      return Int64(String(decoding: digits, as: UTF8.self), radix: 16) ?? .max
    }
    let isNegative = first == 0x2D
    let digits = isNegative ? text.dropFirst() : text
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    var value: Int64 = 0
    for digit in digits {
      let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = product.addingReportingOverflow(Int64(digit - 0x30))
      if isLarge || isLarger { return .max }
      value = sum
    }
    return isNegative ? -value : value
  }

  mutating func address(_ node: Int, _ subject: String) -> IPAddress? {
    if tree.isScalar(node), let address = IPAddress(ascii: tree.bytes(node)) { return address }
    mismatch(node, subject, expected: "an IP address")
    return nil
  }

  /// An address with or without a length. Bits after the prefix are a mistake, and the hint says what may be meant.
  mutating func prefix(_ node: Int, _ subject: String) -> IPPrefix? {
    guard tree.isScalar(node), let (address, length) = IPPrefix.split(ascii: tree.bytes(node)) else {
      mismatch(node, subject, expected: "an address or a prefix such as 192.0.2.0/24")
      return nil
    }
    guard let prefix = IPPrefix(address, length: length), prefix.address == address else {
      let network = "\(address.masked(to: length))/\(length)"
      error(
        "\(subject) has bits set after the prefix: \(address)/\(length)", at: node,
        hint: "the network is \(network), the host \(address)/\(address.bitWidth)")
      return nil
    }
    return prefix
  }

  /// A network interface's name.
  mutating func device(_ node: Int, _ subject: String) -> String? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      mismatch(node, subject, expected: "an interface's name")
      return nil
    }
    guard ProbeText.isDevice(tree.bytes(node)) else {
      mismatch(node, subject, expected: "an interface's name (1 to 15 bytes without / : or blanks)")
      return nil
    }
    return tree.string(node)
  }
}
