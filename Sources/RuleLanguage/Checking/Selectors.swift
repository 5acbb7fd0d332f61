import Model

/// From what a rule looks at to typed loads.
extension RuleChecker {
  /// - Parameter expected: the type of what the value is written to, if it is.
  mutating func operand(_ selector: SelectorSyntax, expected: ValueType? = nil) throws(SyntaxError) -> Operand {
    let span = selector.span
    switch selector.kind {
    case .header(let header, let field): return try headerField(header, field, at: span)
    case .rawPayload(let base, let offset, let length):
      return try rawPayload(base, offset: Int(offset), length: Int(length), at: span)
    case .meta(let key): return try meta(key, at: span)
    case .conntrack(let direction, let family, let key):
      return try conntrack(direction: direction, family: family, key: key, at: span)
    case .routing(let family, let key): return try routing(family: family, key: key, at: span)
    case .fib(let tuple, let result): return try fib(tuple, result, at: span)
    case .socket(let key, let level):
      let found = try self.key(key, in: .socket, of: "socket")
      return keyed(
        found, .socket(key: found.number, level: level ?? 0, to: Register(slot: 0)), at: span)
    case .osFingerprint(let ttl, let key): return try osFingerprint(ttl: ttl, key: key, at: span)
    case .numberGenerator(let kind, let modulus, let offset):
      try checkModulus(modulus, at: span)
      return computed(
        .numberGenerator(
          kind.text == "random" ? .random : .incremental, modulus: modulus, offset: offset, to: Register(slot: 0)),
        modulus: modulus, at: span)
    case .symmetricHash(let modulus, let offset):
      try checkModulus(modulus, at: span)
      return computed(
        .symmetricHash(modulus: modulus, offset: offset, to: Register(slot: 0)), modulus: modulus, at: span)
    case .jenkinsHash(let key, let modulus, let seed, let offset):
      try checkModulus(modulus, at: span)
      let hashed = try operand(key)
      return Operand(
        .hash(hashed, modulus: modulus, seed: seed, offset: offset), ValueType(.integer, order: .host, width: 32),
        span: span)
    case .ipsec(let direction, let number, let family, let key):
      return try ipsec(direction: direction, number: number, family: family, key: key, at: span)
    case .tunnel(let key):
      let found = try self.key(key, in: .tunnel, of: "tunnel")
      return keyed(found, .tunnel(key: found.number, mode: 0, to: Register(slot: 0)), at: span)
    case .extensionHeader, .tcpOption, .rawTCPOption, .ipOption, .sctpChunk, .dccpOption:
      return try option(selector)
    case .inner(let tunnel, let inner): return try insideTunnel(tunnel, inner, at: span)
    }
  }

  private func checkModulus(_ modulus: UInt32, at span: Span) throws(SyntaxError) {
    guard modulus > 0 else { throw SyntaxError("modulus is zero", at: span) }
  }

  private func computed(_ expression: Expression, modulus: UInt32, at span: Span) -> Operand {
    Operand(.load(expression), ValueType(.integer, order: .host, width: 32), span: span)
  }

  func key(_ word: Word, in table: KeyTable, of selector: String) throws(SyntaxError) -> SelectorKey {
    guard let key = table[name: word.text] else {
      throw SyntaxError(
        "\(selector) has no \(word.text)", at: word.span,
        hint: "expected one of: " + table.keys.map(\.name).joined(separator: ", "))
    }
    return key
  }

  func keyed(_ key: SelectorKey, _ load: Expression, at span: Span) -> Operand {
    Operand(.load(load), ValueType(key.type, order: key.byteOrder, width: key.length), span: span)
  }

  // MARK: Header fields

