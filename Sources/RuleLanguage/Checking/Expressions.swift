import Model

/// From the syntax of a value to a typed operand: selectors, operators, concatenations and maps.
extension RuleChecker {
  /// - Parameter expected: the types of what the value is written to or compared with; they give constants a meaning
  ///   and maps their data.
  mutating func operand(_ syntax: ExpressionSyntax, expected: [ValueType]? = nil) throws(SyntaxError) -> Operand {
    let single = expected?.count == 1 ? expected?[0] : nil
    switch syntax.kind {
    case .selector(let selector): return try operand(selector, expected: single)
    case .parenthesized(let inner): return try operand(inner, expected: expected)
    case .binary(let operation, let left, let right):
      return try binary(operation, left, right, expected: single, at: syntax.span)
    case .concatenation(let parts): return try concatenation(parts, expected: expected, at: syntax.span)
    case .map(let key, let map): return try self.map(key: key, map, expected: expected, at: syntax.span)
    default:
      guard let single else {
        throw SyntaxError("expected something that a packet or its connection has", at: syntax.span)
      }
      return Operand(.constant(try literals.value(syntax, as: single)), single, span: syntax.span)
    }
  }

  private mutating func concatenation(
    _ parts: [ExpressionSyntax], expected: [ValueType]?, at span: Span
  ) throws(SyntaxError) -> Operand {
    if let expected, expected.count != parts.count {
      throw SyntaxError("expected \(expected.count) values, here are \(parts.count)", at: span)
    }
    var operands: [Operand] = []
    for (index, part) in parts.enumerated() {
      try requireFixedWidth(part)
      operands.append(try operand(part, expected: expected.map { [$0[index]] }))
    }
    let width = operands.reduce(0) { $0 + $1.value.slots * 32 }
    guard width <= 512 else {
      throw SyntaxError("the concatenation is longer than the 64 bytes of the kernel's registers", at: span)
    }
    return Operand(
      .concatenation(operands), ValueType(.invalid, order: .unspecified, width: width), span: span)
  }

  private mutating func binary(
    _ operation: ExpressionSyntax.BinaryOperator, _ leftSyntax: ExpressionSyntax, _ rightSyntax: ExpressionSyntax,
    expected: ValueType?, at span: Span
  ) throws(SyntaxError) -> Operand {
    let isShift = operation == .shiftLeft || operation == .shiftRight
    if leftSyntax.isConstant, rightSyntax.isConstant {
      guard let expected else { throw SyntaxError("expected something that a packet or its connection has", at: span) }
      let whole = ExpressionSyntax(.binary(operation, leftSyntax, rightSyntax), span)
      return Operand(.constant(try literals.value(whole, as: expected)), expected, span: span)
    }
    if leftSyntax.isConstant {
      guard !isShift else { throw SyntaxError("only a constant can be the count of a shift", at: rightSyntax.span) }
      return try binary(operation, rightSyntax, leftSyntax, expected: expected, at: span)
    }
    var left = try operand(leftSyntax, expected: expected.map { [$0] }).settled
    // What is written in the machine's order is computed in it.
    if expected?.order == .host { left = left.converted(to: .host) }
    guard !left.isConcatenation else { throw SyntaxError("a concatenation cannot be computed with", at: span) }
    if isShift { return try shift(operation, left, rightSyntax, expected: expected, at: span) }
    // The result is as wide as what it is written to; a constant may use all of that.
    let width = max(left.value.width, expected?.width ?? 0)
    let size = max(left.size, expected?.size ?? 0)
    var value = left.value
    value.width = width
    if rightSyntax.isConstant {
      let constant = try literals.value(rightSyntax, as: value)
      let order = left.value.order
      let right = Operand(
        .constant(constant), ValueType(value.type, order: order, width: width), size: size, span: rightSyntax.span)
      return Operand(.binary(operation, left, right), value, size: size, span: span)
    }
    let right = try operand(rightSyntax, expected: expected.map { [$0] }).settled.converted(to: left.value.order)
    return Operand(.binary(operation, left, right), value, size: size, span: span)
  }

