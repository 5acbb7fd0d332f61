extension Parser {
  func leadingWord(_ token: Token) -> LeadingWord? {
    token.kind == .word ? LeadingWord(text(token)) : nil
  }

  /// The word that is next if it begins a selector. Where constants may stand too, a protocol's name alone is one:
  /// `ip protocol set tcp accept`.
  func selectorWord(in place: ExpressionPlace) -> LeadingWord? {
    guard place != .constant, let leading = leadingWord(token), leading.isSelector else { return nil }
    return place == .selector || isSelectorArgument(leading) ? leading : nil
  }

  private func isSelectorArgument(_ leading: LeadingWord) -> Bool {
    switch leading {
    case .header, .tunnelHeader:
      let next = peek()
      guard next.kind == .word else { return false }
      guard let following = leadingWord(next) else { return true }
      return leading == .tunnelHeader && following == .header
    case .metaKey: return true
    default: return peek().kind == .word || leading == .numgen || leading == .jhash
    }
  }

  /// `@ll,0,16`, not a set's name.
  func isRawPayload() -> Bool {
    var ahead = lexer
    let base = ahead.next()
    return ["ll", "nh", "th", "ih"].contains { isWord(base, $0) } && ahead.next().kind == .comma
  }

  mutating func selector() throws(SyntaxError) -> SelectorSyntax { try selector(leadingWord(token)) }

  /// - Parameter leading: the word that is next; nil if it is none of the language's.
  mutating func selector(_ leading: LeadingWord?) throws(SyntaxError) -> SelectorSyntax {
    let start = token.start
    let kind = try nested { (parser) throws(SyntaxError) in try parser.selectorKind(leading) }
    return SelectorSyntax(kind, span(from: start))
  }

  private mutating func selectorKind(_ leading: LeadingWord?) throws(SyntaxError) -> SelectorSyntax.Kind {
    if at(.at) { return try rawPayload() }
    guard let leading, leading.isSelector else { throw unexpected("a packet field") }
    let word = try word("a packet field")
    switch leading {
    case .tunnelHeader: return try tunnelHeader(word)
    case .metaKey: return .meta(word)
    case .meta: return .meta(try self.word("a meta key"))
    case .ct: return try conntrack()
    case .rt: return try routing(word)
    case .fib: return try fib()
    case .socket: return try socket()
    case .osf: return try osFingerprint()
    case .numgen: return try numberGenerator()
    case .jhash: return try jenkinsHash()
    case .symhash:
      try expect("mod")
      let modulus: UInt32 = try number("a modulus")
      return .symmetricHash(modulus: modulus, offset: try optionalNumber("offset") ?? 0)
    case .ipsec: return try ipsec()
    case .tunnel: return .tunnel(try self.word("'path' or 'id'"))
    case .exthdr: return .extensionHeader(try self.word("an extension header's name"))
    default: return try header(word)
    }
  }

  private mutating func rawPayload() throws(SyntaxError) -> SelectorSyntax.Kind {
    try expect(.at, "'@'")
    let base = try word("ll, nh, th or ih")
    try expect(.comma, "','")
    let offset: UInt32 = try number("an offset in bits")
    try expect(.comma, "','")
    return .rawPayload(base: base, offset: offset, length: try number("a length in bits"))
  }

  private mutating func optionalNumber(_ word: String) throws(SyntaxError) -> UInt32? {
    guard take(word) else { return nil }
    return try number("a number")
  }
}

// MARK: Headers

extension Parser {
  private mutating func tunnelHeader(_ word: Word) throws(SyntaxError) -> SelectorSyntax.Kind {
    guard let inner = leadingWord(token), inner == .header || inner == .tunnelHeader else { return try header(word) }
    return .inner(tunnel: word, try selector())
  }

  private mutating func header(_ header: Word) throws(SyntaxError) -> SelectorSyntax.Kind {
    switch header.text {
    case "tcp" where take("option"): return try tcpOption()
    case "ip" where take("option"):
      let name = try word("an IP option's name")
      return .ipOption(name, field: try optionField())
    case "sctp" where take("chunk"):
      let name = try wordOrNumber("an SCTP chunk's name")
      return .sctpChunk(name, field: try optionField())
    case "dccp" where take("option"): return .dccpOption(try wordOrNumber("a DCCP option's number"))
    default: break
    }
    var field = try word("a field of \(header.text)")
    if header.text == "arp", field.text == "saddr" || field.text == "daddr", at("ip") || at("ether") {
      let kind = try word("'ip' or 'ether'")
      field = Word("\(field.text) \(kind.text)", field.span.joined(kind.span))
    } else if at(.openBracket), header.text == "srh" || header.text == "rt0" {
      advance()
      let index: UInt8 = try number("an index")
      try expect(.closeBracket, "']'")
      field = Word(
        "\(field.text)[\(index)]", field.span.joined(Span(start: previousEnd, end: previousEnd, source: sourceNumber)))
    }
    return .header(header, field: field)
  }

