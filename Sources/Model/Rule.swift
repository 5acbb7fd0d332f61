/// One rule of a chain.
package struct Rule: Sendable {
  package var expressions: [Expression]
  /// At most 127 bytes (nft(8)).
  package var comment: String?
  /// The kernel's number for it, unique in its table; nil until the kernel has it.
  package var handle: UInt64?
  /// Where it was written; nil for a rule read from the kernel.
  package var origin: SourceLocation?

  package init(
    expressions: [Expression], comment: String? = nil, handle: UInt64? = nil, origin: SourceLocation? = nil
  ) {
    self.expressions = expressions
    self.comment = comment
    self.handle = handle
    self.origin = origin
  }
}

extension Rule: Hashable {
  /// Same effect: handle, origin and what expressions have counted so far do not matter.
  package static func == (left: Rule, right: Rule) -> Bool {
    left.comment == right.comment && left.expressions.count == right.expressions.count
      && zip(left.expressions, right.expressions).allSatisfy { $0.hasSameEffect(as: $1) }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(comment)
    for expression in expressions { hasher.combine(expression.withoutState) }
  }
}

extension Expression {
  /// Equal but for what was counted. Most expressions count nothing and are compared as they stand: tens of
  /// thousands of rules are compared each time a plan is made.
  package func hasSameEffect(as other: Expression) -> Bool {
    switch self {
    case .counter, .quota, .last, .dynamicSet, .nat, .masquerade, .redirect, .conntrack, .log:
      withoutState == other.withoutState
    default: self == other
    }
  }

  /// `NF_NAT_RANGE_MAP_IPS` and `NF_NAT_RANGE_PROTO_SPECIFIED`, which the kernel sets where addresses or ports are given.
  private static let impliedNatFlags: UInt32 = 0x3

  /// `NFT_CT_L3PROTOCOL` and `NFT_CT_PROTOCOL`: the same both ways, and the kernel does not give the direction back
  /// (`nft_ct_get_dump` in net/netfilter/nft_ct.c).
  private static let undirectedKeys = [ConntrackKey(rawValue: 7), ConntrackKey(rawValue: 10)]

  /// The expression as it was before it met a packet: what it has counted is not what it does, and what the kernel
  /// adds or leaves out by itself says nothing.
  package var withoutState: Expression {
    switch self {
    case .counter: .counter(packets: 0, bytes: 0)
    case .quota(let bytes, _, let inverted): .quota(bytes: bytes, consumed: 0, inverted: inverted)
    case .last: .last(milliseconds: nil)
    case .nat(let nat):
      .nat(
        Nat(
          kind: nat.kind, family: nat.family, addresses: nat.addresses, ports: nat.ports,
          flags: nat.flags & ~Self.impliedNatFlags))
    case .masquerade(let ports, let flags): .masquerade(ports: ports, flags: flags & ~Self.impliedNatFlags)
    case .redirect(let ports, let flags): .redirect(ports: ports, flags: flags & ~Self.impliedNatFlags)
    case .conntrack(let key, _?, let register) where Self.undirectedKeys.contains(key):
      .conntrack(key, direction: nil, to: register)
    case .log(let log): .log(log.withoutDefaults)
    case .dynamicSet(let operation, let set, let key, let data, let timeout, let expressions):
      .dynamicSet(
        operation, set: set, key: key, data: data, timeout: timeout, expressions: expressions.map(\.withoutState))
    default: self
    }
  }
}

extension Rule {
  /// The names of the sets that the rule adds to, also in chains without a name.
  package func collectUpdatedSets(into names: inout Swift.Set<String>) {
    for expression in expressions {
      switch expression {
      case .dynamicSet(_, let set, _, _, _, _): names.insert(set)
      case .verdict(.jump(.anonymous(let rules))), .verdict(.goto(.anonymous(let rules))):
        for rule in rules { rule.collectUpdatedSets(into: &names) }
      default: continue
      }
    }
  }
}

extension Log {
  /// `NFT_LOGLEVEL_WARNING` is the level of a log that names none, and the kernel does not tell the two apart
  /// (`nft_log_init` in net/netfilter/nft_log.c); nor does it give back flags that are none.
  fileprivate var withoutDefaults: Log {
    var log = self
    if log.level == 4 { log.level = nil }
    if log.flags == 0 { log.flags = nil }
    return log
  }
}
