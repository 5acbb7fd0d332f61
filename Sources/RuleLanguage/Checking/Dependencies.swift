import Model

/// What must be known of a packet before a header's field can be read, and the matches that make it known.
extension RuleChecker {
  /// Makes sure that the packet has this header; the offset to add to the header's fields, in bits.
  mutating func require(_ header: HeaderProtocol, at span: Span) throws(SyntaxError) -> Int {
    if isTypeof { return 0 }
    switch header.base {
    case .link: return try requireLink(header, at: span)
    case .network: try requireNetwork(header.id, at: span)
    case .transport: try requireTransport(header.id, at: span)
    case .inner, .tunnel: break
    }
    return 0
  }

  private func conflict(_ known: ProtocolContext.Layer, _ header: ProtocolID, at span: Span) -> SyntaxError {
    let name = known.header.map { HeaderProtocol[$0].keyword } ?? "unknown"
    return SyntaxError(
      "conflicting protocols: \(name) and \(HeaderProtocol[header].keyword)", at: span,
      hint: "the packet cannot be both, so this would never match")
  }

  // MARK: Link layer

  private mutating func requireLink(_ header: HeaderProtocol, at span: Span) throws(SyntaxError) -> Int {
    if context.link == .header(header.id) { return context.linkOffset }
    if context.linkStack.contains(header.id) { return 0 }
    if context.link == .mixed || context.link == .unknown {
      try requireEthernet(header, at: span)
      if context.link == .header(header.id) { return context.linkOffset }
    }
    guard case .header(let below) = context.link, !context.isNetworkFixed,
      let number = HeaderProtocol[below].number(of: header.id)
    else { throw conflict(context.isNetworkFixed ? context.network : context.link, header.id, at: span) }
    matchNext(of: below, number)
    return context.linkOffset
  }

  private mutating func requireEthernet(_ header: HeaderProtocol, at span: Span) throws(SyntaxError) {
    if tunnel == nil { emitMeta(.iifType, equals: 1, size: 2, order: .host) }
    if context.link == .unknown, header.id == .ether || header.id == .vlan { context.link = .header(.ether) }
    context.link = .header(.ether)
  }

  // MARK: Network layer

  private mutating func requireNetwork(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    if context.network == .header(id), !context.isNetworkAmbiguous { return }
    guard context.network == .unknown else { throw conflict(context.network, id, at: span) }
    switch context.link {
    case .mixed where context.family == .inet:
      guard id == .ip || id == .ip6 else { throw conflict(context.network, id, at: span) }
      emitMeta(.nfProto, equals: id == .ip ? 2 : 10, size: 1, order: .host)
    case .mixed: try matchEtherTypeByMeta(id, at: span)
    case .header(.ether) where context.family == .bridge && id != .arp: try matchEtherTypeByMeta(id, at: span)
    case .header(let below):
      guard let number = HeaderProtocol[below].number(of: id) else { throw conflict(context.link, id, at: span) }
      matchNext(of: below, number)
    case .unknown, .other: throw conflict(context.link, id, at: span)
    }
    context.learn(network: id)
  }

  /// For options and extension headers. Unlike a header's own, nft puts their match first in the rule, and in bridge
  /// tables it asks the Ethernet header.
  mutating func requireBeforeAll(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    guard !isTypeof else { return }
    let (count, merging) = (output.count, mergeable)
    if family == .bridge, context.network == .unknown, case .header(.ether) = context.link,
      let number = HeaderProtocol[.ether].number(of: id)
    {
      matchNext(of: .ether, number)
      context.learn(network: id)
    } else {
      _ = try require(HeaderProtocol[id], at: span)
    }
    prefix.insert(contentsOf: output[count...], at: 0)
    output.removeSubrange(count...)
    mergeable = merging
  }

  private mutating func matchEtherTypeByMeta(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    guard let number = HeaderProtocol[.ether].number(of: id) else { throw conflict(context.link, id, at: span) }
    emitMeta(.protocol, equals: UInt128(number), size: 2, order: .network)
  }

  // MARK: Transport layer

