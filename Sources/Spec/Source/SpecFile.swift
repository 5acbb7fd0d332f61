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
  func line(_ number: Int32) -> String? { lines([number])[number] }

  /// Line and column of a byte.
  func place(ofByte offset: Int) -> YAMLBuilder.Place {
    let before = bytes.prefix(offset)
    let line = before.reduce(Int32(1)) { $1 == 0x0A ? $0 + 1 : $0 }
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
    return YAMLBuilder.Place(line: line, column: Int32(column))
  }

  /// What stands in these lines, in one pass over the file.
  func lines(_ numbers: Set<Int32>) -> [Int32: String] {
    var lines: [Int32: String] = [:]
    var number: Int32 = 1
    var start = bytes.startIndex
    for index in bytes.indices where bytes[index] == 0x0A {
      if numbers.contains(number) { lines[number] = readable(start..<index) }
      number += 1
      start = index + 1
    }
    if numbers.contains(number) { lines[number] = readable(start..<bytes.endIndex) }
    return lines
  }

  /// nil if nobody could read it at a glance.
  private func readable(_ line: Range<Int>) -> String? {
    let text = bytes[line].last == 0x0D ? bytes[line].dropLast() : bytes[line]
    return text.count <= 400 ? String(decoding: text, as: UTF8.self) : nil
  }
}
