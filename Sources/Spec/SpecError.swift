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

  /// Whether further errors are only counted.
  var isFull: Bool { diagnostics.count >= Report.limit }

  /// An error that nobody will read.
  mutating func count() {
    errorCount += 1
    unsaid += 1
  }

  mutating func merge(_ other: Report) {
    add(contentsOf: other.diagnostics)
    unsaid += other.unsaid
    errorCount += other.errorCount - other.diagnostics.count { $0.severity == .error }
  }

  mutating func add(contentsOf more: [Diagnostic]) {
    for diagnostic in more { add(diagnostic) }
  }

  /// With the lines that diagnostics point into, as they stand in the files: rule text in YAML has lost its indentation.
  func withExcerpts(from files: SourceFiles) -> Report {
    var result = self
    let byFile = Dictionary(grouping: diagnostics.indices) { diagnostics[$0].location.file }
    for (path, indices) in byFile {
      guard let file = files.file(shownAs: path) else { continue }
      let lines = file.lines(Set(indices.map { diagnostics[$0].location.line }))
      for index in indices {
        if let line = lines[diagnostics[index].location.line] { result.diagnostics[index].excerpt = line }
      }
    }
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
