import Model

private enum PolicyKeyword: String, CaseIterable {
  case family, from, to, iif, oif
  case mark, mask
  case typeOfService = "type-of-service"
  case ipProtocol = "ipproto"
  case sourcePorts = "sport"
  case destinationPorts = "dport"
  case userIDs = "uidrange"
  case isInverted = "not"
  case priority, table, type, goto
  case suppressedPrefixLength = "suppress-prefix-length"
}

/// netplan's names first; those of ip-rule(8) are understood too.
private let policyKeys = KeyTable<PolicyKeyword>(
  "a policy rule",
  synonyms: [
    "fwmark": .mark, "fwmask": .mask, "tos": .typeOfService, "pref": .priority, "preference": .priority,
    "suppress_prefixlength": .suppressedPrefixLength, "dev": .iif,
  ])

/// The kernel takes no other (`fib_rule_port_range_valid` in the kernel's net/fib_rules.h).
private let policyPorts: ClosedRange<UInt16> = 1...UInt16.max - 1

/// A policy rule as it was written.
private struct PolicyDraft {
  var node: Int
  var family: (value: Family, node: Int)?
  var from: (value: IPPrefix, node: Int)?
  var to: (value: IPPrefix, node: Int)?
  var mark: (value: UInt32, node: Int)?
  var mask: (value: UInt32, node: Int)?
  var table: NumberOrName?
  var actions: [(value: PolicyAction, node: Int)] = []
  var ipProtocol: NumberOrName?
  var suppressed: (value: UInt32, node: Int)?
  var priority: UInt32?
  var typeOfService: (value: UInt8, node: Int)?
  /// What needs no check beyond its own.
  var rule = PolicyRule(family: .ipv4, priority: 0, action: .nop)
}

extension SpecDecoder {
  mutating func policy(_ node: Int, into document: inout SpecDocument) {
    var rules: [PolicyRule] = []
    var pending: [SpecDocument.PendingName] = []
    items(of: node, "routingPolicy") { decoder, item in
      let errors = decoder.report.errorCount
      let draft = decoder.policyDraft(item)
      guard decoder.report.errorCount == errors, let rule = decoder.rule(draft) else { return }
      if let table = draft.table, let name = table.name {
        let place = decoder.tree.location(table.node)
        pending.append(.init(target: .policyTable(rules.count), name: name, origin: place))
      }
      if let number = draft.ipProtocol, let name = number.name {
        let place = decoder.tree.location(number.node)
        pending.append(.init(target: .policyProtocol(rules.count), name: name, origin: place))
      }
      rules.append(rule)
    }
    document.policyRules = rules
    document.pendingNames += pending
  }

  private mutating func policyDraft(_ node: Int) -> PolicyDraft {
    var draft = PolicyDraft(node: node)
    fields(of: node, policyKeys) { decoder, key, value in
      switch key {
      case .family:
        let families: [(String, Family)] = [("ipv4", .ipv4), ("ipv6", .ipv6), ("ip", .ipv4), ("ip6", .ipv6)]
        draft.family = decoder.choice(value, "family", families).map { ($0, value) }
      case .from: draft.from = decoder.prefix(value, "from").map { ($0, value) }
      case .to: draft.to = decoder.prefix(value, "to").map { ($0, value) }
      case .iif: draft.rule.incomingInterface = decoder.device(value, "iif")
      case .oif: draft.rule.outgoingInterface = decoder.device(value, "oif")
      case .mark: decoder.mark(value, into: &draft)
      case .mask: draft.mask = decoder.integer(value, "mask", 0...UInt32.max).map { ($0, value) }
      case .typeOfService: draft.typeOfService = decoder.integer(value, "type-of-service", 0...255).map { ($0, value) }
      case .ipProtocol: draft.ipProtocol = decoder.ipProtocol(value)
      case .sourcePorts: draft.rule.sourcePorts = decoder.range(value, "sport", policyPorts)
      case .destinationPorts: draft.rule.destinationPorts = decoder.range(value, "dport", policyPorts)
      // The last number stands for "nobody" (uid_valid in linux/uidgid.h).
      case .userIDs: draft.rule.userIDs = decoder.range(value, "uidrange", 0...UInt32.max - 1)
      case .isInverted: draft.rule.isInverted = decoder.boolean(value, "not") ?? false
      case .priority: draft.priority = decoder.integer(value, "priority", 0...UInt32.max)
      case .table:
        draft.table = decoder.routingTable(value)
        if let table = draft.table { draft.actions.append((.lookup(table: table.number), value)) }
      case .type:
        let types: [(String, PolicyAction)] = [
          ("blackhole", .blackhole), ("unreachable", .unreachable), ("prohibit", .prohibit), ("nop", .nop),
        ]
        if let action = decoder.choice(value, "type", types) { draft.actions.append((action, value)) }
      case .goto:
        if let target = decoder.integer(value, "goto", 1...UInt32.max) { draft.actions.append((.goto(target), value)) }
      case .suppressedPrefixLength:
        draft.suppressed = decoder.integer(value, "suppress-prefix-length", 0...128).map { ($0, value) }
      }
    }
    return draft
  }

