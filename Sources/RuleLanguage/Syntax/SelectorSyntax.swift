/// The left side of a match: what is looked at. Names are as written; the tables say which exist.
package struct SelectorSyntax: Sendable {
  package var kind: Kind
  package var span: Span

  package init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }

  package enum Kind: Sendable {
    /// `ip saddr`, and IPv6's extension headers: `frag id`, `rt type`. `header` is the protocol's name.
    case header(Word, field: Word)
    /// `@th,16,16`: base and both numbers in bits.
    case rawPayload(base: Word, offset: UInt32, length: UInt32)
    /// `meta mark`, or a key alone (`iifname`).
    case meta(Word)
    /// `ct [original|reply] [ip|ip6] key`
    case conntrack(direction: Word?, family: Word?, key: Word)
    /// `rt [ip|ip6] key` (`classid`, `nexthop`, `mtu`, `ipsec`)
    case routing(family: Word?, key: Word)
    /// `fib saddr . iif oif`: the tuple's words, then the result's.
    case fib(tuple: [Word], result: Word)
    /// `socket key`, `socket cgroupv2 level N`
    case socket(key: Word, level: UInt32?)
    /// `osf [ttl loose|skip] name|version`
    case osFingerprint(ttl: Word?, key: Word)
    /// `numgen inc|random mod N [offset N]`
    case numberGenerator(kind: Word, modulus: UInt32, offset: UInt32)
    /// `jhash expr mod N [seed N] [offset N]`
    case jenkinsHash(ExpressionSyntax, modulus: UInt32, seed: UInt32?, offset: UInt32)
    /// `symhash mod N [offset N]`
    case symmetricHash(modulus: UInt32, offset: UInt32)
    /// `ipsec in|out [spnum N] [ip|ip6] key`
    case ipsec(direction: Word, number: UInt32, family: Word?, key: Word)
    /// `tunnel id`
    case tunnel(Word)
    /// `exthdr hbh` (followed by `exists` or `missing`)
    case extensionHeader(Word)
    /// `tcp option name [field]`; the name may be a number. Without a field: whether it is there.
    case tcpOption(Word, field: Word?)
    /// `tcp option @type,offset,length`, the latter two in bits.
    case rawTCPOption(type: UInt8, offset: UInt32, length: UInt32)
    /// `ip option name [field]`
    case ipOption(Word, field: Word?)
    /// `sctp chunk name [field]`
    case sctpChunk(Word, field: Word?)
    /// `dccp option number`
    case dccpOption(Word)
    /// `vxlan ip saddr`: the tunnel's name and what is looked at inside it.
    indirect case inner(tunnel: Word, SelectorSyntax)
  }
}
