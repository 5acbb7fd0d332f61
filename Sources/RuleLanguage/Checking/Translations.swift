import Model

/// `snat`, `dnat`, `masquerade` and `redirect`
extension RuleChecker {
  /// linux/netfilter/nf_nat.h
  private static let protocolSpecified: UInt32 = 2
  private static let netmap: UInt32 = 64

  mutating func check(_ nat: NatSyntax, at span: Span) throws(SyntaxError) {
    guard family == .ipv4 || family == .ipv6 || family == .inet || family == .bridge && nat.kind == .redirect else {
      throw SyntaxError("addresses are not translated in \(family.keyword) tables", at: span)
    }
    var flags: UInt32 = 0
    for flag in nat.flags {
      guard let number = SymbolTable.natFlags.value(of: flag.text) else {
        throw SyntaxError(
          "unknown flag \(flag.text)", at: flag.span, hint: "expected random, fully-random or persistent")
      }
      flags |= UInt32(number)
    }
    switch nat.kind {
    case .masquerade, .redirect:
      var ports: RegisterRange?
      if let port = nat.port {
        ports = try emitPorts(port, slot: 0)
        flags |= Self.protocolSpecified
      }
      output.append(
        nat.kind == .masquerade ? .masquerade(ports: ports, flags: flags) : .redirect(ports: ports, flags: flags))
    case .snat, .dnat: try checkAddresses(nat, flags, at: span)
    }
  }

  private mutating func checkAddresses(_ nat: NatSyntax, _ flags: UInt32, at span: Span) throws(SyntaxError) {
    let id = try natFamily(nat, at: span)
    // Without an address it is the table's family that nft notes.
    let family = nat.address == nil ? self.family : id == .ip ? .ipv4 : .ipv6
    var flags = flags
    var addresses: RegisterRange?
    var ports: RegisterRange?
    var slot = 0
    let type = ValueType(id == .ip ? .ipv4Address : .ipv6Address)
    if let address = nat.address {
      if case .map = address.kind {
        (addresses, ports) = try emitNatMap(address, type, nat)
        // A range's ends stand one after the other, in as many whole registers as they fill.
        let slots = addresses?.through == nil ? type.slots : 2 * type.slots
        slot = (slots + Self.slotsPerRegister - 1) / Self.slotsPerRegister * Self.slotsPerRegister
      } else {
        addresses = try emitAddresses(address, type, nat)
        slot = addresses?.through == nil ? Self.slotsPerRegister : 2 * Self.slotsPerRegister
      }
      if nat.shape == .prefix { flags |= Self.netmap }
    }
    if let port = nat.port {
      ports = try emitPorts(port, slot: slot)
      flags |= Self.protocolSpecified
    }
    output.append(
      .nat(
        Nat(
          kind: nat.kind == .snat ? .source : .destination,
          family: UInt32(family.rawValue), addresses: addresses, ports: ports, flags: flags))
    )
  }

  private func natFamily(_ nat: NatSyntax, at span: Span) throws(SyntaxError) -> ProtocolID {
    var known: ProtocolID?
    if case .header(let id) = context.network { known = id }
    switch nat.family?.text {
    case "ip":
      guard known == nil || known == .ip else {
        throw SyntaxError("the packet is not IPv4", at: nat.family?.span ?? span)
      }
      return .ip
    case "ip6":
      guard known == nil || known == .ip6 else {
        throw SyntaxError("the packet is not IPv6", at: nat.family?.span ?? span)
      }
      return .ip6
    default:
      if let known, known == .ip || known == .ip6 { return known }
      guard nat.address == nil else {
        throw SyntaxError(
          "nothing says which protocol the address is of", at: span,
          hint: "write \(nat.kind.rawValue) ip to … or \(nat.kind.rawValue) ip6 to …")
      }
      return .ip
    }
  }

  /// A port belongs to a transport protocol, which the rule must have matched.
  private func requireTransportMatch(at span: Span) throws(SyntaxError) {
    guard context.transport != .unknown || context.isTransportInSomeSet else {
      throw SyntaxError(
        "a port asks for a transport protocol", at: span, hint: "match tcp dport, meta l4proto tcp or the like before")
    }
  }

