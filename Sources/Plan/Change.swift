package import Model

/// One step from what the kernel has towards what the spec wants; the order of steps is the plan's.
///
/// Changes come by the hundred thousand and go from hand to hand: each is one word and what it refers to.
package indirect enum Change: Hashable, Sendable {
  /// The table alone, without what it holds.
  case addTable(Table)
  /// With all that it held, for the record.
  case removeTable(Table)
  /// Flags (dormant) differ; an own table's comment cannot be changed in place.
  case changeTable(from: Table, to: Table)

  /// The chain alone, without rules.
  case addChain(TableID, Chain)
  /// The rules that it had are removed by steps of their own.
  case removeChain(TableID, Chain)
  /// Same hook: only the policy differs.
  case changePolicy(TableID, chain: String, from: ChainPolicy, to: ChainPolicy)

  /// Stands right before the kept rule with the handle `before`, or at the chain's end.
  case addRule(TableID, chain: String, Rule, before: UInt64?)
  /// The rule has its handle.
  case removeRule(TableID, chain: String, Rule)

  /// With its elements.
  case addSet(TableID, SetDefinition)
  case removeSet(TableID, SetDefinition)
  /// `set` is the declaration, its own elements left empty.
  case addElements(TableID, set: SetDefinition, [SetElement])
  case removeElements(TableID, set: SetDefinition, [SetElement])

  case addObject(TableID, StatefulObject)
  case removeObject(TableID, StatefulObject)
  /// What the kernel can change while rules refer to it: a quota or a limit of the same name (`NFT_MSG_NEWOBJ`
  /// over an existing one).
  case changeObject(TableID, from: StatefulObject, to: StatefulObject)

  case addFlowtable(TableID, Flowtable)
  case removeFlowtable(TableID, Flowtable)

  case addRoute(Route)
  case removeRoute(Route)
  /// Same key: one message puts `to` in place of `from`.
  case replaceRoute(from: Route, to: Route)
  case addPolicyRule(PolicyRule)
  case removePolicyRule(PolicyRule)
}
