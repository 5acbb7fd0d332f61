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

/// An error that a person looks for in a spec.
package protocol LocatedError: Error {
  /// nil if no spec asks for what failed.
  var diagnostic: Diagnostic? { get }
}

extension Diagnostic: CustomStringConvertible {
  /// `file:line:column: error: message`, then the line with a caret under the place, then the hint.
  package var description: String {
    var lines = ["\(location): \(severity.rawValue): \(Diagnostic.shown(message))"]
    // A longer line would show nobody where in it the place is.
    if let excerpt, excerpt.unicodeScalars.count <= Diagnostic.longest {
      lines.append(Diagnostic.shown(excerpt))
      let before = excerpt.unicodeScalars.prefix(max(0, Int(location.column) - 1))
      lines.append(
        String(before.map { $0 == "\t" ? "\t" : " " }) + "^" + String(repeating: "~", count: max(0, length - 1)))
    }
    if let hint { lines.append("  \(Diagnostic.shown(hint))") }
    return lines.joined(separator: "\n")
  }

  /// All in one line, for logs and records.
  package var line: String {
    "\(location): \(severity.rawValue): \(Diagnostic.shown(message))" + (hint.map { "; \(Diagnostic.shown($0))" } ?? "")
  }

  private static let longest = 400

  /// What a spec has in it is shown and does not speak to the terminal: control characters (ECMA-48) become the
  /// pictures that Unicode has for them, from U+2400 on.
  private static func shown(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > longest || scalars.contains(where: { isControl($0) }) else { return text }
    let kept = scalars.prefix(longest).map { isControl($0) ? picture(of: $0) : $0 }
    return String(String.UnicodeScalarView(kept)) + (scalars.count > longest ? "…" : "")
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control && scalar != "\t" && scalar != "\n"
  }

  private static func picture(of control: Unicode.Scalar) -> Unicode.Scalar {
    control.value < 0x20 ? Unicode.Scalar(0x2400 + control.value) ?? "\u{FFFD}" : "\u{2421}"
  }
}
