import Model

/// Extension headers, options and chunks: what the kernel finds by walking over a list.
extension RuleChecker {
  mutating func option(_ selector: SelectorSyntax) throws(SyntaxError) -> Operand {
    let span = selector.span
    switch selector.kind {
    case .extensionHeader(let name):
      guard let index = OptionKind.ipv6.option(name.text) else {
        throw SyntaxError("unknown extension header \(name.text)", at: name.span)
      }
      try requireBeforeAll(.ip6, at: span)
      return presence(.ipv6, type: OptionKind.ipv6.options[index].type, at: span)
    case .tcpOption(let name, let field): return try tcpOption(name, field: field, at: span)
    case .rawTCPOption(let type, let offset, let length):
      guard length > 0, offset % 8 + length <= 128 else {
        throw SyntaxError("a field of \(length) bits cannot be loaded", at: span)
      }
      let raw = HeaderField("raw", .integer, at: Int(offset), Int(length))
      return field(raw, .tcp, type: type, at: span)
    case .ipOption(let name, let field):
      try requireBeforeAll(.ip, at: span)
      return try named(.ipv4, name, field: field, what: "ip option", at: span)
    case .sctpChunk(let name, let field):
      return try named(.sctp, name, field: field, what: "sctp chunk", at: span)
    case .dccpOption(let number):
      guard let type = UInt8(number.text) else {
        throw SyntaxError("\(number.text) is no option's number", at: number.span, hint: "expected 0 to 255")
      }
      return presence(.dccp, type: type, at: span)
    default: throw SyntaxError("not an option", at: span)
    }
  }

  mutating func extensionHeader(_ index: Int, field name: Word, at span: Span) throws(SyntaxError) -> Operand {
    let header = OptionKind.ipv6.options[index]
    guard let field = header.field(name.text) else { throw unknownField(name, of: header) }
    try requireBeforeAll(.ip6, at: span)
    // A routing header's form is told by its type, which nft matches for the fields of one form.
    return self.field(header.fields[field], .ipv6, type: header.type, at: span)
  }

  private func unknownField(_ name: Word, of option: HeaderOption) -> SyntaxError {
    SyntaxError(
      "\(option.keyword) has no field \(name.text)", at: name.span,
      hint: "expected one of: " + option.fields.map(\.name).joined(separator: ", "))
  }

  private mutating func tcpOption(_ name: Word, field: Word?, at span: Span) throws(SyntaxError) -> Operand {
    if let number = UInt32(name.text) {
      guard let type = UInt8(exactly: number) else {
        throw SyntaxError("option \(number) is out of range", at: name.span, hint: "expected 0 to 255")
      }
      guard let field else { return presence(.tcp, type: type, at: span) }
      let common: [String: HeaderField] = [
        "kind": HeaderField("kind", .integer, at: 0, 8), "length": HeaderField("length", .integer, at: 8, 8),
      ]
      guard let found = common[field.text] else {
        throw SyntaxError(
          "option \(number) has no field \(field.text)", at: field.span, hint: "expected kind or length")
      }
      return self.field(found, .tcp, type: type, at: span)
    }
    let known = Word(HeaderOption.tcpOptionAliases[name.text] ?? name.text, name.span)
    return try named(.tcp, known, field: field, what: "tcp option", at: span)
  }

  private func named(
    _ kind: OptionKind, _ name: Word, field: Word?, what: String, at span: Span
  ) throws(SyntaxError) -> Operand {
    guard let index = kind.option(name.text) else {
      throw SyntaxError(
        "unknown \(what) \(name.text)", at: name.span,
        hint: "expected one of: " + kind.options.map(\.keyword).joined(separator: ", "))
    }
    let option = kind.options[index]
    guard let field else { return presence(kind, type: option.type, at: span) }
    guard let found = option.field(field.text) else { throw unknownField(field, of: option) }
    return self.field(option.fields[found], kind, type: option.type, at: span)
  }

  private func presence(_ kind: OptionKind, type: UInt8, at span: Span) -> Operand {
    let field = ExtensionHeaderField(operation: kind.rawValue, type: type, offset: 0, length: 1, flags: 1)
    return Operand(
      .load(.extensionHeader(field, to: Register(slot: 0))), ValueType(.boolean, order: .host, width: 8), span: span)
  }

  private func field(_ field: HeaderField, _ kind: OptionKind, type: UInt8, at span: Span) -> Operand {
    let place = Operand.Field(
      base: .inner, offset: field.offset, length: field.length, header: .unknown, isNext: false, isMessageType: false)
    let value = ValueType(field.type, order: .network, width: field.length, symbols: field.symbols)
    return bits(place, value, at: span) { offset, length in
      .extensionHeader(
        ExtensionHeaderField(operation: kind.rawValue, type: type, offset: offset, length: length, flags: 0),
        to: Register(slot: 0))
    }
  }
}