  private mutating func rule(_ draft: PolicyDraft) -> PolicyRule? {
    let errors = report.errorCount
    guard let priority = draft.priority else {
      error(
        "a policy rule needs \"priority\"", at: draft.node,
        hint: "without one the kernel chooses, and not the same each time")
      return nil
    }
    guard draft.actions.count == 1, let action = draft.actions.first else {
      error("a policy rule needs one of table, type and goto", at: draft.actions.last?.node ?? draft.node)
      return nil
    }
    guard let family = draft.from?.value.address.family ?? draft.to?.value.address.family ?? draft.family?.value else {
      error("of which family is this policy rule?", at: draft.node, hint: "write family: ipv4 or family: ipv6")
      return nil
    }
    var rule = draft.rule
    rule.family = family
    rule.priority = priority
    rule.action = action.value
    // A prefix of length 0 is none to the kernel, which does not give it back.
    rule.from = draft.from.flatMap { $0.value.isDefault ? nil : $0.value }
    rule.to = draft.to.flatMap { $0.value.isDefault ? nil : $0.value }
    rule.ipProtocol = draft.ipProtocol.map { UInt8(truncatingIfNeeded: $0.number) }
    rule.typeOfService = draft.typeOfService?.value ?? 0
    rule.suppressedPrefixLength = draft.suppressed?.value
    setMark(draft, &rule)
    checkPolicy(draft, rule)
    rule.origin = tree.location(draft.node)
    return report.errorCount == errors ? rule : nil
  }

  /// As fib_nl2rule of the kernel's net/core/fib_rules.c: a mark without a mask is compared whole, and a mark of 0 is
  /// given back as none.
  private mutating func setMark(_ draft: PolicyDraft, _ rule: inout PolicyRule) {
    guard let mark = draft.mark else {
      if let mask = draft.mask { error("mask needs mark", at: mask.node) }
      return
    }
    if mark.value == 0, draft.mask == nil || draft.mask?.value == 0 {
      return error("mark 0 without a mask matches every packet", at: mark.node, hint: "write 0/0xff, or leave it away")
    }
    if let mask = draft.mask, mark.value & ~mask.value != 0 {
      return error("this mark has bits outside of its mask and matches nothing", at: mark.node)
    }
    rule.mark = mark.value == 0 ? nil : mark.value
    rule.markMask = draft.mask?.value ?? UInt32.max
  }

  private mutating func checkPolicy(_ draft: PolicyDraft, _ rule: PolicyRule) {
    for prefix in [draft.from, draft.to] {
      if let prefix, prefix.value.address.family != rule.family {
        error("\(prefix.value.address) is not of the rule's family", at: prefix.node)
      }
    }
    if let family = draft.family, family.value != rule.family {
      error("the rule's addresses are not of this family", at: family.node)
    }
    if let suppressed = draft.suppressed {
      if case .lookup = rule.action {} else { error("suppress-prefix-length needs table", at: suppressed.node) }
      if rule.family == .ipv4, suppressed.value > 32 {
        error("suppress-prefix-length must be 0 to 32 for IPv4, not \(suppressed.value)", at: suppressed.node)
      }
    }
    if let service = draft.typeOfService, service.value & 3 != 0 {
      error("the two low bits of type-of-service must be 0", at: service.node)
    }
    if case .goto(let target) = rule.action, target <= rule.priority {
      error("goto must lead to a later rule: \(target) is not above \(rule.priority)", at: draft.node)
    }
  }
}

// MARK: - Values

extension SpecDecoder {
  /// A number, or a text `MARK/MASK`.
  private mutating func mark(_ node: Int, into draft: inout PolicyDraft) {
    let parts = tree.isScalar(node) ? tree.bytes(node).split(separator: 0x2F, omittingEmptySubsequences: false) : []
    guard parts.count == 2 else {
      draft.mark = integer(node, "mark", 0...UInt32.max).map { ($0, node) }
      return
    }
    let numbers = parts.map { SpecDecoder.integer($0).flatMap { UInt32(exactly: $0) } }
    guard let mark = numbers[0], let mask = numbers[1] else {
      return mismatch(node, "mark", expected: "MARK or MARK/MASK, as in 0x10/0xff")
    }
    draft.mark = (mark, node)
    draft.mask = (mask, node)
  }

  private mutating func ipProtocol(_ node: Int) -> NumberOrName? {
    if tree.kind(node) == .plain, SpecDecoder.integer(tree.bytes(node)) != nil {
      return integer(node, "ipproto", 1...UInt8.max).map { NumberOrName(number: UInt32($0), node: node) }
    }
    return text(node, "ipproto").map { NumberOrName(number: 0, name: $0, node: node) }
  }

  /// `N` or `FIRST-LAST`.
  private mutating func range<Value: FixedWidthInteger & Sendable>(
    _ node: Int, _ subject: String, _ bounds: ClosedRange<Value>
  ) -> ClosedRange<Value>? {
    if tree.kind(node) == .plain, SpecDecoder.integer(tree.bytes(node)) != nil {
      return integer(node, subject, bounds).map { $0...$0 }
    }
    let parts = tree.isScalar(node) ? tree.bytes(node).split(separator: 0x2D, omittingEmptySubsequences: false) : []
    let numbers = parts.compactMap { SpecDecoder.integer($0).flatMap { Value(exactly: $0) } }
    guard parts.count == 2, numbers.count == 2, numbers[0] <= numbers[1], numbers.allSatisfy(bounds.contains) else {
      mismatch(
        node, subject, expected: "a number or FIRST-LAST within \(bounds.lowerBound)-\(bounds.upperBound)")
      return nil
    }
    return numbers[0]...numbers[1]
  }
}
