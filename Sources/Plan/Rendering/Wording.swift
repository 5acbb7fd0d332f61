import Model
import RuleLanguage

/// How things are said in nft's language; rules are printed in the table that they stand in.
struct Wording {
  private let old: [TableID: Table]
  private let new: [TableID: Table]

  init(current: NetworkState, desired: NetworkState) {
    old = Dictionary(current.tables.map { ($0.id, $0) }) { first, _ in first }
    new = Dictionary(desired.tables.map { ($0.id, $0) }) { first, _ in first }
  }

  /// - Parameter isOld: whether it stands in the kernel's table or in the spec's.
  func text(of rule: Rule, in id: TableID, chain: String, isOld: Bool) -> String {
    let text = BytecodeListing(table: id, chain: chain).lines(of: rule).dropFirst().joined(separator: " ")
    return rule.comment.map { "\(text) comment \"\($0)\"" } ?? text
  }

  func text(of policy: ChainPolicy) -> String { "policy \(policy == .accept ? "accept" : "drop")" }

  /// `table inet edge`, with flags and comment.
  func line(of table: Table) -> String {
    var text = "table \(table.id)"
    if table.flags.contains(.dormant) { text += " { flags dormant; }" }
    if let comment = table.comment { text += " comment \"\(comment)\"" }
    return text
  }

  /// With all it holds.
  func lines(of table: Table) -> [String] {
    var parts = table.objects.map { lines(of: $0) } + table.flowtables.map { lines(of: $0, in: table.id) }
    parts += table.sets.map { lines(of: $0) }
    parts += table.chains.map { chain in
      let rules = chain.rules.map { "  " + text(of: $0, in: table.id, chain: chain.name, isOld: true) }
      return lines(of: chain, in: table.id).dropLast() + rules + ["}"]
    }
    return [line(of: table) + " {"] + parts.joined().map { "  " + $0 } + ["}"]
  }

  /// Without rules.
  func lines(of chain: Chain, in id: TableID?) -> [String] {
    var body: [String] = []
    if let comment = chain.comment { body.append("comment \"\(comment)\"") }
    if let base = chain.base, let family = id?.family { body.append(header(of: base, family)) }
    return block("chain \(chain.name)", body)
  }

  /// `type filter hook input priority filter; policy drop;`
  func header(of base: BaseChain, _ family: Family) -> String {
    let hooks = Hooks.of(family)
    var text = "type \(base.type) hook \(hooks.numbers.name(of: UInt64(base.hook)) ?? "\(base.hook)")"
    if let device = base.devices.first {
      text += base.devices.count == 1 ? " device \"\(device)\"" : " devices = { \(list(base.devices)) }"
    }
    let priority = hooks.priorities.name(of: UInt64(bitPattern: Int64(base.priority))) ?? "\(base.priority)"
    return "\(text) priority \(priority); \(self.text(of: base.policy));"
  }

  func lines(of set: SetDefinition) -> [String] {
    let keyword = set.flags.contains(.map) || set.flags.contains(.object) ? "map" : "set"
    var body: [String] = []
    if let size = set.size { body.append("size \(size)") }
    if let timeout = set.timeout { body.append("timeout \(timeout)ms") }
    if let comment = set.userdata.comment { body.append("comment \"\(comment)\"") }
    if !set.elements.isEmpty {
      body.append("elements = { \(elements(set.elements, of: set).joined(separator: ", ")) }")
    }
    return block("\(keyword) \(set.name)", body)
  }

  func elements(_ elements: [SetElement], of set: SetDefinition) -> [String] {
    elements.map { "\($0.key)\($0.end.map { "-\($0)" } ?? "")" }
  }

  func lines(of object: StatefulObject) -> [String] {
    block("\(object.body.withoutState)", object.comment.map { ["comment \"\($0)\""] } ?? [])
  }

  func lines(of flowtable: Flowtable, in id: TableID) -> [String] {
    let hooks = Hooks.of(.netdev)
    return block(
      "flowtable \(flowtable.name)",
      [
        "hook \(hooks.numbers.name(of: UInt64(flowtable.hook)) ?? "ingress") priority \(flowtable.priority)",
        "devices = { \(list(flowtable.devices)) }",
      ])
  }

  private func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

  private func block(_ heading: String, _ body: [String]) -> [String] {
    ["\(heading) {"] + body.map { "  " + $0 } + ["}"]
  }
}
