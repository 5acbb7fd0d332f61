import Model

/// Resolves what is written against the type that is expected.
struct LiteralResolver {
  let names: any NameResolver

  /// One value; lists are flags, operators are folded.
  func value(_ syntax: ExpressionSyntax, as type: ValueType) throws(SyntaxError) -> UInt128 {
    let result = try unchecked(syntax, as: type)
    let width = type.type == .conntrackLabel ? 128 : type.width
    if width > 0, width < 128, result >> UInt128(width) != 0 {
      throw SyntaxError(
        "value \(result) is out of range", at: syntax.span, hint: "expected 0 to \(lowBits(width)) (\(type.type.title))"
      )
    }
    if type.type == .day, result > 6 {
      throw SyntaxError("value \(result) is out of range", at: syntax.span, hint: "expected 0 (Sunday) to 6 (Saturday)")
    }
    return result
  }

  private func unchecked(_ syntax: ExpressionSyntax, as type: ValueType) throws(SyntaxError) -> UInt128 {
    switch syntax.kind {
    case .number(let number): return try scaled(UInt128(number), as: type, at: syntax.span)
    case .word(let text): return try word(text, as: type, at: syntax.span)
    case .string(let text): return try string(text, as: type, at: syntax.span)
    case .parenthesized(let inner): return try value(inner, as: type)
    case .list(let items):
      guard type.type.isBitmask else {
        throw SyntaxError(
          "several values at once", at: syntax.span, hint: "only flags can be listed; write a set: { a, b }")
      }
      var result: UInt128 = 0
      for item in items { result |= try value(item, as: type) }
      return result
    case .binary(let operation, let left, let right):
      let isShift = operation == .shiftLeft || operation == .shiftRight
      let rightType = isShift ? ValueType(.integer, order: .host, width: 32) : type
      return fold(operation, try value(left, as: type), try value(right, as: rightType))
    default: throw mismatch(syntax, type)
    }
  }

  func mismatch(_ syntax: ExpressionSyntax, _ type: ValueType) -> SyntaxError {
    SyntaxError("expected a value of type \(type.type.title)", at: syntax.span)
  }

  func fold(_ operation: ExpressionSyntax.BinaryOperator, _ left: UInt128, _ right: UInt128) -> UInt128 {
    switch operation {
    case .and: left & right
    case .or: left | right
    case .xor: left ^ right
    case .shiftLeft: right < 128 ? left << right : 0
    case .shiftRight: right < 128 ? left >> right : 0
    }
  }

  /// Numbers stand for themselves, but for times (seconds to the kernel's unit) and labels (a bit's number).
  private func scaled(_ number: UInt128, as type: ValueType, at span: Span) throws(SyntaxError) -> UInt128 {
    switch type.type {
    case .time: return number * 1000
    case .dateTime: return number * 1_000_000_000
    case .conntrackLabel:
      guard number < 128 else {
        throw SyntaxError("label \(number) is out of range", at: span, hint: "expected 0 to 127")
      }
      return 1 << number
    default: return number
    }
  }

  private func word(_ text: String, as type: ValueType, at span: Span) throws(SyntaxError) -> UInt128 {
    if let symbol = type.symbols?.value(of: text) ?? type.type.symbols?.value(of: text) { return UInt128(symbol) }
    if type.type.isString { return try string(text, as: type, at: span) }
    if let value = address(text, as: type.type) ?? special(text, as: type.type) { return value }
    if type.type != .etherAddress, let number = LiteralFormats.number(text) {
      return try scaled(number, as: type, at: span)
    }
    if let value = try named(text, as: type.type, at: span) { return value }
    if type.type == .ipv4Address || type.type == .ipv6Address {
      throw SyntaxError(
        "\(text) is not an \(type.type.title)", at: span,
        hint: IPAddress(text) == nil ? "host names are not looked up" : nil)
    }
    throw SyntaxError(
      "\(text) is not a value of type \(type.type.title)", at: span, hint: type.type.symbols.map(choices))
  }

