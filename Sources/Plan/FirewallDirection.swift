import Model

/// Whether a change of the firewall only lets more through, as far as its form tells.
///
/// Only what certainly loosens counts: rules that end in `accept` coming or rules that end in `drop` or `reject` going,
/// a policy of accept, elements of sets that only such rules look into, a whole filter table going. Whatever else there
/// is (jumps, address translation, marks) makes it a change that may tighten.
struct FirewallDirection {
  private enum Effect {
    case none, loosens, tightens, unknown

    var opposite: Effect {
      switch self {
      case .loosens: .tightens
      case .tightens: .loosens
      case .none, .unknown: self
      }
    }
  }

  /// False also for no change at all.
  let onlyLoosens: Bool

  init(of tables: TablesDifference, desired: [Table]) {
    let byID = Dictionary(desired.map { ($0.id, $0) }) { first, _ in first }
    let effects = tables.tables.flatMap { FirewallDirection.effects(of: $0, desired: byID[$0.id]) }
    onlyLoosens = effects.contains(.loosens) && effects.allSatisfy { $0 == .loosens || $0 == .none }
  }

  private static func effects(of table: TableDifference, desired: Table?) -> [Effect] {
    switch table.kind {
    // A filter hook more can only hold back more; one less lets more through.
    case .added: return [.tightens]
    case .remade: return [.unknown]
    case .removed:
      guard case .removeTable(let gone) = table.changes.first else { return [.unknown] }
      return [gone.chains.allSatisfy { $0.base == nil || $0.base?.type == "filter" } ? .loosens : .unknown]
    case .changed: return table.changes.map { effect(of: $0, in: desired) }
    }
  }

  private static func effect(of change: Change, in table: Table?) -> Effect {
    switch change {
    case .addRule(_, _, let rule, _): effect(of: rule)
    case .removeRule(_, _, let rule): effect(of: rule).opposite
    case .changePolicy(_, _, _, let to): to == .accept ? .loosens : .tightens
    case .addChain(_, let chain): effect(of: chain)
    case .removeChain(_, let chain): effect(of: chain).opposite
    case .addElements(_, let set, let elements): effect(of: elements, in: set, table)
    case .removeElements(_, let set, let elements): effect(of: elements, in: set, table).opposite
    case .addSet, .removeSet, .addObject, .removeObject: .none
    default: .unknown
    }
  }

  private static func effect(of chain: Chain) -> Effect {
    guard let base = chain.base else { return .none }
    return base.type != "filter" ? .unknown : base.policy == .drop ? .tightens : .none
  }

  private static func effect(of rule: Rule) -> Effect {
    var effect = Effect.none
    for expression in rule.expressions {
      switch expression {
      case .verdict(.accept): effect = .loosens
      case .verdict(.drop), .reject: effect = .tightens
      case .compare, .range, .bitwise, .shift, .byteOrder, .payload, .meta, .conntrack, .extensionHeader, .counter,
        .limit, .log, .immediate, .routing, .fib, .socket:
        break
      case .lookup(_, _, let data, _): if data != nil { return .unknown }
      default: return .unknown
      }
    }
    return effect
  }

  private static func effect(of elements: [SetElement], in set: SetDefinition, _ table: Table?) -> Effect {
    guard set.data == nil, let table else { return .unknown }
    let users = table.chains.flatMap(\.rules).filter { rule in rule.refers { $0 == .set(set.name) } }
    let effects = users.map { rule in
      let isInverted = rule.expressions.contains {
        if case .lookup(.named(set.name), _, _, true) = $0 { true } else { false }
      }
      return isInverted ? effect(of: rule).opposite : effect(of: rule)
    }
    guard let first = effects.first else { return .none }
    return effects.allSatisfy { $0 == first } ? first : .unknown
  }
}
