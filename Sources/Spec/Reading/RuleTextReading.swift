import Model
import RuleLanguage

extension RuleSource {
  init(_ file: SpecFile) {
    self.init(bytes: file.bytes, start: SourceLocation(file: file.path, line: 1, column: 1))
  }
}

extension SpecDecoder {
  /// The rules of an `nftables: |` block, with the place of their first line in the file.
  mutating func ruleText(_ node: Int) -> RuleSource? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      mismatch(node, "nftables", expected: "rules as a text", hint: SpecDecoder.blockHint)
      return nil
    }
    let text = tree.string(node)
    if !text.utf8.contains(where: { $0 > 0x20 }) {
      error(
        "nftables is empty", at: node, hint: "nothing is not an order: leave the key away to take back what it said")
      return nil
    }
    let place = tree.location(node)
    if tree.kind(node) == .literal {
      let indentation = self.indentation(ofBlockAt: place.line, text)
      let start = SourceLocation(file: place.file, line: place.line + 1, column: indentation + 1)
      return RuleSource(text: text, start: start, indentation: indentation)
    }
    // Folding and line ends in quotes move the text about, so that no place in it could be told.
    guard tree.kind(node) != .folded, !text.contains("\n") else {
      error("rules of several lines must stand in a block that keeps them", at: node, hint: SpecDecoder.blockHint)
      return nil
    }
    let quote: Int32 = tree.kind(node) == .quoted ? 1 : 0
    return RuleSource(
      text: text, start: SourceLocation(file: place.file, line: place.line, column: place.column + quote))
  }

  private static let blockHint = "write `nftables: |` and the rules below it, indented"

  /// How far a block stands to the right: its first line that is not blank has kept what was more than that.
  private func indentation(ofBlockAt header: Int32, _ text: String) -> Int32 {
    var number = header + 1
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.contains(where: { $0 != " " }), let written = source.line(number) {
        return Int32(written.prefix { $0 == " " }.count - line.prefix { $0 == " " }.count)
      }
      number += 1
    }
    return 0
  }
}