  private mutating func headerField(_ word: Word, _ name: Word, at span: Span) throws(SyntaxError) -> Operand {
    guard let header = HeaderProtocol.named(word.text) else {
      if let index = OptionKind.ipv6.option(word.text) { return try extensionHeader(index, field: name, at: span) }
      throw SyntaxError("unknown protocol \(word.text)", at: word.span)
    }
    guard let index = header.field(name.text) else {
      throw SyntaxError(
        "\(word.text) has no field \(name.text)", at: name.span,
        hint: "expected one of: " + header.fields.map(\.name).joined(separator: ", "))
    }
    let field = header.fields[index]
    var extra = 0
    if header.id == .vxlan || header.id == .geneve {
      try enterTunnelHeader(header, at: span)
    } else if header.id != .th {
      extra = try require(header, at: span)
      try requireMessage(field, of: header, at: span)
    }
    let place = Operand.Field(
      base: header.base, offset: field.offset + extra, length: field.length, header: header.id,
      isNext: header.nextField == index && header.base != .transport,
      isMessageType: (header.id == .icmp || header.id == .icmpv6) && index == 0)
    let value = ValueType(field.type, order: .network, width: field.length, symbols: field.symbols)
    let result = bits(place, value, at: span) { [tunnel] offset, length in
      let load = Expression.payload(header.base, offset: offset, length: length, to: Register(slot: 0))
      guard let tunnel, let kind = tunnel.tunnel else { return load }
      return .inner(type: kind.type, headerSize: UInt32(tunnel.length), flags: kind.flags, expressions: [load])
    }
    if header.id == .vxlan || header.id == .geneve { tunnel = nil }
    return result
  }

  private mutating func enterTunnelHeader(_ header: HeaderProtocol, at span: Span) throws(SyntaxError) {
    tunnel = nil
    _ = try require(HeaderProtocol[.udp], at: span)
    tunnel = header
  }

  private mutating func rawPayload(
    _ base: Word, offset: Int, length: Int, at span: Span
  ) throws(SyntaxError) -> Operand {
    // nft takes them for what they are.
    if let port = HeaderField.port(base: base.text, offset: UInt32(offset), length: UInt32(length)) {
      return try headerField(Word("th", base.span), Word(port.name, base.span), at: span)
    }
    guard length > 0, offset % 8 + length <= 128 else {
      throw SyntaxError(
        "a payload of \(length) bits cannot be loaded", at: span, hint: "expected 1 to 128 bits, in at most 16 bytes")
    }
    let bases: [String: PayloadBase] = ["ll": .link, "nh": .network, "th": .transport, "ih": .inner]
    guard let found = bases[base.text] else {
      throw SyntaxError("unknown header \(base.text)", at: base.span, hint: "expected ll, nh, th or ih")
    }
    let place = Operand.Field(
      base: found, offset: offset, length: length, header: .unknown, isNext: false, isMessageType: false)
    return bits(place, ValueType(.integer, order: .network, width: length), at: span) { offset, length in
      .payload(found, offset: offset, length: length, to: Register(slot: 0))
    }
  }

  /// A load of the bytes that hold the field; if it does not fill them, masked and shifted to the right.
  func bits(
    _ place: Operand.Field, _ value: ValueType, at span: Span, load: (UInt32, UInt32) -> Expression
  ) -> Operand {
    let first = place.offset % 8
    let size = (first + place.length + 7) / 8
    let shift = size * 8 - first - place.length
    let whole = Operand(.load(load(UInt32(place.offset / 8), UInt32(size))), value, size: size, span: span)
    var result = whole
    if size * 8 != place.length {
      let mask = Operand(.constant(lowBits(place.length) << UInt128(shift)), value, size: size, span: span)
      result = Operand(.binary(.and, whole, mask), value, size: size, span: span)
      if shift > 0 {
        let count = Operand(.constant(UInt128(shift)), ValueType(.integer, order: .host, width: 32), span: span)
        result = Operand(.binary(.shiftRight, result, count), value, size: size, span: span)
      }
    }
    result.field = place
    return result
  }

  // MARK: Tunnels

  private mutating func insideTunnel(
    _ word: Word, _ inner: SelectorSyntax, at span: Span
  ) throws(SyntaxError) -> Operand {
    guard let header = HeaderProtocol.named(word.text), let kind = header.tunnel else {
      throw SyntaxError("\(word.text) is not a tunnel whose packets can be looked into", at: word.span)
    }
    guard tunnel == nil else { throw SyntaxError("a tunnel inside a tunnel cannot be looked into", at: span) }
    _ = try require(header.base == .tunnel ? HeaderProtocol[.udp] : header, at: span)
    let outer = context
    context = tunnelContext ?? ProtocolContext(tunnel: kind)
    tunnel = header
    defer {
      tunnelContext = context
      context = outer
      tunnel = nil
    }
    return try operand(inner)
  }
}
