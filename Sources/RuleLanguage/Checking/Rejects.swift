import Model

extension RuleChecker {
  /// What nft answers with when nothing is said: port unreachable of the packet's own protocol.
  private static let portUnreachable: (icmp: UInt8, icmpv6: UInt8, any: UInt8) = (3, 4, 1)

  mutating func check(_ reject: RejectSyntax, at span: Span) throws(SyntaxError) {
    guard family != .arp else { throw SyntaxError("arp packets cannot be rejected", at: span) }
    if let known = context.network.header, known == .arp {
      throw SyntaxError("arp packets cannot be rejected", at: span)
    }
    switch reject.kind?.text {
    case nil: output.append(defaultReject)
    case "icmp": try rejectFamily(.ip, reject, .icmpCode, at: span)
    case "icmpv6": try rejectFamily(.ip6, reject, .icmpv6Code, at: span)
    case "icmpx":
      guard family != .ipv4, family != .ipv6 else {
        throw SyntaxError("icmpx is for tables of several protocols", at: span, hint: "write icmp or icmpv6")
      }
      let code = try self.code(reject, .icmpxCode)
      output.append(.reject(kind: 2, code: code))
    case "tcp": try rejectWithReset(at: span)
    default:
      throw SyntaxError(
        "unknown reject", at: reject.kind?.span ?? span, hint: "expected icmp, icmpv6, icmpx or tcp reset")
    }
  }

  private var defaultReject: Expression {
    switch context.network {
    case .header(.ip): .reject(kind: 0, code: Self.portUnreachable.icmp)
    case .header(.ip6): .reject(kind: 0, code: Self.portUnreachable.icmpv6)
    default: .reject(kind: 2, code: Self.portUnreachable.any)
    }
  }

  private func code(_ reject: RejectSyntax, _ type: DataType) throws(SyntaxError) -> UInt8 {
    guard let code = reject.code else { return type == .icmpCode ? 3 : type == .icmpv6Code ? 4 : 1 }
    return UInt8(truncatingIfNeeded: try literals.value(code, as: ValueType(type)))
  }

  private mutating func rejectFamily(
    _ id: ProtocolID, _ reject: RejectSyntax, _ type: DataType, at span: Span
  ) throws(SyntaxError) {
    let code = try self.code(reject, type)
    if context.network != .header(id) {
      guard context.network == .unknown else {
        let name = context.network.header.map { HeaderProtocol[$0].keyword } ?? "these"
        throw SyntaxError("\(name) packets cannot be rejected so", at: reject.kind?.span ?? span)
      }
      try prepend { checker throws(SyntaxError) in _ = try checker.require(HeaderProtocol[id], at: span) }
    }
    output.append(.reject(kind: 0, code: code))
  }

  private mutating func rejectWithReset(at span: Span) throws(SyntaxError) {
    if context.transport != .header(.tcp) || context.isTransportAmbiguous {
      guard context.transport == .unknown else {
        throw SyntaxError("only tcp can be reset", at: span)
      }
      try prepend { checker throws(SyntaxError) in _ = try checker.require(HeaderProtocol[.tcp], at: span) }
    }
    output.append(.reject(kind: 1, code: 0))
  }

  /// Moves what is written here to the rule's head, where nft puts what reject needs.
  private mutating func prepend(_ body: (inout RuleChecker) throws(SyntaxError) -> Void) throws(SyntaxError) {
    let gathered = mergeable
    let start = output.count
    try body(&self)
    mergeable = gathered
    prefix += output[start...]
    output.removeSubrange(start...)
  }
}
