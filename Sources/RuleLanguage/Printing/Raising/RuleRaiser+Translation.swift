import Model

extension RuleRaiser {
  private static let ports = ValueShape(.inetService, length: 16, order: .network)
  /// `NF_NAT_RANGE_NETMAP`
  private static let netmap: UInt32 = 0x40

  /// nat, masquerade, redirect and tproxy: an address, a port, and flags.
  mutating func translate(_ expression: Expression) {
    var writer = makeWriter()
    switch expression {
    case .nat(let nat):
      let target = text(of: nat.addresses, ports: nat.ports, family: nat.family, &writer)
      let isMapped = nat.addresses.map { isMap($0.from) } ?? false
      let saysFamily = context.family == .inet || isMapped && hasComposedData(nat)
      let words = [
        nat.kind == .source ? "snat" : "dnat", saysFamily ? (nat.family == 10 ? "ip6" : "ip") : nil,
        nat.flags & Self.netmap != 0 && isMapped ? "prefix" : nil,
      ]
      append(
        "\(words.compactMap { $0 }.joined(separator: " ")) to \(target)\(StatementText.flags(ofNat: nat.flags))",
        needs: writer.uses)
    case .masquerade(let ports, let flags):
      append("masquerade" + text(ofPorts: ports, &writer) + StatementText.flags(ofNat: flags), needs: writer.uses)
    case .redirect(let ports, let flags):
      append("redirect" + text(ofPorts: ports, &writer) + StatementText.flags(ofNat: flags), needs: writer.uses)
    case .tproxy(let family, let address, let port):
      let target = text(
        of: address.map { RegisterRange($0) }, ports: port.map { RegisterRange($0) }, family: family, &writer)
      let word = context.family == .inet && family != 0 ? (family == 10 ? "ip6 " : "ip ") : ""
      // tproxy brackets an IPv6 address even where no port follows.
      let isBare = family == 10 && port == nil
      append("tproxy \(word)to \(isBare ? "[\(target)]" : target)", needs: writer.uses)
    default: return
    }
  }

  private func isMap(_ register: Register) -> Bool {
    if case .map? = registers.enclosing(register)?.value.operand { return true }
    return false
  }

  /// Whether a map gives more than one address: a range, a prefix, or a port besides.
  private func hasComposedData(_ nat: Nat) -> Bool {
    nat.addresses?.through != nil || nat.ports != nil || nat.flags & Self.netmap != 0
  }

  private func text(ofPorts ports: RegisterRange?, _ writer: inout OperandText) -> String {
    ports.map { " to :" + text(of: $0, Self.ports, &writer) } ?? ""
  }

  /// `address:port`, `[address]:port`, `:port`, or what a map gives for both.
  private func text(of addresses: RegisterRange?, ports: RegisterRange?, family: UInt32, _ writer: inout OperandText)
    -> String
  {
    guard let addresses else { return ports.map { ":" + text(of: $0, Self.ports, &writer) } ?? "" }
    if let (value, _) = registers.enclosing(addresses.from), case .map(let key, let set, let parts) = value.operand {
      let both = ports.map { registers.enclosing($0.from)?.offset ?? 0 > 0 } ?? false
      let shapes = both ? [addressShape(family), Self.ports] : [addressShape(family)]
      let isRange = addresses.through != nil || ports?.through != nil
      let text = text(ofMap: key, set, parts, shapes, isRange: isRange, &writer)
      return both ? text : text + (ports.map { ":" + self.text(of: $0, Self.ports, &writer) } ?? "")
    }
    let address = text(of: addresses, addressShape(family), &writer)
    guard let ports else { return address }
    // Each address in brackets, so that its colons do not run into the port's.
    let parts = address.split(separator: "-").map { $0.contains(":") ? "[\($0)]" : String($0) }
    return parts.joined(separator: "-") + ":" + text(of: ports, Self.ports, &writer)
  }

  private func text(
    ofMap key: RaisedOperand, _ set: SetReference, _ parts: [Loaded], _ shapes: [ValueShape], isRange: Bool,
    _ writer: inout OperandText
  ) -> String {
    guard case .anonymous(let definition) = set else { return writer.text(of: .map(key, set, parts: parts)) }
    // The first and the last value lie one behind the other in the element's data.
    let data = isRange ? definition.splittingData() : definition
    let body = writer.sets.text(of: data, keys: writer.shapes(of: key, in: parts), data: shapes)
    return "\(writer.text(of: key)) map \(body)"
  }

  private func text(of range: RegisterRange, _ shape: ValueShape, _ writer: inout OperandText) -> String {
    let first = value(in: range.from)
    guard let through = range.through, case .constant(let from) = first.operand,
      case .constant(let to) = value(in: through).operand
    else { return writer.text(of: first.operand, as: shape) }
    return writer.sets.rangeText(shape.canonical(from), through: shape.canonical(to), shape)
  }
}

extension SetDefinition {
  /// Data that hold the first and the last value of a range as a pair.
  fileprivate func splittingData() -> SetDefinition {
    var copy = self
    copy.elements = elements.map { element in
      guard let details = element.details, case .value(let bytes, nil) = details.data, bytes.count % 2 == 0 else {
        return element
      }
      let half = bytes.count / 2
      let pair = ElementData.value(Bytes(Array(bytes.prefix(half))), end: Bytes(Array(bytes.suffix(half))))
      return SetElement(
        key: element.key, end: element.end,
        details: SetElementDetails(
          data: pair, timeout: details.timeout, expiration: details.expiration, expressions: details.expressions,
          comment: details.comment, isCatchAll: details.isCatchAll))
    }
    return copy
  }
}