  private func shift(
    _ operation: ExpressionSyntax.BinaryOperator, _ left: Operand, _ count: ExpressionSyntax, expected: ValueType?,
    at span: Span
  ) throws(SyntaxError) -> Operand {
    guard count.isConstant else { throw SyntaxError("only a constant can be the count of a shift", at: count.span) }
    let bits = try literals.value(count, as: ValueType(.integer, order: .host, width: 32))
    let width = max(left.value.width, expected?.width ?? 0)
    guard bits < UInt128(max(width, 1)) else {
      throw SyntaxError("cannot shift \(width) bits by \(bits)", at: span)
    }
    let operand = left.value.isNetworkOrder && left.size == 1 ? left : left.converted(to: .host)
    var value = operand.value
    value.order = .host
    value.width = operation == .shiftLeft ? width : left.value.width
    let right = Operand(.constant(bits), ValueType(.integer, order: .host, width: 32), span: count.span)
    return Operand(.binary(operation, operand, right), value, size: max(left.size, expected?.size ?? 0), span: span)
  }

  // MARK: Maps

  /// What is looked up; the parts of a concatenation that are known without a packet are of the types that a named
  /// set says.
  mutating func lookupKey(_ key: ExpressionSyntax, in set: ExpressionSyntax) throws(SyntaxError) -> Operand {
    guard case .concatenation(let parts) = key.kind, parts.contains(where: \.isConstant),
      case .setReference(let name) = set.kind
    else { return try operand(key) }
    return try operand(key, expected: try declared(name, at: set.span).key)
  }

  private mutating func map(
    key: ExpressionSyntax, _ map: ExpressionSyntax, expected: [ValueType]?, at span: Span
  ) throws(SyntaxError) -> Operand {
    try requireFixedWidth(key)
    let keyOperand = try lookupKey(key, in: map)
    switch map.kind {
    case .setReference(let name):
      let set = try declared(name, at: map.span)
      guard case .values(let data, _)? = set.data else {
        throw SyntaxError("\(name) is not a map that gives values", at: map.span)
      }
      if let expected { try requireSame(data, expected, at: span) }
      return mapResult(try matching(keyOperand, set, at: span), .named(name), data, at: span)
    case .set(let elements):
      guard let expected else { throw SyntaxError("nothing says which type the map's data have", at: map.span) }
      let lookup = try anonymous(
        elements, key: keyOperand, key, data: .values(expected, isInterval: false), at: map.span)
      return mapResult(lookup.key, .anonymous(lookup.set), expected, at: span)
    default: throw SyntaxError("expected a map", at: map.span, hint: "expected { key : value, … } or @name")
    }
  }

  /// `ct saddr` is as wide as the packet's address, which a set's key cannot be.
  private func requireFixedWidth(_ syntax: ExpressionSyntax) throws(SyntaxError) {
    guard case .selector(let selector) = syntax.kind, case .conntrack(_, nil, let key) = selector.kind,
      key.text == "saddr" || key.text == "daddr"
    else { return }
    throw SyntaxError(
      "ct \(key.text) does not say which protocol", at: syntax.span, hint: "write ip \(key.text) or ip6 \(key.text)")
  }

  private func mapResult(_ key: Operand, _ map: SetReference, _ data: [ValueType], at span: Span) -> Operand {
    if data.count == 1 { return Operand(.map(key, map), data[0], span: span) }
    let width = data.reduce(0) { $0 + $1.slots * 32 }
    return Operand(.map(key, map), ValueType(.invalid, order: .unspecified, width: width), span: span)
  }

  func declared(_ name: String, at span: Span) throws(SyntaxError) -> SetDeclaration {
    if let own = declaredSets.first(where: { $0.definition.name == name }) { return own }
    guard let set = compiler.declarations.set(name) else { throw SyntaxError("set \(name) does not exist", at: span) }
    return set
  }

  func requireSame(_ found: [ValueType], _ expected: [ValueType], at span: Span) throws(SyntaxError) {
    let isSame = found.count == expected.count && zip(found, expected).allSatisfy(Self.isSame)
    guard isSame else {
      let title = { (types: [ValueType]) in types.map(\.type.title).joined(separator: " . ") }
      throw SyntaxError("expected \(title(expected)), this is \(title(found))", at: span)
    }
  }

