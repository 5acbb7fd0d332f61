import Model

/// From typed operands to the kernel's expressions. Registers are counted in slots of 4 bytes; whatever is not part
/// of a concatenation begins at a register of 16 bytes, as nft has it.
extension RuleChecker {
  static let slotsPerRegister = 4

  /// What does not fit into the registers is told by `RuleCompiler`, once for the rule.
  mutating func register(_ slot: Int) -> Register {
    if slot > 15 { exceedsRegisters = true }
    return Register(slot: min(slot, 15))
  }

  /// Writes what puts the operand's value into the registers from `slot` on.
  mutating func emit(_ operand: Operand, slot: Int) {
    switch operand.node {
    case .constant(let value):
      let target = register(slot)
      output.append(
        .immediate(registerBytes(value, size: operand.size, order: operand.value.order), to: target))
    case .load(let expression):
      let target = register(slot)
      output.append(expression.loading(to: target))
    case .binary(let operation, let left, let right): emitBinary(operation, left, right, of: operand, slot: slot)
    case .convert(let operation, let inner):
      emit(inner, slot: slot)
      let register = self.register(slot)
      turn(operation, register, size: inner.size)
    case .concatenation(let parts):
      var next = slot
      for part in parts {
        emit(part, slot: next)
        next += part.value.slots
      }
    case .map(let key, let map):
      emit(key, slot: slot)
      let target = register(slot)
      output.append(.lookup(map, key: target, to: target, inverted: false))
    case .hash(let key, let modulus, let seed, let offset):
      emit(key, slot: slot + Self.slotsPerRegister)
      let length = key.isConcatenation ? key.value.size : key.size
      let (source, target) = (register(slot + Self.slotsPerRegister), register(slot))
      output.append(
        .jenkinsHash(
          from: source, length: UInt32(length), modulus: modulus, seed: seed, offset: offset, to: target))
    }
  }

  private mutating func emitBinary(
    _ operation: ExpressionSyntax.BinaryOperator, _ left: Operand, _ right: Operand, of whole: Operand, slot: Int
  ) {
    let register = self.register(slot)
    if operation == .shiftLeft || operation == .shiftRight {
      emit(left, slot: slot)
      if left.value.isNetworkOrder, left.size > 1 {
        turn(.networkToHost, register, size: left.size)
      }
      output.append(
        .shift(
          operation == .shiftLeft ? .left : .right, from: register, to: register, length: UInt32(whole.size),
          bits: UInt32(truncatingIfNeeded: right.constant ?? 0)))
    } else if right.constant != nil {
      emitMasked(whole, slot: slot)
    } else {
      emit(left, slot: slot)
      let other = slot + Self.slotsPerRegister
      emit(right, slot: other)
      let second = self.register(other)
      let kind: BitwiseOperator = operation == .and ? .and : operation == .or ? .or : .xor
      output.append(
        .bitwiseRegisters(kind, from: register, with: second, to: register, length: UInt32(whole.size)))
    }
  }

  /// The kernel turns integers of 2, 4 and 8 bytes (`nft_byteorder_init` in net/netfilter/nft_byteorder.c), and
  /// longer values by such pieces.
  private mutating func turn(_ operation: ByteOrderOperator, _ register: Register, size: Int) {
    guard size == 2 || size % 4 == 0 else {
      cannotBeTurned = true
      return
    }
    let piece: UInt32 = size == 2 ? 2 : size % 8 == 0 ? 8 : 4
    output.append(.byteOrder(operation, from: register, to: register, length: UInt32(size), size: piece))
  }

  /// A chain of operations with constants is one `(value & mask) ^ xor`.
  private mutating func emitMasked(_ operand: Operand, slot: Int) {
    let (base, mask, flipped) = operand.foldedMask()
    emit(base, slot: slot)
    let register = self.register(slot)
    let order = base.value.order
    output.append(
      .bitwise(
        from: register, to: register, length: UInt32(operand.size),
        mask: registerBytes(mask, size: operand.size, order: order),
        xor: registerBytes(flipped, size: operand.size, order: order)))
  }

  /// Compares with a constant, on whose side whatever can be is done.
  mutating func emitMatch(_ left: Operand, _ operation: ComparisonOperator, _ constant: UInt128) {
    var left = left
    var constant = constant
    let isEquality = operation == .equal || operation == .notEqual
    for (step, value) in left.takeTransferable(isEquality: isEquality) {
      constant = literals.fold(step, constant, value)
    }
    if operation == .equal { noteMergeable(left, constant) }
    emit(left, slot: 0)
    output.append(
      .compare(
        operation, Register(slot: 0), registerBytes(constant, size: left.size, order: left.value.order)))
  }
}

extension Operand {
  /// What is masked, with the mask and what is flipped after it.
  func foldedMask() -> (base: Operand, mask: UInt128, flipped: UInt128) {
    guard case .binary(let operation, let left, let right) = node, let constant = right.constant,
      operation != .shiftLeft, operation != .shiftRight
    else { return (self, lowBits(size * 8), 0) }
    var (base, mask, flipped) = left.foldedMask()
    if left.size < size { mask |= lowBits(size * 8) & ~lowBits(left.size * 8) }
    switch operation {
    case .and: (mask, flipped) = (mask & constant, flipped & constant)
    case .or: (mask, flipped) = (mask & ~constant, flipped & ~constant | constant)
    default: flipped ^= constant
    }
    return (base, mask, flipped)
  }
}

extension Expression {
  /// The same load into another register.
  func loading(to register: Register) -> Expression {
    switch self {
    case .payload(let base, let offset, let length, _): .payload(base, offset: offset, length: length, to: register)
    case .meta(let key, _): .meta(key, to: register)
    case .conntrack(let key, let direction, _): .conntrack(key, direction: direction, to: register)
    case .extensionHeader(let field, _): .extensionHeader(field, to: register)
    case .routing(let key, _): .routing(key, to: register)
    case .numberGenerator(let kind, let modulus, let offset, _):
      .numberGenerator(kind, modulus: modulus, offset: offset, to: register)
    case .symmetricHash(let modulus, let offset, _): .symmetricHash(modulus: modulus, offset: offset, to: register)
    case .fib(let result, let flags, _): .fib(result: result, flags: flags, to: register)
    case .socket(let key, let level, _): .socket(key: key, level: level, to: register)
    case .osFingerprint(let ttl, let flags, _): .osFingerprint(ttl: ttl, flags: flags, to: register)
    case .xfrm(let key, let direction, let number, _):
      .xfrm(key: key, direction: direction, spnum: number, to: register)
    case .tunnel(let key, let mode, _): .tunnel(key: key, mode: mode, to: register)
    case .inner(let type, let headerSize, let flags, let expressions):
      .inner(
        type: type, headerSize: headerSize, flags: flags, expressions: expressions.map { $0.loading(to: register) })
    default: self
    }
  }
}
