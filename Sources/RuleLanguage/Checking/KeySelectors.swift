import Model

/// Selectors that read one of the kernel's keys.
extension RuleChecker {
  mutating func meta(_ word: Word, at span: Span) throws(SyntaxError) -> Operand {
    let key = try self.key(word, in: .meta, of: "meta")
    let bridgeAlone: Set<String> = ["ibrname", "obrname", "ibrpvid", "ibrvproto", "broute", "ibrhwaddr"]
    if bridgeAlone.contains(key.name), family != .bridge {
      throw SyntaxError("meta \(word.text) is known in bridge tables alone", at: span)
    }
    if key.name == "nfproto", family != .inet {
      throw SyntaxError(
        "meta nfproto is known in inet tables alone", at: span, hint: "other tables have one protocol, or meta protocol"
      )
    }
    var result = keyed(key, inTunnel(.meta(MetaKey(rawValue: key.number), to: Register(slot: 0))), at: span)
    result.metaKey = MetaKey(rawValue: key.number)
    return result
  }

  mutating func conntrack(
    direction: Word?, family: Word?, key word: Word, at span: Span
  ) throws(SyntaxError) -> Operand {
    let side: ConntrackDirection?
    switch direction?.text {
    case nil: side = nil
    case "original": side = .original
    case "reply": side = .reply
    default: throw SyntaxError("unknown direction", at: direction?.span ?? span, hint: "expected original or reply")
    }
    let name = family.map { "\($0.text) \(word.text)" } ?? word.text
    let key = try self.key(Word(name, word.span), in: .conntrack, of: "ct")
    let needsDirection: Set<String> = [
      "saddr", "daddr", "ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "proto-src", "proto-dst",
    ]
    let mayHaveDirection = needsDirection.union(["bytes", "packets", "avgpkt", "zone", "protocol", "l3proto"])
    if side == nil, needsDirection.contains(key.name) {
      throw SyntaxError("ct \(name) needs a direction", at: span, hint: "expected ct original or ct reply before it")
    }
    if side != nil, !mayHaveDirection.contains(key.name) {
      throw SyntaxError("ct \(name) has no direction", at: span)
    }
    let load = Expression.conntrack(ConntrackKey(rawValue: key.number), direction: side, to: Register(slot: 0))
    switch key.name {
    case "saddr", "daddr":
      switch context.network {
      case .header(.ip): return Operand(.load(load), ValueType(.ipv4Address), span: span)
      case .header(.ip6): return Operand(.load(load), ValueType(.ipv6Address), span: span)
      default:
        throw SyntaxError("ct \(name) does not say which protocol", at: span, hint: "write ip \(name) or ip6 \(name)")
      }
    case "ip saddr", "ip daddr": try requireFamily(.ip, at: span)
    case "ip6 saddr", "ip6 daddr": try requireFamily(.ip6, at: span)
    default: break
    }
    return keyed(key, load, at: span)
  }

  /// The packet may be of this protocol, as far as is known.
  private func requireFamily(_ id: ProtocolID, at span: Span) throws(SyntaxError) {
    if let known = context.network.header, known != id {
      throw SyntaxError(
        "conflicting protocols: \(HeaderProtocol[known].keyword) and \(HeaderProtocol[id].keyword)", at: span)
    }
  }

  mutating func routing(family word: Word?, key: Word, at span: Span) throws(SyntaxError) -> Operand {
    guard key.text == "nexthop" else {
      let found = try self.key(key, in: .routing, of: "rt")
      return keyed(found, .routing(RoutingKey(rawValue: found.number), to: Register(slot: 0)), at: span)
    }
    let id: ProtocolID
    switch word?.text {
    case "ip": id = .ip
    case "ip6": id = .ip6
    default:
      guard let known = context.network.header, known != .arp else {
        throw SyntaxError(
          "rt nexthop does not say which protocol", at: span, hint: "write rt ip nexthop or rt ip6 nexthop")
      }
      id = known
    }
    if let known = context.network.header, known != id {
      throw SyntaxError(
        "conflicting protocols: \(HeaderProtocol[known].keyword) and \(HeaderProtocol[id].keyword)", at: span)
    }
    let found = try self.key(Word(id == .ip ? "ip nexthop" : "ip6 nexthop", key.span), in: .routing, of: "rt")
    return keyed(found, .routing(RoutingKey(rawValue: found.number), to: Register(slot: 0)), at: span)
  }

