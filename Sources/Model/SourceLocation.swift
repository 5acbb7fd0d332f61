/// A place in a spec file that a person wrote.
package struct SourceLocation: Hashable, Sendable {
  /// The path as the user named it.
  package var file: String
  /// Counted from 1; 0 stands for the file (or folder) as a whole.
  package var line: Int32
  /// Counted from 1, in Unicode scalars.
  package var column: Int32

  package init(file: String, line: Int32, column: Int32) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// The file as a whole.
  package init(file: String) { self.init(file: file, line: 0, column: 0) }
}

extension SourceLocation: CustomStringConvertible {
  /// `file:line:column`, which editors and terminals can follow.
  package var description: String { line == 0 ? file : "\(file):\(line):\(column)" }
}