  private mutating func emitPorts(_ port: ExpressionSyntax, slot: Int) throws(SyntaxError) -> RegisterRange {
    let type = ValueType(.inetService)
    if case .range(let from, let through) = port.kind {
      try requireTransportMatch(at: port.span)
      let (first, last) = try bounds(from, through, type)
      return emitConstants(first, last, type, slot: slot)
    }
    let operand = try argument(port, type)
    try requireTransportMatch(at: port.span)
    emit(operand, slot: slot)
    return RegisterRange(Register(slot: slot))
  }

  private func bounds(
    _ from: ExpressionSyntax, _ through: ExpressionSyntax, _ type: ValueType
  ) throws(SyntaxError) -> (UInt128, UInt128) {
    let first = try literals.value(from, as: type)
    let last = try literals.value(through, as: type)
    guard first <= last else {
      throw SyntaxError("the range ends before it begins", at: from.span.joined(through.span))
    }
    return (first, last)
  }

  private mutating func emitConstants(
    _ first: UInt128, _ last: UInt128, _ type: ValueType, slot: Int
  ) -> RegisterRange {
    let second = slot + Self.slotsPerRegister
    for (value, slot) in [(first, slot), (last, second)] {
      output.append(.immediate(registerBytes(value, size: type.size, order: type.order), to: Register(slot: slot)))
    }
    return RegisterRange(Register(slot: slot), through: Register(slot: second))
  }

  private mutating func emitAddresses(
    _ address: ExpressionSyntax, _ type: ValueType, _ nat: NatSyntax
  ) throws(SyntaxError) -> RegisterRange {
    switch address.kind {
    case .range(let from, let through):
      let (first, last) = try bounds(from, through, type)
      return emitConstants(first, last, type, slot: 0)
    case .prefix(let network, let length):
      guard Int(length) <= type.width else {
        throw SyntaxError("prefix length \(length) is more than \(type.width)", at: address.span)
      }
      let rest = lowBits(type.width - Int(length))
      let first = try literals.value(network, as: type) & ~rest
      return emitConstants(first, first | rest, type, slot: 0)
    default:
      emit(try argument(address, type), slot: 0)
      return RegisterRange(Register(slot: 0))
    }
  }

  // MARK: Maps

  /// The map's data are an address, or an address and a port; ranges of them stand one after the other.
  private mutating func emitNatMap(
    _ syntax: ExpressionSyntax, _ address: ValueType, _ nat: NatSyntax
  ) throws(SyntaxError) -> (RegisterRange, RegisterRange?) {
    guard case .map(let key, let map) = syntax.kind else { throw SyntaxError("expected a map", at: syntax.span) }
    let keyOperand = try operand(key)
    let isRange: Bool
    var types = [address]
    switch map.kind {
    case .set(let elements):
      if case .concatenation? = elements.first?.data?.kind { types.append(ValueType(.inetService)) }
      let lookup = try anonymous(elements, key: keyOperand, key, data: .values(types, isInterval: false), at: map.span)
      isRange = lookup.set.userdata.dataInterval
      emit(lookup.key, slot: 0)
      output.append(.lookup(.anonymous(lookup.set), key: Register(slot: 0), to: Register(slot: 0), inverted: false))
    case .setReference(let name):
      let set = try declared(name, at: map.span)
      guard case .values(let found, let interval)? = set.data else {
        throw SyntaxError("\(name) is not a map that gives values", at: map.span)
      }
      if found.count > 1 { types.append(ValueType(.inetService)) }
      try requireSame(found, types, at: map.span)
      isRange = interval
      emit(try matching(keyOperand, set, at: map.span), slot: 0)
      output.append(.lookup(.named(name), key: Register(slot: 0), to: Register(slot: 0), inverted: false))
    default: throw SyntaxError("expected a map", at: map.span)
    }
    if types.count > 1 { try requireTransportMatch(at: syntax.span) }
    let portSlot = address.slots
    let span = types.reduce(0) { $0 + $1.slots }
    let addresses = RegisterRange(Register(slot: 0), through: isRange ? Register(slot: span) : nil)
    guard types.count > 1 else { return (addresses, nil) }
    return (
      addresses,
      RegisterRange(Register(slot: portSlot), through: isRange ? Register(slot: span + portSlot) : nil)
    )
  }
}
