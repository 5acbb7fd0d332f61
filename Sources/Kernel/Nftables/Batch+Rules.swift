import CMnl
import CNftnl
import Model
import Netlink
import Plan

extension Batch {
  /// The chain that a rule goes into.
  enum ChainTarget {
    case named(String)
    /// One without a name, by its number in the batch.
    case numbered(UInt32)
  }

  /// What the rule refers to and has no name comes first: sets with their elements, chains with their rules. The
  /// kernel binds them to the rule as it takes it in, and binds no chain that gets rules afterwards.
  mutating func addRule(
    _ table: TableID, _ chain: ChainTarget, _ rule: Rule, before handle: UInt64?
  ) throws(NotWritable) {
    var anonymous = AnonymousNumbers()
    for expression in rule.expressions { try addAnonymous(expression, table, &anonymous) }
    let flags = UInt16(NLM_F_CREATE) | (handle == nil ? UInt16(NLM_F_APPEND) : 0)
    try message(NFT_MSG_NEWRULE, table, tableKey: NFTA_RULE_TABLE.rawValue, flags: flags) {
      (writer) throws(NotWritable) in
      switch chain {
      case .named(let name): writer.text(NFTA_RULE_CHAIN, name)
      case .numbered(let number): writer.number(NFTA_RULE_CHAIN_ID, number)
      }
      if let handle { writer.number(NFTA_RULE_POSITION, handle) }
      try writer.expressions(NFTA_RULE_EXPRESSIONS, rule.expressions, &anonymous)
      var userdata = Userdata()
      userdata.append(NFTNL_UDATA_RULE_COMMENT, text: rule.comment)
      if !userdata.entries.isEmpty { writer.put(UInt16(NFTA_RULE_USERDATA.rawValue), userdata.bytes) }
    }
  }

  private mutating func addAnonymous(
    _ expression: Expression, _ table: TableID, _ anonymous: inout AnonymousNumbers
  ) throws(NotWritable) {
    switch expression {
    case .lookup(.anonymous(let set), _, _, _), .objectMap(.anonymous(let set), _):
      anonymous.sets.append(try addSet(table, set))
    case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
      let number = nextNumber()
      anonymous.chains.append(number)
      try message(NFT_MSG_NEWCHAIN, table, tableKey: NFTA_CHAIN_TABLE.rawValue, flags: UInt16(NLM_F_CREATE)) {
        (writer) throws(NotWritable) in
        writer.number(NFTA_CHAIN_ID, number)
        writer.number(NFTA_CHAIN_FLAGS, UInt32(NFT_CHAIN_BINDING.rawValue))
      }
      for rule in rules { try addRule(table, .numbered(number), rule, before: nil) }
    default: break
    }
  }

  mutating func removeRule(_ table: TableID, chain: String, _ rule: Rule) throws(NotWritable) {
    guard let handle = rule.handle else { throw NotWritable(what: "the removal of a rule that has no handle") }
    try message(
      NFT_MSG_DELRULE, table, tableKey: NFTA_RULE_TABLE.rawValue, flags: removalFlags(counts: rule.countsPackets)
    ) { (writer) throws(NotWritable) in
      writer.text(NFTA_RULE_CHAIN, chain)
      writer.number(NFTA_RULE_HANDLE, handle)
    }
  }

  /// All rules of a chain.
  /// - Parameter counts: whether any of them does.
  mutating func removeRules(_ table: TableID, chain: String, counts: Bool) throws(NotWritable) {
    try message(
      NFT_MSG_DELRULE, table, tableKey: NFTA_RULE_TABLE.rawValue, flags: removalFlags(counts: counts)
    ) { (writer) throws(NotWritable) in writer.text(NFTA_RULE_CHAIN, chain) }
  }

  private func removalFlags(counts: Bool) -> UInt16 { asksLastCounts && counts ? UInt16(NLM_F_ECHO) : 0 }
}