  static func isSame(_ left: ValueType, _ right: ValueType) -> Bool {
    left.type == right.type
      || left.type == .integer && right.type.properties.base == .integer && left.size == right.size
      || right.type == .integer && left.type.properties.base == .integer && left.size == right.size
  }

  /// The key as the named set wants it.
  func matching(_ key: Operand, _ set: SetDeclaration, at span: Span) throws(SyntaxError) -> Operand {
    try requireSame(key.parts.map(\.value), set.key, at: key.span)
    var result = key
    if case .concatenation(let parts) = key.node {
      result.node = .concatenation(
        zip(parts, set.key).map { $0.converted(to: set.isInterval ? .network : $1.order) })
    } else {
      result = key.converted(to: set.isInterval ? .network : set.key[0].order)
    }
    return result
  }

  /// A set or map without a name, and the key as it must be looked up.
  /// - Parameter written: the key as it was written, which nft needs to print a concatenation's values of no type of
  ///   their own.
  func anonymous(
    _ elements: [ElementSyntax], key: Operand, _ written: ExpressionSyntax, data: SetDeclaration.Data?, at span: Span
  ) throws(SyntaxError) -> (set: SetDefinition, key: Operand) {
    guard !elements.isEmpty else { throw SyntaxError("the set is empty", at: span) }
    var key = key
    let isTransferable = !key.isConcatenation && Self.isTransferable(elements, data)
    let parts = isTransferable ? [key.value] : key.settled.parts.map(\.value)
    var checker = ElementChecker(compiler: compiler, key: parts, data: data, isInterval: false)
    checker.isConcatenation = key.isConcatenation
    if isTransferable { checker.transfer = key.takeTransferable(isEquality: false) } else { key = key.settled }
    if !key.isConcatenation { checker.size = key.size }
    var set = try checker.anonymousSet(elements, at: span)
    if key.isConcatenation { set.userdata.keyTypeof = TypeofEncoder(compiler: compiler).encodeIfTold(written) }
    if set.flags.contains(.interval) {
      if case .concatenation(let parts) = key.node {
        key.node = .concatenation(parts.map { $0.converted(to: .network) })
      } else {
        key = key.converted(to: .network)
      }
    }
    return (set, key)
  }
}

extension RuleChecker {
  /// nft shifts the elements rather than the key only where each has a value, and never those of a map of objects.
  private static func isTransferable(_ elements: [ElementSyntax], _ data: SetDeclaration.Data?) -> Bool {
    if case .object? = data { return false }
    return !elements.contains { element in
      if case .catchAll = element.key.kind { return true }
      return false
    }
  }
}

extension ExpressionSyntax {
  /// The key of a set that has one element alone, which nft compares with instead.
  var onlyElement: ExpressionSyntax? {
    guard case .set(let elements) = kind, elements.count == 1, elements[0].data == nil else { return nil }
    switch elements[0].key.kind {
    case .set: return elements[0].key.onlyElement
    case .catchAll, .concatenation: return nil
    default: return elements[0].key
    }
  }

  /// Whether it is known without a packet.
  var isConstant: Bool {
    switch kind {
    case .word, .number, .string: true
    case .parenthesized(let inner): inner.isConstant
    case .binary(_, let left, let right): left.isConstant && right.isConstant
    case .list(let items): items.allSatisfy(\.isConstant)
    case .prefix(let inner, _): inner.isConstant
    default: false
    }
  }
}

extension Operand {
  /// What can be done to the other side of a comparison instead: taken off here, to be applied there.
  /// - Parameter isEquality: each value is compared for itself, not as part of an interval.
  mutating func takeTransferable(isEquality: Bool) -> [(ExpressionSyntax.BinaryOperator, UInt128)] {
    var taken: [(ExpressionSyntax.BinaryOperator, UInt128)] = []
    while case .binary(let operation, let inner, let right) = node, let constant = right.constant {
      switch operation {
      case .shiftRight where field != nil: taken.append((.shiftLeft, constant))
      case .xor where isEquality: taken.append((.xor, constant))
      default: return taken
      }
      let (field, metaKey, kept) = (field, metaKey, value)
      self = inner
      value.width = kept.width
      value.type = kept.type
      (self.field, self.metaKey) = (field, metaKey)
    }
    return taken
  }
}
