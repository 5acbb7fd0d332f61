import Model

extension RuleRaiser {
  /// `left OP value`
  mutating func match(value loaded: Loaded, _ comparison: ComparisonOperator, _ bytes: Bytes) {
    if case .payload(let slice) = loaded.operand, comparison == .equal || comparison == .notEqual,
      context.field(at: slice) == nil, matchSlice(slice, comparison, bytes)
    {
      return
    }
    let shape = context.shape(of: loaded.operand)
    let value = constant(bytes, in: loaded, shape)
    if comparison == .equal, case .meta(_, tunnel: nil) = loaded.operand,
      let dependency = context.dependency(loaded.operand, is: value.bigEndianValue)
    {
      append(dependency)
      return
    }
    if case .masked(let operand, let and?, nil, nil) = loaded.operand {
      matchMasked(operand, and, comparison, value)
      return
    }
    if shape.type.isString, bytes.count < shape.byteLength {
      appendMatch(loaded.operand, shape, comparison, ValueText.wildcard(bytes, length: bytes.count))
      return
    }
    if shape.type == .ipv4Address || shape.type == .ipv6Address, bytes.count < shape.byteLength {
      // A prefix of whole bytes is compared as such.
      let address = Bytes(Array(bytes) + Array(repeating: 0, count: shape.byteLength - bytes.count))
      appendMatch(loaded.operand, shape, comparison, "\(values.text(address, as: shape))/\(bytes.count * 8)")
      return
    }
    let text: String
    if case .masked = loaded.operand {
      text = makeWriter().flagText(value, shape, parenthesized: false)
    } else {
      text = plain(value, shape, comparison)
    }
    appendMatch(loaded.operand, shape, comparison, text, equalTo: comparison == .equal ? value.bigEndianValue : nil)
  }

  /// A comparison of flags with `==` is not the same as one without an operator, which asks for any of them.
  private func plain(_ value: Bytes, _ shape: ValueShape, _ comparison: ComparisonOperator) -> String {
    guard shape.type.isBitmask, value.count <= 8 else { return values.text(value, as: shape) }
    return values.flags(value.bigEndianValue, shape, separator: " | ")
  }

  /// As the register holds it → most significant byte first, as wide as the field.
  func constant(_ bytes: Bytes, in loaded: Loaded, _ shape: ValueShape) -> Bytes {
    let order = loaded.order == .unspecified ? shape.order : loaded.order
    let value = shape.canonical(bytes, order: order).shiftedRight(loaded.shift)
    return shape.type.isString ? value : value.resized(to: max(shape.byteLength, 1))
  }

  /// Bytes that are not one field: the begin of an address, neighbouring fields, or nothing known.
  private mutating func matchSlice(_ slice: PacketSlice, _ comparison: ComparisonOperator, _ bytes: Bytes) -> Bool {
    if let reference = context.field(beginningAt: slice), slice.length == bytes.count * 8 {
      let shape = context.shape(of: .payload(slice))
      if reference.definition.type == .ipv4Address || reference.definition.type == .ipv6Address {
        let address = Bytes(Array(bytes) + Array(repeating: 0, count: shape.byteLength - bytes.count))
        appendMatch(.payload(slice), shape, comparison, "\(values.text(address, as: shape))/\(slice.length)")
        return true
      }
    }
    guard comparison == .equal, let parts = context.fields(filling: slice), parts.count > 1 else { return false }
    var offset = 0
    for (part, _) in parts {
      let value = bytes.shiftedRight(slice.length - offset - part.length).resized(to: (part.length + 7) / 8)
      let spare = value.count * 8 - part.length
      let masked = spare == 0 ? value : Bytes([value[0] & 0xFF >> UInt8(spare)] + Array(value.dropFirst()))
      let shape = context.shape(of: .payload(part))
      appendMatch(.payload(part), shape, .equal, plain(masked, shape, .equal), equalTo: masked.bigEndianValue)
      offset += part.length
    }
    return true
  }

