/// Something to tell the person who wrote a spec: what is wrong, where, and what would be right.
package struct Diagnostic: Error, Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable { case warning, error }

  package var severity: Severity
  /// One sentence without a full stop, in the words of the rule language.
  package var message: String
  package var location: SourceLocation
  /// The line of the file that `location` points into; nil if it is no longer at hand.
  package var excerpt: String?
  /// How many scalars of the excerpt the caret underlines; at least 1.
  package var length: Int
  /// What to do, or what was expected.
  package var hint: String?

  package init(
    _ severity: Severity = .error, _ message: String, at location: SourceLocation, excerpt: String? = nil,
    length: Int = 1, hint: String? = nil
  ) {
    self.severity = severity
    self.message = message
    self.location = location
    self.excerpt = excerpt
    self.length = length
    self.hint = hint
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `file:line:column: error: message`, then the line with a caret under the place, then the hint.
  package var description: String {
    var lines = ["\(location): \(severity.rawValue): \(message)"]
    if let excerpt {
      lines.append(excerpt)
      let before = excerpt.unicodeScalars.prefix(max(0, Int(location.column) - 1))
      lines.append(
        String(before.map { $0 == "\t" ? "\t" : " " }) + "^" + String(repeating: "~", count: max(0, length - 1)))
    }
    if let hint { lines.append("  \(hint)") }
    return lines.joined(separator: "\n")
  }
}
