import Model

/// `SELECTOR set VALUE`
extension RuleChecker {
  mutating func checkAssignment(
    _ selector: SelectorSyntax, _ value: ExpressionSyntax, at span: Span
  ) throws(SyntaxError) {
    if case .set = value.kind { throw SyntaxError("a set of values cannot be written", at: value.span) }
    switch selector.kind {
    case .meta(let word): try setMeta(word, value)
    case .conntrack(let direction, let family, let key):
      try setConntrack(direction: direction, family: family, key: key, value, at: span)
    case .header, .rawPayload: try setPayload(selector, value)
    case .tcpOption, .rawTCPOption: try setOption(selector, value)
    default: throw SyntaxError("this cannot be written", at: selector.span)
    }
  }

  /// The value in the type and order of what it is written to.
  mutating func argument(_ syntax: ExpressionSyntax, _ type: ValueType) throws(SyntaxError) -> Operand {
    if !syntax.isConstant, case .concatenation = syntax.kind {
      throw SyntaxError("expected one value", at: syntax.span)
    }
    let operand = try self.operand(syntax, expected: [type]).settled
    if operand.constant == nil, !Self.isAssignable(operand, to: type) {
      throw SyntaxError("expected \(type.type.title), this is \(operand.value.type.title)", at: syntax.span)
    }
    return operand.size == 1 ? operand : operand.converted(to: type.order)
  }

  /// What is not of the same type must be an integer. A field of its own width is no number of another; a part of a
  /// byte was computed to one.
  private static func isAssignable(_ operand: Operand, to type: ValueType) -> Bool {
    let value = operand.value
    if value.type == type.type, value.type != .integer { return true }
    if let field = operand.innermost.field, field.length % 8 != 0 || field.offset % 8 != 0 { return true }
    guard value.type == .integer else { return false }
    guard case .load(.payload) = operand.node else { return true }
    return value.width == type.width
  }

  private mutating func setMeta(_ word: Word, _ value: ExpressionSyntax) throws(SyntaxError) {
    let key = try self.key(word, in: .meta, of: "meta")
    let writable: Set<String> = ["mark", "priority", "nftrace", "pkttype", "secmark", "broute"]
    guard writable.contains(key.name) else { throw SyntaxError("meta \(word.text) cannot be written", at: word.span) }
    if key.name == "broute", family != .bridge {
      throw SyntaxError("meta broute is known in bridge tables alone", at: word.span)
    }
    if key.name == "secmark" { return try checkObject(kind: "secmark", value) }
    emit(try argument(value, ValueType(key.type, order: key.byteOrder, width: key.length)), slot: 0)
    output.append(.metaSet(MetaKey(rawValue: key.number), from: Register(slot: 0)))
  }

  private mutating func setConntrack(
    direction: Word?, family: Word?, key word: Word, _ value: ExpressionSyntax, at span: Span
  ) throws(SyntaxError) {
    if ["helper", "timeout", "expectation"].contains(word.text) {
      return try checkObject(kind: "ct " + word.text, value)
    }
    let key = try self.key(word, in: .conntrack, of: "ct")
    let writable: Set<String> = ["mark", "label", "zone", "event", "secmark"]
    guard writable.contains(key.name), family == nil else {
      throw SyntaxError("ct \(word.text) cannot be written", at: word.span)
    }
    var side: ConntrackDirection?
    if let direction {
      guard key.name == "zone", direction.text == "original" || direction.text == "reply" else {
        throw SyntaxError("ct \(word.text) cannot be written for one direction", at: direction.span)
      }
      side = direction.text == "original" ? .original : .reply
    }
    emit(try argument(value, ValueType(key.type, order: key.byteOrder, width: key.length)), slot: 0)
    output.append(.conntrackSet(ConntrackKey(rawValue: key.number), direction: side, from: Register(slot: 0)))
  }

  private mutating func setOption(_ selector: SelectorSyntax, _ value: ExpressionSyntax) throws(SyntaxError) {
    let target = try operand(selector)
    guard case .load(.extensionHeader(let field, _)) = target.node, field.flags == 0 else {
      throw SyntaxError("only a whole field of an option can be written", at: selector.span)
    }
    emit(try argument(value, target.value), slot: 0)
    output.append(.extensionHeaderSet(field, from: Register(slot: 0)))
  }

  mutating func checkReset(_ selector: SelectorSyntax) throws(SyntaxError) {
    guard case .tcpOption(_, nil) = selector.kind,
      case .load(.extensionHeader(var field, _)) = try operand(selector).node
    else { throw SyntaxError("expected a tcp option", at: selector.span) }
    field.flags = 0
    field.length = 0
    output.append(.extensionHeaderReset(field))
  }
}

extension Operand {
  /// What is computed with first.
  fileprivate var innermost: Operand {
    guard field == nil else { return self }
    switch node {
    case .binary(_, let left, _): return left.innermost
    case .convert(_, let inner): return inner.innermost
    default: return self
    }
  }
}
