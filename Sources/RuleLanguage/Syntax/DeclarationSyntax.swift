package import Model

/// A set or map as it is declared; its elements follow as commands of their own.
package struct SetSyntax: Sendable {
  package enum DataType: Sendable {
    /// `type a . b`
    case type([Word])
    /// `typeof ip saddr . tcp dport`
    case typeof(ExpressionSyntax)
  }

  package enum MapData: Sendable {
    /// `interval` stands before the type in nat maps.
    case value(DataType, isInterval: Bool)
    case verdict
    /// `counter`, `quota`, `limit`, `ct helper` (as one word), `synproxy`, `secmark` …
    case object(Word)
  }

  package var name: Word
  /// `map` was written; then `data` must be there.
  package var isMap: Bool
  package var key: DataType?
  package var data: MapData?
  package var flags: [Word]
  /// In milliseconds.
  package var timeout: UInt64?
  /// In milliseconds.
  package var garbageCollectionInterval: UInt64?
  package var size: UInt32?
  /// `performance` or `memory`
  package var policy: Word?
  package var mergesElements: Bool
  /// `counter`, `limit` …: each element gets a copy.
  package var statements: [StatementSyntax]
  package var comment: Word?
  package var span: Span

  package init(name: Word, isMap: Bool, span: Span) {
    self.name = name
    self.isMap = isMap
    self.flags = []
    self.mergesElements = false
    self.statements = []
    self.span = span
  }
}

package struct ChainSyntax: Sendable {
  /// `type filter hook input device "eth0" priority filter + 10`
  package struct Hook: Sendable {
    package var type: Word
    package var hook: Word
    package var devices: [Word]
    package var priority: PrioritySyntax
    package var span: Span

    package init(type: Word, hook: Word, devices: [Word], priority: PrioritySyntax, span: Span) {
      self.type = type
      self.hook = hook
      self.devices = devices
      self.priority = priority
      self.span = span
    }
  }

  package var name: Word
  package var hook: Hook?
  package var policy: Word?
  /// `offload`
  package var flags: [Word]
  package var comment: Word?
  package var span: Span

  package init(name: Word, span: Span) {
    self.name = name
    self.flags = []
    self.span = span
  }
}

/// `filter`, `-10`, `filter + 10`
package struct PrioritySyntax: Sendable {
  package var name: Word?
  /// Added to what the name means.
  package var offset: Int32
  package var span: Span

  package init(name: Word?, offset: Int32, span: Span) {
    self.name = name
    self.offset = offset
    self.span = span
  }
}

package struct FlowtableSyntax: Sendable {
  package var name: Word
  package var hook: Word?
  package var priority: PrioritySyntax?
  package var devices: [Word]
  /// `offload`
  package var flags: [Word]
  package var hasCounter: Bool
  package var span: Span

  package init(name: Word, span: Span) {
    self.name = name
    self.devices = []
    self.flags = []
    self.hasCounter = false
    self.span = span
  }
}

/// A named object: `counter`, `quota`, `limit`, `ct helper` …
package struct ObjectSyntax: Sendable {
  package enum Body: Sendable {
    case counter(packets: UInt64, bytes: UInt64)
    case quota(bytes: UInt64, used: UInt64, inverted: Bool)
    case limit(LimitSyntax)
    case synproxy(SynproxySyntax)
    case secmark(context: Word)
    case conntrackHelper(type: Word, transport: Word, family: Word?)
    /// Seconds by the state's name.
    case conntrackTimeout(transport: Word, family: Word?, policy: [(state: Word, seconds: UInt32)])
    /// `timeout` in milliseconds.
    case conntrackExpectation(transport: Word, family: Word?, port: UInt16, timeout: UInt64, size: UInt8)
    /// `delete counter x`: only the name counts.
    case absent
  }

  package var kind: ObjectKind
  package var name: Word
  package var body: Body
  package var comment: Word?
  package var span: Span

  package init(kind: ObjectKind, name: Word, body: Body, comment: Word? = nil, span: Span) {
    self.kind = kind
    self.name = name
    self.body = body
    self.comment = comment
    self.span = span
  }
}
