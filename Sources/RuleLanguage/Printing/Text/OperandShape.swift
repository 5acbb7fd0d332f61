import Model

extension KnownProtocols {
  /// What an operand's value is.
  func shape(of operand: RaisedOperand) -> ValueShape {
    switch operand {
    case .constant(let bytes): return .raw(bits: bytes.count * 8)
    case .payload(let slice): return shape(of: slice)
    case .meta(let key, _): return KeyTable.meta.key(numbered: key.rawValue).map(ValueShape.init) ?? .raw(bits: 32)
    case .conntrack(let key, _): return shape(of: key)
    case .option(let slice): return shape(of: slice)
    case .routing(let key): return KeyTable.routing.key(numbered: key.rawValue).map(ValueShape.init) ?? .raw(bits: 32)
    case .numberGenerator, .jenkinsHash, .symmetricHash: return ValueShape(.integer, length: 32, order: .host)
    case .fib(let result, let flags):
      if flags & FibFlag.present != 0 { return ValueShape(.boolean, length: 8, order: .host) }
      return KeyTable.fib.key(numbered: result).map(ValueShape.init) ?? .raw(bits: 32)
    case .socket(let key, _): return KeyTable.socket.key(numbered: key).map(ValueShape.init) ?? .raw(bits: 32)
    case .osFingerprint: return ValueShape(.string, length: 128, order: .host)
    case .xfrm(let key, _, _): return KeyTable.xfrm.key(numbered: key).map(ValueShape.init) ?? .raw(bits: 32)
    case .tunnel(let key): return KeyTable.tunnel.key(numbered: key).map(ValueShape.init) ?? .raw(bits: 32)
    case .masked(let operand, _, _, _): return masked(shape(of: operand))
    case .shifted(let operand, _, _): return masked(shape(of: operand))
    case .combined(_, let left, _): return masked(shape(of: left))
    case .map, .concatenation, .unknown: return .raw(bits: 32)
    }
  }

  /// Integers with a mask are written in hexadecimal.
  private func masked(_ shape: ValueShape) -> ValueShape {
    var shape = shape
    if shape.type == .integer { shape.isHexadecimal = true }
    return shape
  }

  private func shape(of slice: PacketSlice) -> ValueShape {
    guard let reference = field(at: slice) ?? field(beginningAt: slice) else { return .raw(bits: slice.length) }
    let field = reference.definition
    var shape = ValueShape(field.type, length: field.length, order: .network, symbols: field.symbols)
    shape.isHexadecimal = reference.header.id == .ip && field.name == "frag-off"
    if field.type == .icmpCode || field.type == .icmpv6Code {
      // What a code means depends on the type: the names are those of "destination unreachable".
      let unreachable: UInt8 = field.type == .icmpCode ? 3 : 1
      if self[slice.tunnel].messageTypes != [unreachable] { shape.symbols = nil }
    }
    return shape
  }

  private func shape(of key: ConntrackKey) -> ValueShape {
    guard let known = KeyTable.conntrack.key(numbered: key.rawValue) else { return .raw(bits: 32) }
    guard known.type == .invalid else { return ValueShape(known) }
    // `src` and `dst` without a family in their name are as wide as the table's family says.
    return family == .ipv6
      ? ValueShape(.ipv6Address, length: 128, order: .network) : ValueShape(.ipv4Address, length: 32, order: .network)
  }

  private func shape(of slice: OptionSlice) -> ValueShape {
    if slice.isPresence { return ValueShape(.boolean, length: 8, order: .network) }
    guard let kind = OptionKind(rawValue: slice.operation),
      let found = kind.option(ofType: slice.type, fieldAt: slice.offset, length: slice.length)
    else { return ValueShape(.integer, length: slice.length, order: .network) }
    let field = kind.options[found.option].fields[found.field]
    return ValueShape(field.type, length: field.length, order: .network, symbols: field.symbols)
  }
}
