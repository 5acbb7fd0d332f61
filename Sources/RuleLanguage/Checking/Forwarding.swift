import Model

/// `dup`, `fwd`, `tproxy` and `queue`
extension RuleChecker {
  private var interface: ValueType { ValueType(.interfaceIndex) }

  mutating func checkDuplicate(
    to: ExpressionSyntax, device: ExpressionSyntax?, at span: Span
  ) throws(SyntaxError) {
    switch family {
    case .netdev:
      guard device == nil else { throw SyntaxError("netdev tables send a copy to a device alone", at: span) }
      emit(try argument(to, interface), slot: 0)
      output.append(.duplicate(address: nil, device: Register(slot: 0)))
    case .ipv4, .ipv6:
      let address = try argument(to, ValueType(family == .ipv4 ? .ipv4Address : .ipv6Address))
      let outgoing: Operand? = if let device { try argument(device, interface) } else { nil }
      emit(address, slot: 0)
      var second: Register?
      if let outgoing {
        emit(outgoing, slot: Self.slotsPerRegister)
        second = Register(slot: Self.slotsPerRegister)
      }
      output.append(.duplicate(address: Register(slot: 0), device: second))
    default:
      throw SyntaxError("dup is known in ip, ip6 and netdev tables alone", at: span)
    }
  }

  mutating func checkForward(
    family word: Word?, to: ExpressionSyntax, device: ExpressionSyntax?, at span: Span
  ) throws(SyntaxError) {
    guard family == .netdev else { throw SyntaxError("fwd is known in netdev tables alone", at: span) }
    guard let word, let device else {
      emit(try argument(to, interface), slot: 0)
      output.append(.forward(device: Register(slot: 0), address: nil, family: 0))
      return
    }
    guard let target = Family(keyword: word.text), target == .ipv4 || target == .ipv6 else {
      throw SyntaxError("unknown family \(word.text)", at: word.span, hint: "expected ip or ip6")
    }
    let outgoing = try argument(device, interface)
    let address = try argument(to, ValueType(target == .ipv4 ? .ipv4Address : .ipv6Address))
    emit(outgoing, slot: 0)
    emit(address, slot: Self.slotsPerRegister)
    output.append(
      .forward(
        device: Register(slot: 0), address: Register(slot: Self.slotsPerRegister), family: UInt32(target.rawValue)))
  }

  // MARK: Transparent proxy

  mutating func checkTransparentProxy(
    family word: Word?, address: ExpressionSyntax?, port: ExpressionSyntax?, at span: Span
  ) throws(SyntaxError) {
    try requireHook([0], "tproxy", at: span)
    let proxied = try proxiedFamily(word, at: span)
    guard address != nil || port != nil else { throw SyntaxError("tproxy needs an address or a port", at: span) }
    guard context.transport != .unknown || context.isTransportInSomeSet else {
      throw SyntaxError(
        "a transparent proxy asks for a transport protocol", at: span, hint: "match meta l4proto tcp or udp before")
    }
    var slot = 0
    var addressRegister: Register?
    if let address {
      guard proxied == .ipv4 || proxied == .ipv6 else {
        throw SyntaxError(
          "nothing says which protocol the address is of", at: address.span, hint: "write ip or ip6 before to")
      }
      emit(try argument(address, ValueType(proxied == .ipv4 ? .ipv4Address : .ipv6Address)), slot: slot)
      addressRegister = Register(slot: slot)
      slot += Self.slotsPerRegister
    }
    var portRegister: Register?
    if let port {
      if case .range = port.kind { throw SyntaxError("expected one port", at: port.span) }
      emit(try argument(port, ValueType(.inetService)), slot: slot)
      portRegister = Register(slot: slot)
    }
    output.append(.tproxy(family: UInt32(proxied?.rawValue ?? 0), address: addressRegister, port: portRegister))
  }

  private func proxiedFamily(_ word: Word?, at span: Span) throws(SyntaxError) -> Family? {
    guard family == .ipv4 || family == .ipv6 || family == .inet else {
      throw SyntaxError("tproxy is known in ip, ip6 and inet tables alone", at: span)
    }
    let known: Family? = context.network.header == .ip ? .ipv4 : context.network.header == .ip6 ? .ipv6 : nil
    guard let word else {
      guard family == .inet else { return family }
      guard known == nil else {
        throw SyntaxError(
          "the family is not told", at: span, hint: "write tproxy ip to … or tproxy ip6 to …")
      }
      return nil
    }
    guard let asked = Family(keyword: word.text), asked == .ipv4 || asked == .ipv6 else {
      throw SyntaxError("unknown family \(word.text)", at: word.span, hint: "expected ip or ip6")
    }
    if let known, known != asked { throw SyntaxError("the packet is not \(word.text)", at: word.span) }
    return asked
  }

  // MARK: Queue

  mutating func checkQueue(_ target: ExpressionSyntax?, _ words: [Word], at span: Span) throws(SyntaxError) {
    guard family != .arp, family != .netdev else {
      throw SyntaxError("packets of \(family.keyword) tables cannot be queued", at: span)
    }
    var flags: UInt16 = 0
    for word in words {
      guard let flag = SymbolTable.queueFlags.value(of: word.text) else {
        throw SyntaxError("unknown flag \(word.text)", at: word.span, hint: "expected bypass or fanout")
      }
      flags |= UInt16(flag)
    }
    let type = ValueType(.integer, order: .host, width: 16)
    guard let target else { return output.append(.queue(.numbers(from: 0, count: 1), flags: flags)) }
    if case .range(let from, let through) = target.kind {
      let first = UInt16(truncatingIfNeeded: try literals.value(from, as: type))
      let last = UInt16(truncatingIfNeeded: try literals.value(through, as: type))
      guard first <= last, last - first < .max else {
        throw SyntaxError("the range ends before it begins", at: target.span)
      }
      return output.append(.queue(.numbers(from: first, count: last - first + 1), flags: flags))
    }
    if target.isConstant {
      let number = UInt16(truncatingIfNeeded: try literals.value(target, as: type))
      guard flags & 2 == 0 else { throw SyntaxError("fanout asks for a range of queues", at: target.span) }
      return output.append(.queue(.numbers(from: number, count: 1), flags: flags))
    }
    try checkComputedQueue(target, flags)
  }

  private mutating func checkComputedQueue(_ target: ExpressionSyntax, _ flags: UInt16) throws(SyntaxError) {
    guard flags & 2 == 0 else { throw SyntaxError("fanout asks for a range of queues", at: target.span) }
    switch target.kind {
    case .map: break
    case .selector(let selector):
      switch selector.kind {
      case .symmetricHash(let modulus, let offset), .numberGenerator(_, let modulus, let offset),
        .jenkinsHash(_, let modulus, _, let offset):
        try requireQueueNumber(modulus, offset, at: target.span)
      default: throw SyntaxError("expected a number, a hash, numgen or a map", at: target.span)
      }
    default: throw SyntaxError("expected a number, a hash, numgen or a map", at: target.span)
    }
    emit(try argument(target, ValueType(.integer, order: .host, width: 16)), slot: 0)
    output.append(.queue(.register(Register(slot: 0)), flags: flags))
  }

  private func requireQueueNumber(_ modulus: UInt32, _ offset: UInt32, at span: Span) throws(SyntaxError) {
    guard UInt64(modulus) + UInt64(offset) <= 65536 else {
      throw SyntaxError("the number of a queue would exceed 65535", at: span)
    }
  }
}
