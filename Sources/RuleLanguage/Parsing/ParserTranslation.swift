/// Address translation and transparent proxies.
extension Parser {
  mutating func natFamily() throws(SyntaxError) -> Word? {
    guard at("ip") || at("ip6") else { return nil }
    let next = peek()
    guard ["to", "prefix", "addr", "interval"].contains(where: { isWord(next, $0) }) else { return nil }
    return try word("'ip' or 'ip6'")
  }

  /// `snat [ip|ip6] [prefix|interval|addr . port] to ADDRESS[:PORT] [flags]`
  mutating func addressTranslation() throws(SyntaxError) -> StatementSyntax.Kind {
    var nat = NatSyntax(kind: at("snat") ? .snat : .dnat)
    advance()
    nat.family = try natFamily()
    // With neither a family nor a shape nft lets `to` be left out.
    let isPlain = nat.family == nil && !at("prefix") && !at("interval") && !at("addr")
    if take("prefix") {
      nat.shape = .prefix
    } else if take("interval") {
      nat.shape = .interval
    } else if take("addr") {
      try expect(.dot, "'.'")
      try expect("port")
      nat.shape = .addressAndPort
    }
    if !take("to"), !isPlain { try expect("to") }
    try target(&nat)
    nat.flags = try natFlags()
    return .nat(nat)
  }

  /// `masquerade [to :PORT] [flags]`, `redirect [to :PORT] [flags]`
  mutating func portTranslation() throws(SyntaxError) -> StatementSyntax.Kind {
    var nat = NatSyntax(kind: at("masquerade") ? .masquerade : .redirect)
    advance()
    if take("to") {
      if at(.colon) {
        advance()
        nat.port = try expression(.argument)
      } else {
        guard nat.kind == .redirect else { throw unexpected("':' and a port") }
        // nft takes `redirect to 80` as well.
        nat.port = try expression(.argument)
      }
    }
    nat.flags = try natFlags()
    return .nat(nat)
  }

  private mutating func target(_ nat: inout NatSyntax) throws(SyntaxError) {
    if !at(.colon) { nat.address = try expression(.argument) }
    if take(.colon) { nat.port = try expression(.argument) }
  }

  private mutating func natFlags() throws(SyntaxError) -> [Word] {
    guard at("random") || at("fully-random") || at("persistent") else { return [] }
    return try wordList("random, fully-random or persistent")
  }

  /// `tproxy [ip|ip6] to [ADDRESS][:PORT]`
  mutating func tproxy() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    let family = try natFamily()
    try expect("to")
    let address = at(.colon) ? nil : try expression(.argument)
    let port = take(.colon) ? try expression(.argument) : nil
    return .tproxy(family: family, address: address, port: port)
  }
}