  private func choices(_ table: SymbolTable) -> String {
    "expected one of: " + table.entries.map(\.name).joined(separator: ", ")
  }

  private func address(_ text: String, as type: DataType) -> UInt128? {
    switch type {
    case .ipv4Address:
      if case .v4(let value)? = IPAddress(text) { return UInt128(value) }
    case .ipv6Address:
      if case .v6(let high, let low)? = IPAddress(text) { return UInt128(high) << 64 | UInt128(low) }
    case .etherAddress, .linkLayerAddress: return LiteralFormats.etherAddress(text)
    default: break
    }
    return nil
  }

  private func special(_ text: String, as type: DataType) -> UInt128? {
    switch type {
    case .time: return LiteralFormats.milliseconds(text)
    case .classID: return LiteralFormats.trafficClass(text)
    case .hour:
      return LiteralFormats.timeOfDay(text).map { time in
        // Midnight UTC in the west of Greenwich is the end of a day: nft adds a day rather than go below zero.
        let seconds = time - names.secondsEastOfUTC(at: nil)
        return UInt128(seconds < 0 ? seconds + 86400 : seconds)
      }
    case .dateTime:
      return LiteralFormats.dateTime(text).flatMap { shown in
        let seconds = shown - names.secondsEastOfUTC(at: shown)
        return seconds < 0 ? nil : UInt128(seconds) * 1_000_000_000
      }
    case .day:
      return SymbolTable.day.entries.first { $0.name.lowercased().hasPrefix(text.lowercased()) && text.count >= 3 }
        .map { UInt128($0.value) }
    default: return nil
    }
  }

  private func named(_ text: String, as type: DataType, at span: Span) throws(SyntaxError) -> UInt128? {
    switch type {
    case .inetProtocol:
      return (Self.protocols[text] ?? names.protocolNumber(text)).map { UInt128($0) }
    case .inetService: return names.servicePort(text).map { UInt128($0) }
    case .userID: return names.userID(text).map { UInt128($0) }
    case .groupID: return names.groupID(text).map { UInt128($0) }
    case .interfaceIndex:
      guard let index = names.interfaceIndex(text) else {
        throw SyntaxError(
          "interface \(text) does not exist", at: span, hint: "iifname and oifname match by name, also later ones")
      }
      return UInt128(index)
    case .conntrackLabel: return names.number(of: text, in: "/etc/connlabel.conf").map { 1 << UInt128($0) }
    default:
      guard let file = type.properties.namesFile else { return nil }
      if let number = names.number(of: text, in: file) { return UInt128(number) }
      return Self.defaults[file]?[text]
    }
  }

  /// Words of the language itself, whatever /etc/protocols says.
  private static let protocols: [String: UInt8] = [
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58,
    "ipv6-icmp": 58,
    "comp": 108, "sctp": 132, "udplite": 136,
  ]
  /// What iproute2 ships in these files.
  private static let defaults: [String: [String: UInt128]] = [
    "/etc/iproute2/rt_realms": ["cosmos": 0], "/etc/iproute2/group": ["default": 0],
  ]

  private func string(_ text: String, as type: ValueType, at span: Span) throws(SyntaxError) -> UInt128 {
    guard type.type.isString else { return try word(text, as: type, at: span) }
    guard !text.isEmpty else { throw SyntaxError("the name is empty", at: span) }
    // IFNAMSIZ counts the terminating zero; other strings may fill the register.
    let capacity = type.type == .interfaceName ? type.size - 1 : type.size
    let plain = text.hasSuffix("\\*") ? String(text.dropLast(2)) + "*" : text
    guard let value = LiteralFormats.string(plain, capacity: capacity) else {
      throw SyntaxError("\(plain) is longer than \(capacity) characters", at: span)
    }
    return value
  }
}
