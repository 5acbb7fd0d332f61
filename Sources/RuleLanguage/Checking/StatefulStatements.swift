import Model

/// Statements that keep state, which sets' elements can carry too.
extension RuleChecker {
  func stateful(_ statement: StatementSyntax) throws(SyntaxError) -> Expression {
    switch statement.kind {
    case .counter(let packets, let bytes): return .counter(packets: packets, bytes: bytes)
    case .limit(let limit):
      let checked = try Self.check(limit, at: statement.span)
      return .limit(
        rate: limit.rate, seconds: limit.seconds, burst: checked, unit: limit.unit == .packets ? .packets : .bytes,
        inverted: limit.isInverted)
    case .quota(let bytes, let used, let inverted): return .quota(bytes: bytes, consumed: used, inverted: inverted)
    case .connectionLimit(let count, let inverted): return .connectionLimit(count: count, inverted: inverted)
    case .last(let used): return .last(milliseconds: used)
    default: throw SyntaxError("expected counter, limit, quota, last or ct count", at: statement.span)
    }
  }

  /// The burst, in the limit's unit.
  static func check(_ limit: LimitSyntax, at span: Span) throws(SyntaxError) -> UInt32 {
    guard limit.rate > 0 else { throw SyntaxError("a rate of zero lets nothing pass", at: span) }
    if limit.unit == .packets, limit.burst == 0 {
      throw SyntaxError("a burst of zero packets lets nothing pass", at: span)
    }
    // nft's own defaults: 5 packets; bytes have none.
    guard let burst = UInt32(exactly: limit.burst ?? (limit.unit == .packets ? 5 : 0)) else {
      throw SyntaxError("the burst is out of range", at: span, hint: "expected at most \(UInt32.max)")
    }
    return burst
  }

  func verdict(_ verdict: VerdictSyntax) throws(SyntaxError) -> Verdict {
    switch verdict.kind {
    case .accept: return .accept
    case .drop: return .drop
    case .continue: return .continue
    case .return: return .return
    case .jump(let target): return .jump(try self.target(target))
    case .goto(let target): return .goto(try self.target(target))
    }
  }

  private func target(_ target: VerdictSyntax.Target) throws(SyntaxError) -> ChainReference {
    switch target {
    case .name(let name):
      guard compiler.declarations.hasChain(name.text) else {
        throw SyntaxError("chain \(name.text) does not exist", at: name.span)
      }
      return .named(name.text)
    case .anonymous(let rules):
      var compiled: [Rule] = []
      for rule in rules { compiled.append(try compiler.compile(rule, in: chain).rule) }
      return .anonymous(compiled)
    }
  }

  mutating func checkObject(kind word: String, _ name: ExpressionSyntax) throws(SyntaxError) {
    guard let kind = ObjectKind(keyword: word) else {
      throw SyntaxError("unknown kind of object \(word)", at: name.span)
    }
    guard case .map(let key, let map) = name.kind else {
      guard let text = name.name else { throw SyntaxError("expected an object's name", at: name.span) }
      guard compiler.declarations.hasObject(kind, text) else {
        throw SyntaxError("\(word) \(text) does not exist", at: name.span)
      }
      output.append(.object(kind, name: text))
      return
    }
    let keyOperand = try operand(key)
    switch map.kind {
    case .set(let elements):
      let lookup = try anonymous(elements, key: keyOperand, key, data: .object(kind), at: map.span)
      emit(lookup.key, slot: 0)
      output.append(.objectMap(.anonymous(lookup.set), key: Register(slot: 0)))
    case .setReference(let reference):
      let set = try declared(reference, at: map.span)
      guard case .object(let found)? = set.data, found == kind else {
        throw SyntaxError("\(reference) is not a map of kind \(word)", at: map.span)
      }
      emit(try matching(keyOperand, set, at: map.span), slot: 0)
      output.append(.objectMap(.named(reference), key: Register(slot: 0)))
    default: throw SyntaxError("expected a map", at: map.span)
    }
  }
}

extension ObjectKind {
  /// nft's words for kinds of objects.
  package init?(keyword: String) {
    let kinds: [String: ObjectKind] = [
      "counter": .counter, "quota": .quota, "limit": .limit, "ct helper": .conntrackHelper,
      "ct timeout": .conntrackTimeout, "ct expectation": .conntrackExpectation, "synproxy": .synproxy,
      "secmark": .secmark, "helper": .conntrackHelper, "timeout": .conntrackTimeout,
      "expectation": .conntrackExpectation, "meta secmark": .secmark,
    ]
    guard let kind = kinds[keyword] else { return nil }
    self = kind
  }
}