  private mutating func tcpOption() throws(SyntaxError) -> SelectorSyntax.Kind {
    if take(.at) {
      let type: UInt8 = try number("a TCP option's number")
      try expect(.comma, "','")
      let offset: UInt32 = try number("an offset in bits")
      try expect(.comma, "','")
      return .rawTCPOption(type: type, offset: offset, length: try number("a length in bits"))
    }
    let name = try wordOrNumber("a TCP option's name or number")
    return .tcpOption(name, field: try optionField())
  }

  /// What can follow an option's name without a field: values, operators, and an element's options.
  private static let wordsAfterOption: Set<String> = [
    "exists", "missing", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "lshift", "rshift", "vmap", "map",
    "timeout", "expires", "comment",
  ]

  /// The field behind an option's name; none where a comparison with `exists` or `missing` follows.
  private mutating func optionField() throws(SyntaxError) -> Word? {
    guard token.kind == .word else { return nil }
    let text = text(token)
    if Self.wordsAfterOption.contains(text) || LeadingWord(text) != nil { return nil }
    return try word("a field")
  }
}

// MARK: Keys with words of their own

extension Parser {
  private mutating func familyWord() throws(SyntaxError) -> Word? {
    guard at("ip") || at("ip6") else { return nil }
    return try word("'ip' or 'ip6'")
  }

  private mutating func conntrack() throws(SyntaxError) -> SelectorSyntax.Kind {
    var direction: Word?
    if at("original") || at("reply") { direction = try word("a direction") }
    let family = try familyWord()
    let key = try word("a conntrack key")
    // The older order, `ct saddr original`; but `ct direction reply` is a comparison.
    if direction == nil, key.text != "direction", at("original") || at("reply") { direction = try word("a direction") }
    return .conntrack(direction: direction, family: family, key: key)
  }

  private mutating func routing(_ header: Word) throws(SyntaxError) -> SelectorSyntax.Kind {
    guard token.kind == .word, LeadingWord.routingKeys.contains(text(token)) else { return try self.header(header) }
    let family = try familyWord()
    return .routing(family: family, key: try word("a routing key"))
  }

  private mutating func fib() throws(SyntaxError) -> SelectorSyntax.Kind {
    var tuple = [try word("saddr, daddr, mark, iif or oif")]
    while take(.dot) { tuple.append(try word("saddr, daddr, mark, iif or oif")) }
    return .fib(tuple: tuple, result: try word("oif, oifname, type or check"))
  }

  private mutating func socket() throws(SyntaxError) -> SelectorSyntax.Kind {
    let key = try word("transparent, mark, wildcard or cgroupv2")
    return .socket(key: key, level: try optionalNumber("level"))
  }

  private mutating func osFingerprint() throws(SyntaxError) -> SelectorSyntax.Kind {
    let ttl = take("ttl") ? try word("loose or skip") : nil
    return .osFingerprint(ttl: ttl, key: try word("name or version"))
  }

  private mutating func numberGenerator() throws(SyntaxError) -> SelectorSyntax.Kind {
    let kind = try word("inc or random")
    try expect("mod")
    let modulus: UInt32 = try number("a modulus")
    return .numberGenerator(kind: kind, modulus: modulus, offset: try optionalNumber("offset") ?? 0)
  }

  private mutating func jenkinsHash() throws(SyntaxError) -> SelectorSyntax.Kind {
    let value = try expression(.selector)
    try expect("mod")
    let modulus: UInt32 = try number("a modulus")
    let seed = try optionalNumber("seed")
    return .jenkinsHash(value, modulus: modulus, seed: seed, offset: try optionalNumber("offset") ?? 0)
  }

  private mutating func ipsec() throws(SyntaxError) -> SelectorSyntax.Kind {
    let direction = try word("in or out")
    let number = try optionalNumber("spnum") ?? 0
    let family = try familyWord()
    return .ipsec(direction: direction, number: number, family: family, key: try word("reqid, spi, saddr or daddr"))
  }
}
