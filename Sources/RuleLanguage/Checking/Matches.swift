import Model

extension RuleChecker {
  mutating func check(_ match: MatchSyntax) throws(SyntaxError) {
    let left = try lookupKey(match.left, in: match.right).asked(for: match.right)
    if let mask = match.mask { return try checkMasked(left, match, mask) }
    if let only = match.right.onlyElement, !left.isConcatenation {
      var single = match
      single.right = only
      return try check(left, single)
    }
    try check(left, match)
  }

  private mutating func check(_ left: Operand, _ match: MatchSyntax) throws(SyntaxError) {
    switch match.right.kind {
    case .set(let elements):
      let isInverted = try membership(match.operator, at: match.right.span)
      let lookup = try anonymous(elements, key: left, match.left, data: nil, at: match.right.span)
      if !isInverted { learn(left, in: lookup.set) }
      emit(lookup.key, slot: 0)
      output.append(.lookup(.anonymous(lookup.set), key: Register(slot: 0), to: nil, inverted: isInverted))
    case .setReference(let name):
      let isInverted = try membership(match.operator, at: match.right.span)
      let key = try matching(left, try declared(name, at: match.right.span), at: match.right.span)
      if !isInverted { context.learn(inSomeSet: left) }
      emit(key, slot: 0)
      output.append(.lookup(.named(name), key: Register(slot: 0), to: nil, inverted: isInverted))
    case .range(let from, let through): try checkRange(left, match, from, through)
    case .prefix(let value, let length): try checkPrefix(left, match, value, length: Int(length))
    case .string(let text) where left.value.type == .interfaceName && text.hasSuffix("*") && !text.hasSuffix("\\*"):
      try checkWildcard(left, match, String(text.dropLast()))
    case .word(let text) where left.value.type == .interfaceName && text.hasSuffix("*") && !text.hasSuffix("\\*"):
      try checkWildcard(left, match, String(text.dropLast()))
    default: try checkValue(left, match)
    }
  }

  private func membership(_ operation: MatchSyntax.Operator, at span: Span) throws(SyntaxError) -> Bool {
    switch operation {
    case .implicit, .equal: return false
    case .notEqual: return true
    default:
      throw SyntaxError("a set can be compared with == and != alone", at: span)
    }
  }

  /// Each of a set's values counts, the last one most: it tells which ICMP messages a field may be of.
  private mutating func learn(_ operand: Operand, in set: SetDefinition) {
    guard operand.field != nil || operand.metaKey != nil else { return }
    for element in set.elements where element.end == nil {
      let isHost = operand.value.order == .host
      context.learn(operand, is: UInt128(isHost ? element.key.hostEndianValue : element.key.bigEndianValue))
    }
  }

  private func requireSingle(_ operand: Operand, at span: Span) throws(SyntaxError) {
    guard !operand.isConcatenation else {
      throw SyntaxError("a concatenation is looked up in a set", at: span, hint: "write the value in braces")
    }
  }

  private mutating func checkValue(_ left: Operand, _ match: MatchSyntax) throws(SyntaxError) {
    try requireSingle(left, at: match.right.span)
    guard match.right.isConstant else {
      throw SyntaxError(
        "expected a constant", at: match.right.span, hint: "a packet is compared with known values alone")
    }
    let value = try literals.value(match.right, as: left.value)
    let isFlags = left.value.type.properties.base == .bitmask && left.isPlainLoad
    switch match.operator {
    case .implicit where isFlags: emitFlags(left, value, .notEqual)
    case .not:
      guard isFlags else {
        throw SyntaxError("! asks for flags on its left side", at: left.span, hint: "write != instead")
      }
      emitFlags(left, value, .equal)
    case .implicit, .equal:
      emitMatch(left, .equal, value)
      if left.metaKey == .protocol, tunnel == nil, isOwnProtocol(value) { needless = output.count - 2 }
      learnEverywhere(left, value)
    case .notEqual: emitMatch(left, .notEqual, value)
    case .less: try emitOrder(left, .less, value, at: match.right.span)
    case .lessOrEqual: try emitOrder(left, .lessOrEqual, value, at: match.right.span)
    case .greater: try emitOrder(left, .greater, value, at: match.right.span)
    case .greaterOrEqual: try emitOrder(left, .greaterOrEqual, value, at: match.right.span)
    }
  }