  mutating func fib(_ tuple: [Word], _ result: Word, at span: Span) throws(SyntaxError) -> Operand {
    var flags: UInt32 = 0
    for word in tuple {
      guard let flag = FibFlag.allCases.first(where: { $0.keyword == word.text }) else {
        throw SyntaxError("fib has no \(word.text)", at: word.span, hint: "expected saddr, daddr, mark, iif or oif")
      }
      guard flags & flag.rawValue == 0 else { throw SyntaxError("\(word.text) stands twice", at: word.span) }
      flags |= flag.rawValue
    }
    let addresses = flags & (FibFlag.saddr.rawValue | FibFlag.daddr.rawValue)
    guard addresses.nonzeroBitCount == 1 else {
      throw SyntaxError("fib needs either saddr or daddr", at: span)
    }
    guard flags & FibFlag.iif.rawValue == 0 || flags & FibFlag.oif.rawValue == 0 else {
      throw SyntaxError("fib takes either iif or oif", at: span)
    }
    if result.text == "check" || result.text == "exists" {
      // The kernel writes a whole register.
      let value = ValueType(.boolean, order: .host, width: 32)
      return Operand(
        .load(.fib(result: 1, flags: flags | FibFlag.present, to: Register(slot: 0))), value, span: span)
    }
    let key = try self.key(result, in: .fib, of: "fib")
    return keyed(key, .fib(result: key.number, flags: flags, to: Register(slot: 0)), at: span)
  }

  mutating func osFingerprint(ttl: Word?, key: Word, at span: Span) throws(SyntaxError) -> Operand {
    // linux/netfilter/nfnetlink_osf.h: NF_OSF_TTL_TRUE, _LESS, _NOCHECK
    let values: [String: UInt8] = ["loose": 1, "skip": 2]
    guard let check = ttl.map({ values[$0.text] }) ?? 0 else {
      throw SyntaxError("unknown ttl check", at: ttl?.span ?? span, hint: "expected loose or skip")
    }
    guard key.text == "name" || key.text == "version" else {
      throw SyntaxError("osf has no \(key.text)", at: key.span, hint: "expected name or version")
    }
    return Operand(
      .load(.osFingerprint(ttl: check, flags: key.text == "version" ? 1 : 0, to: Register(slot: 0))),
      ValueType(.string, order: .host, width: 128), span: span)
  }

  mutating func ipsec(
    direction: Word, number: UInt32, family word: Word?, key: Word, at span: Span
  ) throws(SyntaxError) -> Operand {
    guard direction.text == "in" || direction.text == "out" else {
      throw SyntaxError("unknown direction", at: direction.span, hint: "expected in or out")
    }
    guard family == .ipv4 || family == .ipv6 || family == .inet else {
      throw SyntaxError("ipsec is known in ip, ip6 and inet tables alone", at: span)
    }
    guard number <= 255 else {
      throw SyntaxError("spnum \(number) is out of range", at: span, hint: "expected 0 to 255")
    }
    let name = word.map { "\($0.text) \(key.text)" } ?? key.text
    let found = try self.key(Word(name, key.span), in: .xfrm, of: "ipsec")
    // linux/xfrm.h: XFRM_POLICY_IN, XFRM_POLICY_OUT
    let policy: UInt8 = direction.text == "in" ? 0 : 1
    return keyed(
      found, .xfrm(key: found.number, direction: policy, spnum: number, to: Register(slot: 0)), at: span)
  }
}
