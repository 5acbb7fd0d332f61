/// Text that is put together from pieces.
///
/// Differences have hundreds of thousands of lines, and bytes in an array take a fraction of the time that a `String`
/// takes, which looks at what it is with each piece.
package struct TextWriter: Sendable {
  package private(set) var utf8: [UInt8] = []

  /// - Parameter capacity: how many bytes to expect.
  package init(capacity: Int = 0) { utf8.reserveCapacity(capacity) }

  /// Makes room for that many bytes more.
  package mutating func reserve(_ bytes: Int) { utf8.reserveCapacity(utf8.count + bytes) }

  package var text: String { String(decoding: utf8, as: UTF8.self) }

  package mutating func put(_ text: String) { utf8.append(contentsOf: text.utf8) }

  package mutating func put(_ text: TextWriter) { utf8.append(contentsOf: text.utf8) }

  package mutating func put(spaces count: Int) {
    utf8.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count))
  }

  /// In decimal.
  package mutating func put(_ number: UInt32) {
    if number >= 10 { put(number / 10) }
    utf8.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}
