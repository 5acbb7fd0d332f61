import Model

/// What stands after `typeof`: nft keeps the expression in the set's userdata, as nested attributes of its own.
///
/// The numbers of expressions and attributes are nft 1.0.6's, read off the sets that it sends.
struct TypeofText {
  /// One part of a concatenation, as it is written and as what its values are.
  struct Part {
    var text: String
    var shape: ValueShape
  }

  private let context: KnownProtocols
  private let values: ValueText

  init(family: Family, values: ValueText) {
    context = KnownProtocols(family: family)
    self.values = values
  }

  /// nft's numbers for kinds of expressions.
  private enum Kind: UInt32 {
    case payload = 7, option, meta, socket, osFingerprint, conntrack, concatenation
    case numberGenerator = 23, hash, routing, fib, xfrm
  }

  /// A tag, a length and a value (libnftnl's `nftnl_udata`).
  private struct Attribute {
    var type: UInt8
    var value: ArraySlice<UInt8>
  }

  /// A nest's numbers by tag, in the machine's order.
  private struct Numbers {
    var attributes: [Attribute]
    subscript(type: UInt8) -> UInt32? {
      attributes.first { $0.type == type }.map { UInt32(truncatingIfNeeded: Bytes($0.value).hostEndianValue) }
    }
  }

  /// The expression's parts, more than one for a concatenation; nil if the userdata cannot be read.
  func parts(_ userdata: [UInt8]?) -> [Part]? { userdata.flatMap { parts($0[...]) } }

  private func attributes(_ bytes: ArraySlice<UInt8>) -> [Attribute]? {
    var attributes: [Attribute] = []
    var rest = bytes
    while let type = rest.first {
      guard let length = rest.dropFirst().first, rest.count >= 2 + Int(length) else { return nil }
      attributes.append(Attribute(type: type, value: rest.dropFirst(2).prefix(Int(length))))
      rest = rest.dropFirst(2 + Int(length))
    }
    return attributes
  }

  /// A kind (0) and what belongs to it (1).
  private func parts(_ bytes: ArraySlice<UInt8>) -> [Part]? {
    guard let nest = attributes(bytes), let kind = Numbers(attributes: nest)[0].flatMap(Kind.init),
      let data = attributes(nest.first { $0.type == 1 }?.value ?? [])
    else { return nil }
    let numbers = Numbers(attributes: data)
    switch kind {
    case .payload: return header(numbers).map { [$0] }
    case .concatenation:
      let parts = data.map { self.parts($0.value)?.first }
      return parts.isEmpty || parts.contains { $0 == nil } ? nil : parts.compactMap(\.self)
    default: return operand(kind, numbers).map { [part($0)] }
    }
  }

  private func part(_ operand: RaisedOperand) -> Part {
    var writer = OperandText(context: context, values: values)
    return Part(text: writer.text(of: operand), shape: context.shape(of: operand))
  }

  private func header(_ numbers: Numbers) -> Part? {
    if numbers[0] == 0 { return rawBytes(numbers) }
    guard let id = numbers[0].flatMap(ProtocolID.init),
      let field = HeaderProtocol[id].fields.first(where: { $0.number == numbers[1] })
    else { return nil }
    let tunnel = numbers[5].flatMap(ProtocolID.init).map { "\(HeaderProtocol[$0].keyword) " } ?? ""
    return Part(
      text: "\(tunnel)\(HeaderProtocol[id].keyword) \(field.name)",
      shape: ValueShape(field.type, length: field.length, order: .network, symbols: field.symbols))
  }

  /// `@ih,32,32`: base (nft counts them from 1), offset and length.
  private func rawBytes(_ numbers: Numbers) -> Part? {
    guard let number = numbers[2], number > 0, let base = PayloadBase(rawValue: number - 1), let offset = numbers[3],
      let length = numbers[4]
    else { return nil }
    return part(.payload(PacketSlice(base: base, offset: Int(offset), length: Int(length))))
  }

  private func operand(_ kind: Kind, _ numbers: Numbers) -> RaisedOperand? {
    guard kind != .osFingerprint else { return .osFingerprint(ttl: 0, flags: 0) }
    if kind == .hash, numbers[0] == 1 {
      return .symmetricHash(modulus: numbers[2] ?? 0, offset: numbers[1] ?? 0)
    }
    guard let key = numbers[0] else { return nil }
    switch kind {
    case .option: return option(numbers)
    case .meta: return .meta(MetaKey(rawValue: key), tunnel: nil)
    case .conntrack:
      let direction = numbers[1].flatMap { $0 > 1 ? nil : ConntrackDirection(rawValue: UInt8($0)) }
      return .conntrack(ConntrackKey(rawValue: key), direction)
    case .socket: return .socket(key: key, level: numbers[1] ?? 0)
    case .routing: return .routing(RoutingKey(rawValue: key))
    case .fib: return .fib(result: key, flags: numbers[1] ?? 0)
    case .xfrm:
      return .xfrm(key: key, direction: UInt8(truncatingIfNeeded: numbers[2] ?? 0), number: numbers[1] ?? 0)
    case .numberGenerator:
      return NumberGeneratorKind(rawValue: key).map {
        .numberGenerator($0, modulus: numbers[1] ?? 0, offset: numbers[2] ?? 0)
      }
    case .payload, .concatenation, .osFingerprint, .hash: return nil
    }
  }

  /// IPv6 headers go by nft's numbers, options and chunks by their own type; one type may stand for several of the
  /// options that can be written (the blocks of TCP's SACK), whose fields then have different numbers.
  private func option(_ numbers: Numbers) -> RaisedOperand? {
    guard let kind = OptionKind(rawValue: numbers[2] ?? 0), let id = numbers[0], let number = numbers[1],
      number >= kind.firstFieldNumber
    else { return nil }
    for option in kind.options where option.number == id {
      guard let field = option.fields.first(where: { $0.number == number - kind.firstFieldNumber }) else { continue }
      return .option(
        OptionSlice(
          operation: kind.rawValue, type: option.type, offset: field.offset, length: field.length, isPresence: false))
    }
    return nil
  }
}
