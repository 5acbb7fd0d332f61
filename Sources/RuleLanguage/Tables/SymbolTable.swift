/// Names that stand for numbers of one data type, in the order in which nft(8) describes them.
package final class SymbolTable: Sendable {
  package let entries: [(name: String, value: UInt64)]
  private let values: [String: UInt64]
  private let names: [UInt64: String]

  /// Of two names for one number the first is the one that is printed; of two numbers for one name the first counts.
  package init(_ entries: KeyValuePairs<String, UInt64>) {
    self.entries = entries.map { ($0.key, $0.value) }
    values = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    names = Dictionary(entries.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
  }

  package func value(of name: some StringProtocol) -> UInt64? { values[String(name)] }
  package func name(of value: UInt64) -> String? { names[value] }
}
