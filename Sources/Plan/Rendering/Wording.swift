import Model
import RuleLanguage

/// How things are said in nft's language. What goes is printed in the kernel's table and what comes in the spec's, for
/// a set's type says how the constants beside it are written.
struct Wording: Sendable {
  private let old: [TableID: TableText]
  private let new: [TableID: TableText]
  private let names: (any NameResolver)?

  init(current: NetworkState, desired: NetworkState, names: (any NameResolver)?) {
    let texts = { (tables: [Table]) in
      Dictionary(tables.map { ($0.id, TableText(of: $0, names: names)) }) { first, _ in first }
    }
    old = texts(current.tables)
    new = texts(desired.tables)
    self.names = names
  }

  /// What writes the table's parts, as `isOld` says.
  func table(_ id: TableID, isOld: Bool) -> TableText {
    (isOld ? old[id] ?? new[id] : new[id] ?? old[id]) ?? TableText(of: Table(id: id), names: names)
  }

  /// - Parameter isOld: whether it stands in the kernel's table or in the spec's.
  func text(of rule: Rule, in id: TableID, isOld: Bool) -> String { table(id, isOld: isOld).text(of: rule) }

  func text(of policy: ChainPolicy) -> String { "policy \(policy == .accept ? "accept" : "drop")" }

  /// With all it holds.
  func lines(of table: Table) -> [String] { indented(TableText.lines(of: table, names: names)) }

  /// Without rules.
  func lines(of chain: Chain, in id: TableID, isOld: Bool) -> [String] {
    indented(table(id, isOld: isOld).lines(of: chain))
  }

  func lines(of set: SetDefinition, in id: TableID, isOld: Bool) -> [String] {
    indented(table(id, isOld: isOld).lines(of: set))
  }

  func elements(_ elements: [SetElement], of set: SetDefinition, in id: TableID, isOld: Bool) -> [String] {
    var set = set
    set.elements = elements
    return table(id, isOld: isOld).elements(of: set)
  }

  func lines(of object: StatefulObject, in id: TableID, isOld: Bool) -> [String] {
    indented(table(id, isOld: isOld).lines(of: object))
  }

  func lines(of flowtable: Flowtable, in id: TableID, isOld: Bool) -> [String] {
    indented(table(id, isOld: isOld).lines(of: flowtable))
  }

  /// Two spaces for each tabulator, which a sign in front of the line would put out of step.
  private func indented(_ lines: [String]) -> [String] {
    lines.map { line in
      let tabulators = line.prefix { $0 == "\t" }.count
      return String(repeating: "  ", count: tabulators) + line.dropFirst(tabulators)
    }
  }
}