  private mutating func requireTransport(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    if context.transport == .header(id), !context.isTransportAmbiguous { return }
    guard context.transport == .unknown else { throw conflict(context.transport, id, at: span) }
    guard family != .arp || tunnel != nil else { throw conflict(.header(.arp), id, at: span) }
    if context.network == .unknown, id == .icmp || id == .icmpv6 || id == .igmp {
      try requireNetworkOfMessages(id == .icmpv6 ? .ip6 : .ip, at: span)
    }
    let outer: ProtocolID = id == .gretap ? .gre : id
    guard let number = HeaderProtocol.transportNumbers.first(where: { $0.id == outer })?.number else {
      throw conflict(context.transport, id, at: span)
    }
    emitMeta(.l4Proto, equals: UInt128(number), size: 1, order: .network)
    context.transport = .header(id)
  }

  /// ICMP belongs to one network protocol; in families that have several, that is matched too.
  private mutating func requireNetworkOfMessages(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    if context.family == .netdev, tunnel != nil, let below = HeaderProtocol[.ether].number(of: id) {
      context.link = .header(.ether)
      matchNext(of: .ether, below)
    } else if case .header(let below) = context.link, let number = HeaderProtocol[below].number(of: id) {
      matchNext(of: below, number)
    } else {
      try requireNetwork(id, at: span)
    }
    context.learn(network: id)
  }

  /// Fields that only some ICMP messages have ask for one of these messages.
  mutating func requireMessage(_ field: HeaderField, of header: HeaderProtocol, at span: Span) throws(SyntaxError) {
    guard !field.messageTypes.isEmpty, !isTypeof else { return }
    if let known = context.messageType {
      guard field.messageTypes.contains(known) else {
        throw SyntaxError("\(header.keyword) \(field.name) is not part of messages of type \(known)", at: span)
      }
      return
    }
    emitLoad(.payload(header.base, offset: 0, length: 1, to: Register(slot: 0)))
    if field.messageTypes.count == 1 {
      output.append(.compare(.equal, Register(slot: 0), Bytes([field.messageTypes[0]])))
    } else {
      let set = SetDefinition(
        name: "", flags: [.anonymous, .constant], keyType: header.fields[0].type.rawValue, keyLength: 1,
        userdata: SetUserdata(keyByteOrder: ByteOrder.network.rawValue),
        elements: field.messageTypes.map { SetElement(key: Bytes([$0])) })
      output.append(.lookup(.anonymous(set), key: Register(slot: 0), to: nil, inverted: false))
    }
    context.messageType = field.messageTypes[0]
  }

  // MARK: Writing the matches

  mutating func emitMeta(_ key: MetaKey, equals value: UInt128, size: Int, order: ByteOrder) {
    emitLoad(.meta(key, to: Register(slot: 0)))
    output.append(.compare(.equal, Register(slot: 0), registerBytes(value, size: size, order: order)))
  }

  /// Matches the field of a link-layer header that says what comes next, and learns it.
  mutating func matchNext(of id: ProtocolID, _ number: UInt64) {
    let header = HeaderProtocol[id]
    guard let index = header.nextField else { return }
    let field = header.fields[index]
    var operand = Operand(
      .constant(0), ValueType(field.type, order: .network, width: field.length), span: Span(start: 0, end: 0, source: 0)
    )
    operand.field = Operand.Field(
      base: header.base, offset: field.offset + (header.base == .link ? context.linkOffset : 0), length: field.length,
      header: id, isNext: true, isMessageType: false)
    operand.node = .load(inTunnel(load(operand.field)))
    emitMatch(operand, .equal, UInt128(number))
    context.learn(operand, is: UInt128(number))
  }

  private func load(_ field: Operand.Field?) -> Expression {
    guard let field else { return .noTrack }
    return .payload(
      field.base, offset: UInt32(field.offset / 8), length: UInt32((field.length + 7) / 8), to: Register(slot: 0))
  }

  /// Appends a load, in the tunnel's packet if one is being looked into.
  mutating func emitLoad(_ expression: Expression) { output.append(inTunnel(expression)) }

  func inTunnel(_ expression: Expression) -> Expression {
    guard let tunnel, let kind = tunnel.tunnel else { return expression }
    return .inner(type: kind.type, headerSize: UInt32(tunnel.length), flags: kind.flags, expressions: [expression])
  }
}
