package import Model

/// What is wrong with a spec source: everything that was found, at least one thing.
package struct SpecError: Error, Sendable {
  package var diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  init(_ message: String, in file: String, hint: String? = nil) {
    diagnostics = [Diagnostic(.error, message, at: SourceLocation(file: file), hint: hint)]
  }
}

extension SpecError: CustomStringConvertible {
  package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Gathers diagnostics up to a bound: a wrong key in each of 100,000 routes is one mistake, not 100,000.
struct Report: Sendable {
  static let limit = 50

  private(set) var diagnostics: [Diagnostic] = []
  private var unsaid = 0
  private(set) var errorCount = 0

  mutating func add(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { errorCount += 1 }
    if diagnostics.count < Report.limit { diagnostics.append(diagnostic) } else { unsaid += 1 }
  }

  mutating func add(contentsOf more: [Diagnostic]) {
    for diagnostic in more { add(diagnostic) }
  }

  func mapping(_ change: (Diagnostic) -> Diagnostic) -> Report {
    var result = self
    result.diagnostics = diagnostics.map(change)
    return result
  }

  /// Throws if there was an error, with the warnings beside it.
  func check() throws(SpecError) {
    guard errorCount > 0 else { return }
    guard unsaid > 0, let last = diagnostics.last else { throw SpecError(diagnostics) }
    let rest = Diagnostic(
      .error, "\(unsaid) further errors are not shown", at: SourceLocation(file: last.location.file))
    throw SpecError(diagnostics + [rest])
  }
}
