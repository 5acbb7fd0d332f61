package import Model

/// Tables and what they hold as `nft -s list ruleset` prints them.
package struct TableText: Sendable {
  private let family: Family
  private let name: String
  private let values: ValueText
  private let rules: RuleText

  /// - Parameter table: gives the family, the name and the sets that rules refer to.
  package init(of table: Table, names: (any NameResolver)? = nil) {
    family = table.id.family
    name = table.id.name
    values = ValueText(names: names)
    rules = RuleText(family: table.id.family, sets: table.sets, names: names)
  }

  /// The whole table, each level indented by a tabulator as nft does it.
  package static func lines(of table: Table, names: (any NameResolver)? = nil) -> [String] {
    let text = TableText(of: table, names: names)
    let header = text.header(of: table)
    let blocks =
      table.objects.map(text.lines(of:)) + table.sets.map { text.lines(of: $0) } + table.flowtables.map(text.lines(of:))
      + table.chains.map(text.lines(of:))
    let body = blocks.joined(separator: [""]).map { $0.isEmpty ? "" : "\t" + $0 }
    return ["table \(table.id) {"] + header.map { "\t" + $0 } + body + ["}"]
  }

  /// `flags` and `comment`
  private func header(of table: Table) -> [String] {
    let flags = [(TableFlags.dormant, "dormant"), (.owner, "owner"), (.persist, "persist")]
      .filter { table.flags.contains($0.0) }.map(\.1)
    return (flags.isEmpty ? [] : ["flags \(flags.joined(separator: ","))"])
      + (table.comment.map { ["comment \"\($0)\""] } ?? [])
  }

  /// One rule, without indentation.
  package func text(of rule: Rule) -> String { rules.text(of: rule) }

  /// A chain with its rules.
  package func lines(of chain: Chain) -> [String] {
    block("chain \(chain.name)", declaration(of: chain) + chain.rules.map { text(of: $0) })
  }

  /// What stands in a chain's block before its rules: comment, hook and policy.
  package func declaration(of chain: Chain) -> [String] {
    let comment = chain.comment.map { ["comment \"\($0)\""] } ?? []
    guard let base = chain.base else { return comment }
    return comment + [ChainText.hook(of: base, family: family)]
  }

  /// A set or map.
  /// - Parameter elements: whether to list them.
  package func lines(of set: SetDefinition, elements: Bool = true) -> [String] {
    let body = SetDeclarationText(family: family, values: values).body(of: set, elements: elements)
    return block("\(set.data == nil ? "set" : "map") \(set.name)", body)
  }

  /// A set's elements, each as it stands between the braces.
  package func elements(of set: SetDefinition) -> [String] {
    SetDeclarationText(family: family, values: values).elements(of: set)
  }

  /// A named counter, quota, limit …
  package func lines(of object: StatefulObject) -> [String] {
    block("\(object.body.kind.map(ObjectText.keyword) ?? "object") \(object.name)", ObjectText.body(of: object))
  }

  package func lines(of flowtable: Flowtable) -> [String] {
    block("flowtable \(flowtable.name)", ChainText.body(of: flowtable))
  }

  private func block(_ head: String, _ body: [String]) -> [String] { ["\(head) {"] + body.map { "\t" + $0 } + ["}"] }
}

/// Where chains and flowtables are hooked in.
enum ChainText {
  /// `type filter hook input priority filter; policy accept;`
  static func hook(of base: BaseChain, family: Family) -> String {
    var text = "type \(base.type) hook \(hookName(base.hook, family))"
    switch base.devices.count {
    case 0: break
    case 1: text += " device \"\(base.devices[0])\""
    default: text += " devices = { \(devices(base.devices)) }"
    }
    text +=
      " priority \(priority(base.priority, hook: base.hook, family: family)); policy \(base.policy == .accept ? "accept" : "drop");"
    return base.isOffloaded ? text + " flags offload;" : text
  }

  static func body(of flowtable: Flowtable) -> [String] {
    var lines = ["hook ingress priority \(priority(flowtable.priority, hook: flowtable.hook, family: .netdev))"]
    if !flowtable.devices.isEmpty { lines.append("devices = { \(devices(flowtable.devices.sorted())) }") }
    if flowtable.flags & 1 != 0 { lines.append("flags offload") }
    if flowtable.flags & 2 != 0 { lines.append("counter") }
    return lines
  }

  private static func devices(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

  private static func hookName(_ hook: UInt32, _ family: Family) -> String {
    Hooks.of(family).numbers.name(of: UInt64(hook)) ?? String(hook)
  }

  /// `filter`, `filter + 5`, or the number where no name is within 10 of it.
  static func priority(_ priority: Int32, hook: UInt32, family: Family) -> String {
    let hooks = Hooks.of(family)
    for (name, value) in hooks.priorities.entries {
      guard isKnown(name, hook: hook, family) else { continue }
      let difference = Int64(priority) - Int64(bitPattern: value)
      switch difference {
      case 0: return name
      case 1...10: return "\(name) + \(difference)"
      case -10 ... -1: return "\(name) - \(-difference)"
      default: continue
      }
    }
    return String(priority)
  }

  /// nft prints the names of translation only where packets are translated: `dstnat` before routing, `srcnat` after.
  private static func isKnown(_ name: String, hook: UInt32, _ family: Family) -> Bool {
    switch name {
    case "dstnat": hookName(hook, family) == "prerouting"
    case "srcnat": hookName(hook, family) == "postrouting"
    case "out": family == .bridge && hookName(hook, family) == "output"
    default: true
    }
  }
}