  /// `left & mask OP value`, and the shorter ways to say it.
  private mutating func matchMasked(
    _ operand: RaisedOperand, _ mask: Bytes, _ comparison: ComparisonOperator, _ value: Bytes
  ) {
    var shape = context.shape(of: operand)
    let isEquality = comparison == .equal || comparison == .notEqual
    if isEquality, shape.type.isBitmask, value.isZero, mask.count <= 8 {
      // `&` with something left over is what a match of flags without an operator means.
      let flags = values.flags(mask.bigEndianValue, shape, separator: ",")
      appendMatch(operand, text: comparison == .notEqual ? flags : "! \(flags)")
      return
    }
    if isEquality, shape.type == .ipv4Address || shape.type == .ipv6Address, let length = mask.prefixLength,
      length % 8 != 0
    {
      // Prefixes of whole bytes are compared without a mask.
      appendMatch(operand, shape, comparison, "\(values.text(value, as: shape))/\(length)")
      return
    }
    if isEquality, case .payload(var slice) = operand, slice.base == .inner, let run = mask.runOfOnes {
      slice.offset += run.lowerBound
      slice.length = run.count
      let part = value.shiftedRight(mask.count * 8 - run.upperBound)
      appendMatch(.payload(slice), shape, comparison, values.text(part, as: shape))
      return
    }
    if shape.type == .integer { shape.isHexadecimal = true }
    var writer = makeWriter()
    let left = writer.text(of: .masked(operand, and: mask, xor: nil, or: nil))
    let right = writer.flagText(value, shape, parenthesized: false)
    append("\(left) \(comparison == .equal ? "==" : Self.symbol(of: comparison)) \(right)", needs: writer.uses)
  }

  mutating func matchRange(value loaded: Loaded, from: Bytes, through: Bytes, inverted: Bool) {
    let shape = context.shape(of: loaded.operand)
    let first = constant(from, in: loaded, shape)
    let last = constant(through, in: loaded, shape)
    if inverted, let around = values.hoursOutside(first, last, shape) {
      appendMatch(loaded.operand, text: around)
      return
    }
    // Never as a prefix, which would be compiled to a mask: not what this rule has.
    let text = "\(values.bound(first, as: shape))-\(values.bound(last, as: shape))"
    appendMatch(loaded.operand, text: (inverted ? "!= " : "") + text)
  }

  mutating func matchSet(_ set: SetReference, key: Register, inverted: Bool) {
    let (operand, parts) = takeKey(from: key, length: definition(of: set).map { Int($0.keyLength) })
    var writer = makeWriter()
    let left = writer.text(of: operand)
    let right = writer.text(of: set, keyedBy: operand, in: parts)
    let isMasked = if case .masked = operand { true } else { false }
    append("\(left) \(inverted ? "!= " : isMasked ? "== " : "")\(right)", needs: writer.uses)
    if case .anonymous(let definition) = set, !inverted, definition.elements.allSatisfy({ $0.end == nil }) {
      learn(operand, isOneOf: definition.elements.map(\.key.bigEndianValue))
    }
  }

  mutating func verdictMap(_ set: SetReference, key: Register) {
    let (operand, parts) = takeKey(from: key, length: definition(of: set).map { Int($0.keyLength) })
    var writer = makeWriter()
    let left = writer.text(of: operand)
    append("\(left) vmap \(writer.text(of: set, keyedBy: operand, in: parts))", needs: writer.uses)
  }

  /// - Parameters:
  ///   - shape: the operand's.
  ///   - value: what the operand is known to be after the match.
  private mutating func appendMatch(
    _ operand: RaisedOperand, _ shape: ValueShape, _ comparison: ComparisonOperator, _ right: String,
    equalTo value: UInt64? = nil
  ) {
    // Without an operator, flags would be asked for one by one.
    let mustSayEqual = shape.type.isBitmask && shape.type != .conntrackLabel && comparison == .equal
    let symbol = mustSayEqual ? "== " : comparison == .equal ? "" : Self.symbol(of: comparison) + " "
    appendMatch(operand, text: symbol + right, equalTo: value)
  }

  private mutating func appendMatch(_ operand: RaisedOperand, text right: String, equalTo value: UInt64? = nil) {
    var writer = makeWriter()
    let left = writer.text(of: operand)
    let dependency = value.flatMap { context.dependency(operand, is: $0) }
    append(left + " " + right, needs: writer.uses, dependency: dependency)
    if let value { learn(operand, is: value) }
  }

  private static func symbol(of comparison: ComparisonOperator) -> String {
    switch comparison {
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    }
  }
}