  private func isOwnProtocol(_ etherType: UInt128) -> Bool {
    family == .ipv4 && etherType == 0x0800 || family == .ipv6 && etherType == 0x86DD
  }

  private mutating func learnEverywhere(_ operand: Operand, _ value: UInt128) {
    if case .load(.inner) = operand.node {
      tunnelContext?.learn(operand, is: value)
    } else {
      context.learn(operand, is: value)
    }
  }

  private mutating func emitFlags(_ left: Operand, _ value: UInt128, _ operation: ComparisonOperator) {
    emit(left, slot: 0)
    let size = left.size
    let mask = registerBytes(value, size: size, order: left.value.order)
    let zeros = Bytes(zeros: size)
    let register = Register(slot: 0)
    output.append(.bitwise(from: register, to: register, length: UInt32(size), mask: mask, xor: zeros))
    output.append(.compare(operation, register, zeros))
  }

  private mutating func emitOrder(
    _ left: Operand, _ operation: ComparisonOperator, _ value: UInt128, at span: Span
  ) throws(SyntaxError) {
    guard !left.value.type.isString else { throw SyntaxError("names have no order", at: span) }
    emitMatch(left.converted(to: .network), operation, value)
  }

  private mutating func checkMasked(
    _ left: Operand, _ match: MatchSyntax, _ mask: ExpressionSyntax
  ) throws(SyntaxError) {
    try requireSingle(left, at: match.right.span)
    let value = try literals.value(match.right, as: left.value)
    let bits = try literals.value(mask, as: left.value)
    let masked = Operand(
      .binary(.and, left, Operand(.constant(bits), left.value, size: left.size, span: mask.span)), left.value,
      size: left.size, span: left.span)
    switch match.operator {
    case .implicit, .equal: emitMatch(masked, .equal, value)
    case .notEqual: emitMatch(masked, .notEqual, value)
    default: throw SyntaxError("flags under a mask are compared with == or != alone", at: left.span)
    }
  }

  // MARK: Ranges and prefixes

  private func inversion(_ operation: MatchSyntax.Operator, at span: Span) throws(SyntaxError) -> Bool {
    switch operation {
    case .implicit, .equal: return false
    case .notEqual: return true
    default: throw SyntaxError("a range is compared with == or != alone", at: span)
    }
  }

  private mutating func checkRange(
    _ left: Operand, _ match: MatchSyntax, _ from: ExpressionSyntax, _ through: ExpressionSyntax
  ) throws(SyntaxError) {
    try requireSingle(left, at: match.right.span)
    guard !left.value.type.isString else { throw SyntaxError("names have no order", at: match.right.span) }
    var first = try literals.value(from, as: left.value)
    var last = try literals.value(through, as: left.value)
    var isInverted = try inversion(match.operator, at: match.right.span)
    if first > last {
      // Hours go round midnight, and in UTC they may where local time does not.
      guard left.value.type == .hour else {
        throw SyntaxError("the range ends before it begins", at: match.right.span)
      }
      (first, last) = (last, first)
      isInverted.toggle()
    }
    var key = left
    for (operation, constant) in key.takeTransferable(isEquality: false) {
      first = literals.fold(operation, first, constant)
      last = literals.fold(operation, last, constant)
    }
    key = key.converted(to: .network)
    emit(key, slot: 0)
    output.append(
      .range(
        Register(slot: 0), from: registerBytes(first, size: key.size, order: key.value.order),
        through: registerBytes(last, size: key.size, order: key.value.order), inverted: isInverted))
  }

