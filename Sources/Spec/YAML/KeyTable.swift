/// The keys that a mapping may have, as data.
struct KeyTable<Key: RawRepresentable & CaseIterable & Sendable>: Sendable where Key.RawValue == String {
  /// What the mapping is, in a sentence: "a route".
  let subject: String
  private let entries: [(bytes: [UInt8], key: Key, ordinal: Int)]

  /// - Parameter synonyms: further names of a key, which are understood and not suggested.
  init(_ subject: String, synonyms: [String: Key] = [:]) {
    self.subject = subject
    let keys = Array(Key.allCases)
    entries =
      keys.enumerated().map { (Array($1.rawValue.utf8), $1, $0) }
      + synonyms.compactMap { name, key in
        keys.firstIndex { $0.rawValue == key.rawValue }.map { (Array(name.utf8), key, $0) }
      }
  }

  /// The key and its number among all keys.
  func find(_ name: ArraySlice<UInt8>) -> (key: Key, ordinal: Int)? {
    for entry in entries where entry.bytes.count == name.count && entry.bytes.elementsEqual(name) {
      return (entry.key, entry.ordinal)
    }
    return nil
  }

  /// What to say about a key that is not among these.
  func hint(for name: String) -> String { Suggestion.hint(for: name, among: Key.allCases.map(\.rawValue)) }
}

/// What somebody who mistyped a word may have meant.
package enum Suggestion {
  /// The one known word that is near, or else all of them.
  package static func hint(for word: String, among known: [String]) -> String {
    if let near = nearest(to: word, among: known) { return "did you mean \"\(near)\"?" }
    return "known are: \(known.joined(separator: ", "))"
  }

  static func nearest(to word: String, among known: [String]) -> String? {
    let plain = { (text: String) in text.lowercased().filter { $0 != "-" && $0 != "_" } }
    if let same = known.first(where: { plain($0) == plain(word) }) { return same }
    let distances = known.map { ($0, distance(Array(word.lowercased().utf8), Array($0.lowercased().utf8))) }
    guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
    // Beyond a third of the word, a suggestion is a guess that confuses.
    return best.1 <= max(1, min(word.utf8.count, best.0.utf8.count) / 3) ? best.0 : nil
  }

  /// How many letters must be put in, left out, replaced or swapped with the next (Damerau, restricted).
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count <= 64, right.count <= 64 else { return .max }
    var rows = Array(repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
    for column in 0...right.count { rows[0][column] = column }
    for row in 0...left.count { rows[row][0] = row }
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    for row in 1...left.count {
      for column in 1...right.count {
        let replaced = rows[row - 1][column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
        var best = min(replaced, rows[row - 1][column] + 1, rows[row][column - 1] + 1)
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          best = min(best, rows[row - 2][column - 2] + 1)
        }
        rows[row][column] = best
      }
    }
    return rows[left.count][right.count]
  }
}
