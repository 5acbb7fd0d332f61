import Model
import RuleLanguage

extension SpecDecoder {
  /// A variable's value is rule text; a list is short for a set: `[a, b]` is `{ a, b }`.
  mutating func variables(_ node: Int) -> [RuleSource] {
    var variables: [RuleSource] = []
    entries(of: node, "variables") { decoder, key, value in
      let name = decoder.tree.string(key)
      guard PredefinedVariables.isName(name) else {
        return decoder.error("a variable's name must be letters, digits and _, and not begin with a digit", at: key)
      }
      if PredefinedVariables.isReserved(name) {
        return decoder.error("the variable \(name) is predefined", at: key, hint: "choose another name")
      }
      if let text = decoder.definition(of: name, value) { variables.append(text) }
    }
    return variables
  }

  /// `define NAME = VALUE`, each part of the value at the line and column where it stands in the file.
  private mutating func definition(of name: String, _ node: Int) -> RuleSource? {
    let subject = "the variable \(name)"
    guard tree.kind(node) == .list else {
      guard let value = scalarRuleText(node, subject) else { return nil }
      var text = PlacedText("define \(name) = ", before: place(ofTextIn: node))
      text.append(value, at: place(ofTextIn: node))
      return text.source
    }
    var text = PlacedText("define \(name) = {", before: tree.location(node))
    var count = 0
    items(of: node, subject) { decoder, item in
      guard let value = decoder.scalarRuleText(item, "a value of \(subject)") else { return }
      if count > 0 { text.append(",") }
      text.append(value, at: decoder.place(ofTextIn: item))
      count += 1
    }
    guard count > 0 else {
      error("\(subject) is an empty list", at: node)
      return nil
    }
    text.append(" }")
    return text.source
  }

  /// Past the quote, if there is one.
  private func place(ofTextIn scalar: Int) -> SourceLocation {
    var place = tree.location(scalar)
    if tree.kind(scalar) == .quoted { place.column += 1 }
    return place
  }

  private mutating func scalarRuleText(_ node: Int, _ subject: String) -> String? {
    let text = tree.isScalar(node) ? tree.string(node) : ""
    guard !tree.isNull(node), text.utf8.contains(where: { $0 > 0x20 }) else {
      mismatch(node, subject, expected: "a text, a number or a list of them")
      return nil
    }
    return text.utf8.last == 0x0A ? String(text.dropLast()) : text
  }
}

/// Rule text that is put together from pieces of a file, padded so that each keeps its line and column.
private struct PlacedText {
  private(set) var source: RuleSource
  private var line: Int32
  private var column: Int32

  /// - Parameter place: where the next piece will stand; the text itself is in no file.
  init(_ text: String, before place: SourceLocation) {
    var start = place
    start.column -= Int32(text.unicodeScalars.count)
    source = RuleSource(text: text, start: start)
    line = place.line
    column = place.column
  }

  mutating func append(_ piece: String) {
    source.bytes += piece.utf8
    column += Int32(piece.unicodeScalars.count)
  }

  mutating func append(_ piece: String, at place: SourceLocation) {
    if place.line > line {
      source.bytes += repeatElement(UInt8(ascii: "\n"), count: Int(place.line - line))
      line = place.line
      column = 1
    }
    source.bytes += repeatElement(UInt8(ascii: " "), count: max(0, Int(place.column - column)))
    column = max(column, place.column)
    append(piece)
  }
}
