/// A key that a selector such as `meta`, `ct`, `rt` or `socket` reads: one number of the kernel's, with its type.
package struct SelectorKey: Sendable {
  package let name: String
  /// The kernel's number (`NFT_META_*`, `NFT_CT_*` …).
  package let number: UInt32
  package let type: DataType
  /// In bits.
  package let length: Int
  package let byteOrder: ByteOrder

  init(_ name: String, _ number: UInt32, _ type: DataType, _ length: Int, _ byteOrder: ByteOrder) {
    self.name = name
    self.number = number
    self.type = type
    self.length = length
    self.byteOrder = byteOrder
  }
}

/// Keys by word and by number.
package struct KeyTable: Sendable {
  package let keys: [SelectorKey]
  private let byName: [String: Int]
  /// The kernel counts its keys from 0.
  private let byNumber: [SelectorKey?]

  init(_ keys: [SelectorKey], aliases: [String: String] = [:]) {
    self.keys = keys
    let names = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1.name, $0) })
    byName = names.merging(
      aliases.compactMap { alias, name in names[name].map { (alias, $0) } }, uniquingKeysWith: { first, _ in first })
    let count = keys.map(\.number).max().map { Int($0) + 1 } ?? 0
    byNumber = (0..<count).map { number in keys.first { $0.number == number } }
  }

  package subscript(name name: some StringProtocol) -> SelectorKey? { byName[String(name)].map { keys[$0] } }
  package func key(numbered number: UInt32) -> SelectorKey? { number < byNumber.count ? byNumber[Int(number)] : nil }
}
