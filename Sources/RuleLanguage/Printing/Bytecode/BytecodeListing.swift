package import Model

/// A rule's expressions as `nft --debug=netlink` lists them (libnftnl's form), sets without a name first.
///
/// Each register's content stands as 32-bit words in host order, which is how libnftnl reads its memory.
package struct BytecodeListing {
  /// Where the rule stands; it heads the listing.
  package let table: TableID
  package let chain: String

  package init(table: TableID, chain: String) {
    self.table = table
    self.chain = chain
  }

  /// One line an expression, after a line that names family, table and chain.
  package func lines(of rule: Rule) -> [String] {
    nestedChains(in: rule.expressions) + sets(in: rule.expressions)
      + ["\(table) \(chain)"] + rule.expressions.map(BytecodeListing.line)
  }

  /// An expression's line, with the two spaces that begin it.
  package static func line(of expression: Expression) -> String { "  " + bracketed(expression) }

  /// `[ NAME … ]`
  static func bracketed(_ expression: Expression) -> String { "[ \(body(of: expression)) ]" }

  /// Rules of chains that are written in the rule itself: the kernel creates those chains with it.
  private func nestedChains(in expressions: [Expression]) -> [String] {
    expressions.flatMap { expression -> [String] in
      switch expression {
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        rules.flatMap(BytecodeListing(table: table, chain: "__chain%d").lines)
      default: []
      }
    }
  }

  private func sets(in expressions: [Expression]) -> [String] {
    expressions.flatMap { expression -> [String] in
      switch expression {
      case .lookup(.anonymous(let set), _, _, _), .objectMap(.anonymous(let set), _): lines(of: set)
      default: []
      }
    }
  }

  /// Flags and size, then the elements on a line of their own.
  private func lines(of set: SetDefinition) -> [String] {
    let name = BytecodeListing.placeholder(for: set)
    let size = set.size.map { " size \($0)" } ?? ""
    let head = "\(name) \(table.name) \(String(set.flags.rawValue, radix: 16))\(size)"
    return [head, "\(name) \(table.name) 0", BytecodeElements(set).line]
  }

  /// A set without a name is sent with a pattern that the kernel puts a number into.
  static func placeholder(for set: SetDefinition) -> String {
    switch set.data {
    case nil: "__set%d"
    case .object: "__objmap%d"
    case .value, .verdict: "__map%d"
    }
  }
}

extension BytecodeListing {
  /// 32-bit words in host order, each as eight hexadecimal digits; the last is filled with zero bytes.
  static func words(_ bytes: Bytes) -> [String] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      hexadecimal(UInt32(truncatingIfNeeded: Bytes(bytes[start..<min(start + 4, bytes.count)]).paddedHostWord))
    }
  }

  /// `words` with `0x` before each.
  static func data(_ bytes: Bytes) -> String { words(bytes).map { "0x" + $0 }.joined(separator: " ") }

  /// Eight digits.
  static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension Bytes {
  /// The first four bytes as a register of the machine holds them, missing ones being zero.
  fileprivate var paddedHostWord: UInt64 {
    Bytes(Array(self) + Array(repeating: 0, count: Swift.max(0, 4 - count))).hostEndianValue
  }
}
