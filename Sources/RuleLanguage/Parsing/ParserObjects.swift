import Model

extension Parser {
  /// Words that a named object begins with.
  private static let objectWords: [(word: String, kind: ObjectKind)] = [
    ("counter", .counter), ("quota", .quota), ("limit", .limit), ("ct helper", .conntrackHelper),
    ("ct timeout", .conntrackTimeout), ("ct expectation", .conntrackExpectation), ("secmark", .secmark),
    ("synproxy", .synproxy), ("tunnel", .tunnel),
  ]

  static func objectWord(_ kind: ObjectKind) -> String {
    objectWords.first { $0.kind == kind }?.word ?? "object"
  }

  /// The kind of object that the next words name, unread; nil if they name none.
  func objectKind() -> ObjectKind? {
    guard token.kind == .word else { return nil }
    let first = text(token)
    let words = first == "ct" ? "ct \(text(peek()))" : first
    return Self.objectWords.first { $0.word == words }?.kind
  }

  mutating func readObjectKind(_ kind: ObjectKind) throws(SyntaxError) {
    advance()
    if Self.objectWord(kind).hasPrefix("ct ") { advance() }
  }

  /// Behind the kind and the table: the name, then a block or, after `add`, the values themselves.
  mutating func object(
    _ verb: CommandSyntax.Verb, _ kind: ObjectKind, in reference: TableSyntax.Reference, _ start: Int
  ) throws(SyntaxError) {
    let name = try name("an object's name")
    var object = ObjectSyntax(kind: kind, name: name, body: .absent, span: span(from: start))
    if take(.openBrace) {
      try objectBlock(&object)
    } else {
      object.body = try inlineBody(kind)
    }
    try endStatement()
    emit(CommandSyntax(verb, .object(reference, object), object.span))
  }

  private mutating func objectBlock(_ object: inout ObjectSyntax) throws(SyntaxError) {
    var fields = ObjectFields()
    skipSeparators()
    while !at(.closeBrace) {
      if at(.end) { throw unexpected("'}'") }
      if take("comment") {
        object.comment = try string("a comment")
      } else {
        try objectField(object.kind, &fields)
      }
      skipSeparators()
    }
    advance()
    object.body = try fields.body(object.kind, at: object.span)
  }

  private mutating func inlineBody(_ kind: ObjectKind) throws(SyntaxError) -> ObjectSyntax.Body {
    var fields = ObjectFields()
    if !isAtStatementEnd { try objectField(kind, &fields) }
    return try fields.body(kind, at: span(from: previousEnd))
  }

  private mutating func objectField(_ kind: ObjectKind, _ fields: inout ObjectFields) throws(SyntaxError) {
    switch kind {
    case .counter:
      guard at("packets") || at("bytes") else { throw unexpected("packets, bytes, comment or '}'") }
      fields.counter = try counterValues()
    case .quota: fields.quota = try quotaValues()
    case .limit: fields.limit = try limitValues()
    case .synproxy:
      guard ["mss", "wscale", "timestamp", "sack-perm"].contains(where: { at($0) }) else {
        throw unexpected("mss, wscale, timestamp or sack-perm")
      }
      try synproxyFields(&fields)
    case .secmark: fields.context = try string("a security context")
    case .conntrackHelper, .conntrackTimeout, .conntrackExpectation: try conntrackField(&fields)
    case .connectionLimit, .tunnel:
      // Read over: the evaluation refuses them with the name at hand.
      lexer.skipStatement(from: token.start)
      advance()
    }
  }

  private mutating func synproxyFields(_ fields: inout ObjectFields) throws(SyntaxError) {
    let more = try synproxyValues()
    var all = fields.synproxy ?? SynproxySyntax()
    all.mss = more.mss ?? all.mss
    all.windowScale = more.windowScale ?? all.windowScale
    all.timestamp = all.timestamp || more.timestamp
    all.sackPermitted = all.sackPermitted || more.sackPermitted
    fields.synproxy = all
  }

  private mutating func conntrackField(_ fields: inout ObjectFields) throws(SyntaxError) {
    if take("type") {
      fields.type = try string("a helper's name")
    } else if take("protocol") {
      fields.transport = try wordOrNumber("tcp, udp or another protocol")
    } else if take("l3proto") {
      fields.family = try word("ip, ip6 or inet")
    } else if take("dport") {
      fields.port = try number("a port")
    } else if take("timeout") {
      fields.timeout = try milliseconds()
    } else if take("size") {
      fields.size = try number("a number of expectations")
    } else if take("policy") {
      try expect(.assign, "'='")
      fields.policy = try timeoutPolicy()
    } else {
      throw unexpected("type, protocol, l3proto, dport, timeout, size or policy")
    }
  }

  /// `{ established : 2m3s, close : 12 }`
  private mutating func timeoutPolicy() throws(SyntaxError) -> [(state: Word, seconds: UInt32)] {
    try expect(.openBrace, "'{'")
    var result: [(state: Word, seconds: UInt32)] = []
    skipNewlines()
    while !at(.closeBrace) {
      let state = try wordOrNumber("a connection's state")
      try expect(.colon, "':'")
      let place = span(token)
      guard let seconds = UInt32(exactly: try seconds()) else {
        throw SyntaxError("the time is too large", at: place)
      }
      result.append((state, seconds))
      skipNewlines()
      guard take(.comma) else { break }
      skipNewlines()
    }
    try expect(.closeBrace, "',' or '}'")
    return result
  }
}

/// An object's values while its block is read, in whatever order they stand there.
private struct ObjectFields {
  var counter: (packets: UInt64, bytes: UInt64) = (0, 0)
  var quota: (bytes: UInt64, used: UInt64, inverted: Bool)?
  var limit: LimitSyntax?
  var synproxy: SynproxySyntax?
  var context: Word?
  var type: Word?
  var transport: Word?
  var family: Word?
  var port: UInt16?
  var timeout: UInt64?
  var size: UInt8?
  var policy: [(state: Word, seconds: UInt32)]?

  func body(_ kind: ObjectKind, at span: Span) throws(SyntaxError) -> ObjectSyntax.Body {
    func need<Value>(_ value: Value?, _ what: String) throws(SyntaxError) -> Value {
      guard let value else { throw SyntaxError("the object has no \(what)", at: span, hint: "add \(what)") }
      return value
    }
    switch kind {
    case .counter: return .counter(packets: counter.packets, bytes: counter.bytes)
    case .quota:
      let quota = try need(quota, "size")
      return .quota(bytes: quota.bytes, used: quota.used, inverted: quota.inverted)
    case .limit: return .limit(try need(limit, "rate"))
    case .synproxy: return .synproxy(synproxy ?? SynproxySyntax())
    case .secmark: return .secmark(context: try need(context, "security context"))
    case .conntrackHelper:
      return .conntrackHelper(
        type: try need(type, "type"), transport: try need(transport, "protocol"), family: family)
    case .conntrackTimeout:
      return .conntrackTimeout(
        transport: try need(transport, "protocol"), family: family, policy: policy ?? [])
    case .conntrackExpectation:
      return .conntrackExpectation(
        transport: try need(transport, "protocol"), family: family, port: try need(port, "dport"),
        timeout: try need(timeout, "timeout"), size: try need(size, "size"))
    case .connectionLimit, .tunnel: return .absent
    }
  }
}
