package import Model

/// One step from what the kernel has towards what the spec wants; the order of steps is the plan's.
///
/// Rules and routes come by the ten thousand: what else there is stands apart, so that it does not widen them.
package enum Change: Hashable, Sendable {
  /// The table alone, without what it holds.
  indirect case addTable(Table)
  /// With all that it held, for the record.
  indirect case removeTable(Table)
  /// Flags (dormant) differ; an own table's comment cannot be changed in place.
  indirect case changeTable(from: Table, to: Table)

  /// The chain alone, without rules.
  indirect case addChain(TableID, Chain)
  /// The rules that it had are removed by steps of their own.
  indirect case removeChain(TableID, Chain)
  /// Same hook: only the policy differs.
  case changePolicy(TableID, chain: String, from: ChainPolicy, to: ChainPolicy)

  /// Stands right before the kept rule with the handle `before`, or at the chain's end.
  case addRule(TableID, chain: String, Rule, before: UInt64?)
  /// The rule has its handle.
  case removeRule(TableID, chain: String, Rule)

  /// With its elements.
  indirect case addSet(TableID, SetDefinition)
  indirect case removeSet(TableID, SetDefinition)
  /// `set` is the declaration, its own elements left empty.
  indirect case addElements(TableID, set: SetDefinition, [SetElement])
  indirect case removeElements(TableID, set: SetDefinition, [SetElement])

  indirect case addObject(TableID, StatefulObject)
  indirect case removeObject(TableID, StatefulObject)
  /// What the kernel can change while rules refer to it: a quota or a limit of the same name (`NFT_MSG_NEWOBJ`
  /// over an existing one).
  indirect case changeObject(TableID, from: StatefulObject, to: StatefulObject)

  indirect case addFlowtable(TableID, Flowtable)
  indirect case removeFlowtable(TableID, Flowtable)

  case addRoute(Route)
  case removeRoute(Route)
  /// Same key: one message puts `to` in place of `from`.
  indirect case replaceRoute(from: Route, to: Route)
  indirect case addPolicyRule(PolicyRule)
  indirect case removePolicyRule(PolicyRule)
}