  private mutating func checkPrefix(
    _ left: Operand, _ match: MatchSyntax, _ value: ExpressionSyntax, length: Int
  ) throws(SyntaxError) {
    try requireSingle(left, at: match.right.span)
    let width = left.value.width
    guard length <= width else {
      throw SyntaxError("prefix length \(length) is more than \(width)", at: match.right.span)
    }
    let operation: ComparisonOperator = try inversion(match.operator, at: match.right.span) ? .notEqual : .equal
    let mask = lowBits(length) << UInt128(width - length)
    let network = try literals.value(value, as: left.value) & mask
    if length == width, left.isPlainLoad { return emitMatch(left, operation, network) }
    if length > 0, length % 8 == 0, left.isPlainLoad, left.value.isNetworkOrder {
      var shortened = left
      shortened.size = length / 8
      shortened.shortenLoad(to: UInt32(length / 8))
      shortened.field = nil
      return emitMatch(shortened, operation, network >> UInt128(width - length))
    }
    let masked = Operand(
      .binary(.and, left, Operand(.constant(mask), left.value, size: left.size, span: left.span)), left.value,
      size: left.size, span: left.span)
    emitMatch(masked, operation, network)
  }

  /// `eth*`: only the characters before the star are compared.
  private mutating func checkWildcard(_ left: Operand, _ match: MatchSyntax, _ text: String) throws(SyntaxError) {
    let operation: ComparisonOperator = try inversion(match.operator, at: match.right.span) ? .notEqual : .equal
    guard !text.isEmpty else {
      throw SyntaxError("a star alone matches every interface", at: match.right.span, hint: "leave the match out")
    }
    guard text.utf8.count < left.size else {
      throw SyntaxError("the name is longer than 15 characters", at: match.right.span)
    }
    emit(left, slot: 0)
    output.append(.compare(operation, Register(slot: 0), Bytes(text.utf8)))
  }

  // MARK: Verdict maps

  mutating func checkVerdictMap(key: ExpressionSyntax, _ map: ExpressionSyntax) throws(SyntaxError) {
    let left = try lookupKey(key, in: map)
    switch map.kind {
    case .set(let elements):
      let lookup = try anonymous(elements, key: left, key, data: .verdict, at: map.span)
      emit(lookup.key, slot: 0)
      output.append(.lookup(.anonymous(lookup.set), key: Register(slot: 0), to: .verdict, inverted: false))
    case .setReference(let name):
      let set = try declared(name, at: map.span)
      guard case .verdict? = set.data else { throw SyntaxError("\(name) is not a verdict map", at: map.span) }
      emit(try matching(left, set, at: map.span), slot: 0)
      output.append(.lookup(.named(name), key: Register(slot: 0), to: .verdict, inverted: false))
    default: throw SyntaxError("expected a verdict map", at: map.span, hint: "expected { key : verdict, … } or @name")
    }
  }
}

extension Operand {
  /// `fib … oif exists` asks whether there is a route, not for an interface.
  fileprivate func asked(for right: ExpressionSyntax) -> Operand {
    guard case .load(.fib(let result, let flags, let register)) = node, result == 1 || result == 2,
      case .word(let word) = right.kind, SymbolTable.boolean.value(of: word) != nil
    else { return self }
    return Operand(
      .load(.fib(result: 1, flags: flags | FibFlag.present, to: register)),
      ValueType(.boolean, order: .host, width: 32), span: span)
  }

  /// Read from the packet and not computed with.
  var isPlainLoad: Bool {
    if case .load = node { return true }
    return false
  }

  /// Loads only the first bytes, where the kernel can.
  mutating func shortenLoad(to length: UInt32) {
    switch node {
    case .load(.payload(let base, let offset, _, let register)):
      node = .load(.payload(base, offset: offset, length: length, to: register))
    case .load(.inner(let type, let headerSize, let flags, let expressions)):
      guard case .payload(let base, let offset, _, let register)? = expressions.first else { return }
      node = .load(
        .inner(
          type: type, headerSize: headerSize, flags: flags,
          expressions: [.payload(base, offset: offset, length: length, to: register)]))
    default: break
    }
  }
}
