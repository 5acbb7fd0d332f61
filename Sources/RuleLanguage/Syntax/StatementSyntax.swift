/// A rule: statements in order, and its comment.
package struct RuleSyntax: Sendable {
  package var statements: [StatementSyntax]
  package var comment: Word?
  package var span: Span

  package init(statements: [StatementSyntax], comment: Word? = nil, span: Span) {
    self.statements = statements
    self.comment = comment
    self.span = span
  }
}

/// One statement of a rule, of a set's declaration or of an element.
package struct StatementSyntax: Sendable {
  package var kind: Kind
  package var span: Span

  package init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }

  package enum Kind: Sendable {
    indirect case match(MatchSyntax)
    /// `key vmap { … }` or `key vmap @name`
    indirect case verdictMap(key: ExpressionSyntax, ExpressionSyntax)
    indirect case verdict(VerdictSyntax)
    /// `SELECTOR set VALUE`: meta, ct (also `helper`, `timeout`, `expectation`), header fields, options.
    indirect case assign(SelectorSyntax, ExpressionSyntax)
    case counter(packets: UInt64, bytes: UInt64)
    indirect case limit(LimitSyntax)
    /// Bytes. Inverted is `over`.
    case quota(bytes: UInt64, used: UInt64, inverted: Bool)
    /// `ct count [over] N`
    case connectionLimit(count: UInt32, inverted: Bool)
    /// `last [used TIME|never]`, in milliseconds.
    case last(used: UInt64?)
    /// `counter name X`, where X may be a map expression; kinds are nft's words.
    indirect case object(kind: Word, ExpressionSyntax)
    indirect case log(LogSyntax)
    indirect case reject(RejectSyntax)
    indirect case nat(NatSyntax)
    case noTrack
    indirect case queue(target: ExpressionSyntax?, flags: [Word])
    /// `dup to address [device name]`; in netdev tables `dup to device`, which stands in `address` too.
    indirect case duplicate(to: ExpressionSyntax, device: ExpressionSyntax?)
    /// `fwd to device`, `fwd ip to address device name`
    indirect case forward(family: Word?, to: ExpressionSyntax, device: ExpressionSyntax?)
    /// `tproxy [ip|ip6] to [address][:port]`
    indirect case tproxy(family: Word?, address: ExpressionSyntax?, port: ExpressionSyntax?)
    case synproxy(SynproxySyntax)
    /// `flow add @name`
    indirect case flowAdd(Word)
    indirect case setUpdate(SetUpdateSyntax)
    /// `meter name [size N] { key statement }`, the old form of `add @name`; it declares the set too.
    indirect case meter(name: Word, size: UInt32?, ElementSyntax)
    /// `reset tcp option name`
    indirect case resetOption(SelectorSyntax)
    /// `xt match|target name`: what nft prints for a rule of iptables-nft, and cannot take back.
    indirect case xtables(kind: Word, name: Word)
  }
}

/// `left OP right`, or `left OP right / mask` (flags).
package struct MatchSyntax: Sendable {
  package enum Operator: String, Hashable, Sendable {
    /// None written: equal, in a set, or a flag set, as the types have it.
    case implicit = ""
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    /// `!` alone: none of the flags.
    case not = "!"
  }

  package var left: ExpressionSyntax
  package var `operator`: Operator
  package var right: ExpressionSyntax
  package var mask: ExpressionSyntax?

  package init(
    left: ExpressionSyntax, operator: Operator, right: ExpressionSyntax, mask: ExpressionSyntax? = nil
  ) {
    self.left = left
    self.operator = `operator`
    self.right = right
    self.mask = mask
  }
}

package struct VerdictSyntax: Sendable {
  package enum Kind: Sendable {
    case accept, drop, `continue`, `return`
    case jump(Target)
    case goto(Target)
  }

  package enum Target: Sendable {
    case name(Word)
    /// `jump { … }`
    case anonymous([RuleSyntax])
  }

  package var kind: Kind
  package var span: Span

  package init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }
}

/// `limit rate [over] N[ UNIT]/TIME [burst N UNIT]`
package struct LimitSyntax: Sendable {
  package enum Unit: Hashable, Sendable { case packets, bytes }

  /// In packets or bytes (`kbytes` are already multiplied).
  package var rate: UInt64
  package var unit: Unit
  /// 1, 60, 3600, 86400 or 604800.
  package var seconds: UInt64
  /// In the rate's unit; nil for nft's default (5 packets; 0 bytes).
  package var burst: UInt64?
  package var isInverted: Bool

  package init(rate: UInt64, unit: Unit, seconds: UInt64, burst: UInt64?, isInverted: Bool) {
    self.rate = rate
    self.unit = unit
    self.seconds = seconds
    self.burst = burst
    self.isInverted = isInverted
  }
}

package struct LogSyntax: Sendable {
  package var prefix: Word?
  package var group: UInt16?
  package var snapLength: UInt32?
  package var queueThreshold: UInt16?
  /// `emerg` … `debug`, `audit`
  package var level: Word?
  /// `tcp sequence` stands as `tcp sequence`, `tcp options` likewise; `all`, `ip options`, `skuid`, `ether`.
  package var flags: [Word]

  package init() { flags = [] }
}

package struct RejectSyntax: Sendable {
  /// `icmp`, `icmpv6`, `icmpx`, or `tcp` (reset); nil for the family's default.
  package var kind: Word?
  /// After `icmp type` or `icmp`.
  package var code: ExpressionSyntax?

  package init(kind: Word? = nil, code: ExpressionSyntax? = nil) {
    self.kind = kind
    self.code = code
  }
}

package struct NatSyntax: Sendable {
  package enum Kind: String, Hashable, Sendable { case snat, dnat, masquerade, redirect }

  /// What the value after `to` gives, where it is said.
  package enum Shape: Hashable, Sendable {
    case plain
    /// `snat ip prefix to …`
    case prefix
    /// `dnat ip addr . port to …`
    case addressAndPort
    /// `snat ip interval to …`, an older word; the map's data are ranges.
    case interval
  }

  package var kind: Kind
  /// `ip` or `ip6`
  package var family: Word?
  package var shape: Shape
  package var address: ExpressionSyntax?
  package var port: ExpressionSyntax?
  /// `random`, `fully-random`, `persistent`
  package var flags: [Word]

  package init(
    kind: Kind, family: Word? = nil, shape: Shape = .plain, address: ExpressionSyntax? = nil,
    port: ExpressionSyntax? = nil, flags: [Word] = []
  ) {
    self.kind = kind
    self.family = family
    self.shape = shape
    self.address = address
    self.port = port
    self.flags = flags
  }
}

package struct SynproxySyntax: Hashable, Sendable {
  package var mss: UInt16?
  package var windowScale: UInt8?
  package var timestamp: Bool
  package var sackPermitted: Bool

  package init(mss: UInt16? = nil, windowScale: UInt8? = nil, timestamp: Bool = false, sackPermitted: Bool = false) {
    self.mss = mss
    self.windowScale = windowScale
    self.timestamp = timestamp
    self.sackPermitted = sackPermitted
  }
}

/// `add|update|delete @name { key [options] [: data] }`
package struct SetUpdateSyntax: Sendable {
  package enum Operation: String, Hashable, Sendable { case add, update, delete }

  package var operation: Operation
  package var set: Word
  /// Key and data may be selectors and map expressions.
  package var element: ElementSyntax

  package init(operation: Operation, set: Word, element: ElementSyntax) {
    self.operation = operation
    self.set = set
    self.element = element
  }
}
