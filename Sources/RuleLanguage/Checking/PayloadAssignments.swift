import Model

/// Writing header fields. The kernel writes whole bytes and keeps the Internet checksum right in steps of 16 bits, so
/// what surrounds the field is read first.
extension RuleChecker {
  mutating func setPayload(_ selector: SelectorSyntax, _ value: ExpressionSyntax) throws(SyntaxError) {
    if case .inner = selector.kind {
      throw SyntaxError("a packet inside a tunnel cannot be written", at: selector.span)
    }
    let target = try operand(selector)
    guard let field = target.field, field.base != .tunnel else {
      throw SyntaxError("this field cannot be written", at: selector.span)
    }
    let checksum = self.checksum(of: field)
    let alignsToWords = field.base == .inner || checksum.kind != 0
    var first = field.offset / 8
    var end = (field.offset + field.length + 7) / 8
    let isWhole = field.offset % 8 == 0 && field.length % 8 == 0
    if !isWhole || alignsToWords && (first % 2 != 0 || end % 2 != 0) {
      if alignsToWords { (first, end) = (first - first % 2, end + end % 2) }
      try setBits(field, value, target.value, from: first, to: end)
    } else {
      emit(try argument(value, target.value), slot: 0)
    }
    output.append(
      .payloadSet(
        field.base, offset: UInt32(first), length: UInt32(end - first), from: Register(slot: 0), checksum: checksum))
  }

  private func checksum(of field: Operand.Field) -> PayloadChecksum {
    let header = HeaderProtocol[field.header]
    let coversTransport: UInt32
    if field.header == .unknown || field.header == .udp {
      // A zero UDP checksum means none: the kernel's update of the transport checksum knows that.
      coversTransport = field.base == .inner || field.header == .udp ? 1 : 0
    } else {
      coversTransport =
        header.fields.contains { $0.offset == field.offset && header.pseudoHeader.contains($0.name) } ? 1 : 0
    }
    guard field.header != .udp, let offset = header.checksumOffset else {
      return PayloadChecksum(kind: 0, offset: 0, flags: coversTransport)
    }
    return PayloadChecksum(kind: header.checksumKind, offset: UInt32(offset), flags: coversTransport)
  }

  /// Loads the bytes, replaces the field's bits.
  private mutating func setBits(
    _ field: Operand.Field, _ value: ExpressionSyntax, _ type: ValueType, from first: Int, to end: Int
  ) throws(SyntaxError) {
    let size = end - first
    guard size <= 16 else { throw SyntaxError("the field is too long to be written", at: value.span) }
    let shift = UInt128(end * 8 - field.offset - field.length)
    let fieldMask = lowBits(field.length) << shift
    let (mask, flipped) = try change(field, value, type)
    emitLoad(.payload(field.base, offset: UInt32(first), length: UInt32(size), to: Register(slot: 0)))
    let kept = lowBits(size * 8) & ~fieldMask | mask << shift
    output.append(
      .bitwise(
        from: Register(slot: 0), to: Register(slot: 0), length: UInt32(size),
        mask: registerBytes(kept, size: size, order: .network),
        xor: registerBytes(flipped << shift, size: size, order: .network)))
  }

  /// The new value as `(old & mask) ^ flipped`.
  private mutating func change(
    _ field: Operand.Field, _ value: ExpressionSyntax, _ type: ValueType
  ) throws(SyntaxError) -> (UInt128, UInt128) {
    if value.isConstant { return (0, try compiler.literals.value(value, as: type)) }
    var inner = value
    var steps: [(ExpressionSyntax.BinaryOperator, UInt128)] = []
    while true {
      switch inner.kind {
      case .parenthesized(let next):
        inner = next
        continue
      case .binary(let operation, let left, let right)
      where right.isConstant && operation != .shiftLeft && operation != .shiftRight:
        steps.append((operation, try compiler.literals.value(right, as: type)))
        inner = left
        continue
      case .binary(let operation, let left, let right)
      where left.isConstant && operation != .shiftLeft && operation != .shiftRight:
        steps.append((operation, try compiler.literals.value(left, as: type)))
        inner = right
        continue
      default: break
      }
      break
    }
    guard case .selector = inner.kind, let source = try operand(inner).field, source.base == field.base,
      source.offset == field.offset, source.length == field.length
    else {
      throw SyntaxError(
        "a part of a byte can be set to a constant or changed by one alone", at: value.span,
        hint: "as in: ip dscp set ip dscp | 1")
    }
    var (mask, flipped) = (lowBits(field.length), UInt128(0))
    for (operation, constant) in steps.reversed() {
      switch operation {
      case .and: (mask, flipped) = (mask & constant, flipped & constant)
      case .or: (mask, flipped) = (mask & ~constant, flipped & ~constant | constant)
      default: flipped ^= constant
      }
    }
    return (mask, flipped)
  }
}
