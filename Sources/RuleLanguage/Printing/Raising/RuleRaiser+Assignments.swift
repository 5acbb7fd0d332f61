import Model

extension RuleRaiser {
  /// `target set value`
  mutating func assign(_ expression: Expression) {
    switch expression {
    case .metaSet(let key, let from): assign(.meta(key, tunnel: nil), from: from, named: Self.name(of: key))
    case .conntrackSet(let key, let direction, let from): assign(.conntrack(key, direction), from: from)
    case .extensionHeaderSet(let field, let from):
      assign(.option(Self.slice(of: field)), from: from)
    case .extensionHeaderReset(let field):
      let option = OptionKind(rawValue: field.operation)?.options.first { $0.type == field.type }
      append("reset tcp option \(option?.keyword ?? String(field.type))", needs: [])
    case .payloadSet(let base, let offset, let length, let from, _):
      assignPayload(PacketSlice(base: base, offset: Int(offset) * 8, length: Int(length) * 8), from: from)
    default: append(StatementText.bytecode([expression]), needs: [])
    }
  }

  private static func name(of key: MetaKey) -> String {
    "meta " + (KeyTable.meta.key(numbered: key.rawValue)?.name ?? String(key.rawValue))
  }

  static func slice(of field: ExtensionHeaderField) -> OptionSlice {
    OptionSlice(
      operation: field.operation, type: field.type, offset: Int(field.offset) * 8, length: Int(field.length) * 8,
      isPresence: field.flags & 1 == 1)
  }

  private mutating func assign(_ target: RaisedOperand, from register: Register, named name: String? = nil) {
    var writer = makeWriter()
    let left = name ?? writer.text(of: target)
    var shape = context.shape(of: target)
    // `exists` is for matches alone.
    if shape.type == .boolean { shape = ValueShape(.integer, length: shape.length, order: shape.order) }
    let right = writer.text(of: value(in: register).operand, as: shape)
    append("\(left) set \(right)", needs: writer.uses)
  }

  /// A field that is not whole bytes is written with its neighbours, which keep what they had.
  private mutating func assignPayload(_ slice: PacketSlice, from register: Register) {
    let loaded = value(in: register)
    if case .masked(.payload(slice), let and, let xor, let or) = loaded.operand,
      let part = changedField(of: slice, and: and, xor: xor, or: or)
    {
      return assignField(part, within: slice, and: and, xor: xor, or: or)
    }
    assign(.payload(slice), from: register)
  }

  /// The smallest field that holds all bits that change.
  private func changedField(of slice: PacketSlice, and: Bytes?, xor: Bytes?, or: Bytes?) -> PacketSlice? {
    let zeros = Bytes(zeros: slice.length / 8)
    var changed = and?.inverted ?? zeros
    for bits in [xor, or] { changed = changed.combined(with: bits ?? zeros, |) }
    guard let first = (0..<slice.length).first(where: { changed[$0 / 8] & 0x80 >> UInt8($0 % 8) != 0 }),
      let last = (0..<slice.length).last(where: { changed[$0 / 8] & 0x80 >> UInt8($0 % 8) != 0 })
    else { return nil }
    for offset in (0...first).reversed() {
      for length in (last + 1 - offset)...(slice.length - offset) {
        var part = slice
        part.offset += offset
        part.length = length
        if length < slice.length, context.field(at: part) != nil { return part }
      }
    }
    guard slice.base == .inner else { return nil }
    var part = slice
    part.offset += first
    part.length = last + 1 - first
    return part
  }

  private mutating func assignField(
    _ part: PacketSlice, within slice: PacketSlice, and: Bytes?, xor: Bytes?, or: Bytes?
  ) {
    let shift = slice.offset + slice.length - part.offset - part.length
    let target = RaisedOperand.payload(part)
    let shape = context.shape(of: target)
    let cut = { (bytes: Bytes) -> Bytes in
      let value = bytes.shiftedRight(shift).resized(to: shape.byteLength)
      let spare = shape.byteLength * 8 - part.length
      return Bytes([value[0] & 0xFF >> UInt8(spare)] + Array(value.dropFirst()))
    }
    let all = cut(Bytes(Array(repeating: 0xFF, count: slice.length / 8)))
    // What the compiler folded: the bits to set are outside of what is kept.
    let keep = and.map(cut) ?? all
    let set = or.map(cut) ?? Bytes(zeros: all.count)
    let toggle = xor.map(cut) ?? Bytes(zeros: all.count)
    var writer = makeWriter()
    let left = writer.text(of: target)
    let right: String
    if toggle.isZero, keep.combined(with: set.inverted, &).isZero {
      right = values.text(set, as: shape)
    } else {
      let operands = [
        ("&", keep == all ? nil : keep), ("^", toggle.isZero ? nil : toggle), ("|", set.isZero ? nil : set),
      ]
      right = operands.reduce(left) { text, operand in
        text + (operand.1.map { " \(operand.0) \(writer.flagText($0, shape, parenthesized: operand.0 == "&"))" } ?? "")
      }
    }
    append("\(left) set \(right)", needs: writer.uses)
  }
}
