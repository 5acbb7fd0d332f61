import Model

extension RuleRaiser {
  /// Takes note of what an expression puts into a register; false if it is no load.
  mutating func load(_ expression: Expression) -> Bool {
    switch expression {
    case .immediate(let bytes, let to): store(.constant(bytes), length: bytes.count, order: .unspecified, to: to)
    case .payload(let base, let offset, let length, let to):
      loadPayload(PacketSlice(base: base, offset: Int(offset) * 8, length: Int(length) * 8), to: to)
    case .inner(let type, let headerSize, let flags, let expressions):
      return loadInner(TunnelHeader(type: type, headerSize: headerSize, flags: flags), expressions)
    case .meta(let key, let to): load(.meta(key, tunnel: nil), to: to)
    case .conntrack(let key, let direction, let to): load(.conntrack(key, direction), to: to)
    case .extensionHeader(let field, let to):
      let slice = OptionSlice(
        operation: field.operation, type: field.type, offset: Int(field.offset) * 8, length: Int(field.length) * 8,
        isPresence: field.flags & 1 == 1)
      store(.option(slice), length: Int(field.length), order: .network, to: to)
    case .lookup(let set, let key, let to?, _) where to != .verdict: loadMapped(set, key: key, to: to)
    default: return loadComputed(expression) || loadFromMachine(expression)
    }
    return true
  }

  private mutating func loadFromMachine(_ expression: Expression) -> Bool {
    switch expression {
    case .routing(let key, let to): load(.routing(key), to: to)
    case .numberGenerator(let kind, let modulus, let offset, let to):
      load(.numberGenerator(kind, modulus: modulus, offset: offset), to: to)
    case .jenkinsHash(let from, let length, let modulus, let seed, let offset, let to):
      let key = takeKey(from: from, length: Int(length)).operand
      load(.jenkinsHash(key, modulus: modulus, seed: seed, offset: offset), to: to)
    case .symmetricHash(let modulus, let offset, let to):
      load(.symmetricHash(modulus: modulus, offset: offset), to: to)
    case .fib(let result, let flags, let to): load(.fib(result: result, flags: flags), to: to)
    case .socket(let key, let level, let to): load(.socket(key: key, level: level), to: to)
    case .osFingerprint(let ttl, let flags, let to): load(.osFingerprint(ttl: ttl, flags: flags), to: to)
    case .xfrm(let key, let direction, let number, let to):
      load(.xfrm(key: key, direction: direction, number: number), to: to)
    case .tunnel(let key, _, let to): load(.tunnel(key: key), to: to)
    default: return false
    }
    return true
  }

  private mutating func loadComputed(_ expression: Expression) -> Bool {
    switch expression {
    case .bitwise(let from, let to, let length, let mask, let xor):
      storeMasked(value(in: from), mask, xor, length: Int(length), to: to)
    case .shift(let direction, let from, let to, _, let bits):
      storeShifted(value(in: from), direction, Int(bits), to: to)
    case .bitwiseRegisters(let operation, let from, let with, let to, let length):
      let (left, right) = (value(in: from), value(in: with))
      store(.combined(operation, left.operand, right.operand), length: Int(length), order: left.order, to: to)
    case .byteOrder(let operation, let from, let to, _, _):
      var loaded = value(in: from)
      loaded.order = operation == .networkToHost ? .host : .network
      registers.store(loaded, to: to)
    default: return false
    }
    return true
  }

  private mutating func load(_ operand: RaisedOperand, to register: Register) {
    let shape = context.shape(of: operand)
    store(operand, length: shape.byteLength, order: shape.order == .network ? .network : .host, to: register)
  }

  private mutating func loadPayload(_ slice: PacketSlice, to register: Register) {
    store(.payload(slice), length: slice.length / 8, order: .network, to: register)
  }

  private mutating func loadInner(_ tunnel: TunnelHeader, _ expressions: [Expression]) -> Bool {
    guard expressions.count == 1 else { return false }
    switch expressions[0] {
    case .payload(let base, let offset, let length, let to):
      loadPayload(PacketSlice(base: base, offset: Int(offset) * 8, length: Int(length) * 8, tunnel: tunnel), to: to)
    case .meta(let key, let to): load(.meta(key, tunnel: tunnel), to: to)
    default: return false
    }
    return true
  }

  private mutating func loadMapped(_ set: SetReference, key: Register, to register: Register) {
    let definition = definition(of: set)
    let (operand, parts) = takeKey(from: key, length: definition.map { Int($0.keyLength) })
    var length = 4
    if case .value(_, let bytes)? = definition?.data { length = Int(bytes) }
    store(.map(operand, set, parts: parts), length: length, order: .unspecified, to: register)
  }

  func definition(of set: SetReference) -> SetDefinition? {
    switch set {
    case .named(let name): sets[name]
    case .anonymous(let definition): definition
    }
  }

  // MARK: Masks

  private mutating func storeMasked(_ value: Loaded, _ mask: Bytes, _ xor: Bytes, length: Int, to register: Register) {
    // A byte has no order; wider masks on it are numbers as the machine has them.
    let natural: ByteOrder = value.order == .host || value.length == 1 ? .host : .network
    let shape = ValueShape(.integer, length: mask.count * 8, order: natural)
    let (and, flip) = (shape.canonical(mask), shape.canonical(xor))
    if flip.isZero, let narrowed = narrow(value, to: and) {
      registers.store(narrowed, to: register)
      return
    }
    // The compiler folds `& a | b` into `& (a & ~b) ^ b`; this is the way back.
    let set = and.inverted.combined(with: flip, &)
    let toggle = flip.combined(with: set, ^)
    let keep = and.combined(with: set, |)
    let masked = RaisedOperand.masked(
      value.operand, and: keep.isAllOnes && !flip.isZero ? nil : keep, xor: toggle.isZero ? nil : toggle,
      or: set.isZero ? nil : set)
    var result = value
    result.operand = masked
    if mask.count > 1 { result.order = natural }
    result.length = max(length, value.length)
    registers.store(result, to: register)
  }

  /// A field that is not whole bytes is loaded with its neighbours and masked out.
  private func narrow(_ value: Loaded, to mask: Bytes) -> Loaded? {
    guard let run = mask.runOfOnes else { return nil }
    var result = value
    result.shift = mask.count * 8 - run.upperBound
    switch value.operand {
    case .payload(let slice) where slice.length == mask.count * 8 && context.field(at: slice) == nil:
      var part = slice
      part.offset += run.lowerBound
      part.length = run.count
      guard context.field(at: part) != nil else { return nil }
      result.operand = .payload(part)
    case .option(let slice) where slice.length == mask.count * 8 && !slice.isPresence:
      var part = slice
      part.offset += run.lowerBound
      part.length = run.count
      guard let kind = OptionKind(rawValue: slice.operation),
        kind.option(ofType: slice.type, fieldAt: slice.offset, length: slice.length) == nil,
        kind.option(ofType: slice.type, fieldAt: part.offset, length: part.length) != nil
      else { return nil }
      result.operand = .option(part)
    default: return nil
    }
    return result
  }

  private mutating func storeShifted(_ value: Loaded, _ direction: ShiftDirection, _ bits: Int, to register: Register) {
    var result = value
    if direction == .right, value.shift == bits, bits > 0 {
      result.shift = 0
    } else {
      result.operand = .shifted(value.operand, direction, UInt32(bits))
    }
    registers.store(result, to: register)
  }
}
