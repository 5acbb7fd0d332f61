import Model

/// One file of a source, as it was read.
struct SpecFile: Sendable {
  /// As messages name it: the source's path as the user gave it, and what follows.
  let path: String
  /// Within its root, without links: `site/edge.yaml`.
  let name: String
  /// Which of the paths that the user named it belongs to.
  let root: Int
  /// Only beside a file that the user named: it counts if something refers to it.
  let isBeside: Bool
  let bytes: [UInt8]

  /// What stands in a line, without its end; nil if there is no such line or nobody could read it at a glance.
  /// - Parameter number: counted from 1.
  func line(_ number: Int32) -> String? {
    guard number > 0 else { return nil }
    var start = bytes.startIndex
    for _ in 1..<number {
      guard let end = bytes[start...].firstIndex(of: 0x0A) else { return nil }
      start = end + 1
    }
    let end = bytes[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) ?? bytes.endIndex
    guard end - start <= 400 else { return nil }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Line and column of a byte.
  func place(ofByte offset: Int) -> YAMLBuilder.Place {
    let before = bytes.prefix(offset)
    let line = before.reduce(Int32(1)) { $1 == 0x0A ? $0 + 1 : $0 }
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
    return YAMLBuilder.Place(line: line, column: Int32(column))
  }

  /// The same with the line that it points into, if it points into this file.
  func withExcerpt(_ diagnostic: Diagnostic) -> Diagnostic {
    guard diagnostic.location.file == path, let line = line(diagnostic.location.line) else { return diagnostic }
    var result = diagnostic
    result.excerpt = line
    return result
  }
}
