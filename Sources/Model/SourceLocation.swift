/// A place in a spec file that a person wrote.
package struct SourceLocation: Hashable, Sendable {
  /// The path as the user named it.
  package var file: String
  /// Counted from 1.
  package var line: Int32
  /// Counted from 1, in Unicode scalars.
  package var column: Int32

  package init(file: String, line: Int32, column: Int32) {
    self.file = file
    self.line = line
    self.column = column
  }
}

extension SourceLocation: CustomStringConvertible {
  /// `file:line:column`, which editors and terminals can follow.
  package var description: String { "\(file):\(line):\(column)" }
}
