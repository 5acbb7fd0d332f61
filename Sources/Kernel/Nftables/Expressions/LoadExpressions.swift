import CNftnl
import Model
import Netlink

// What brings a value of the packet, or of its connection, into a register, and what writes it back.

extension MessageWriter {
  mutating func payload(_ base: PayloadBase, offset: UInt32, length: UInt32, to register: Register) {
    expression("payload") { writer in
      writer.register(NFTA_PAYLOAD_DREG, register)
      writer.number(NFTA_PAYLOAD_BASE, base.rawValue)
      writer.number(NFTA_PAYLOAD_OFFSET, offset)
      writer.number(NFTA_PAYLOAD_LEN, length)
    }
  }

  mutating func payloadSet(
    _ base: PayloadBase, offset: UInt32, length: UInt32, from register: Register, checksum: PayloadChecksum
  ) {
    expression("payload") { writer in
      writer.register(NFTA_PAYLOAD_SREG, register)
      writer.number(NFTA_PAYLOAD_BASE, base.rawValue)
      writer.number(NFTA_PAYLOAD_OFFSET, offset)
      writer.number(NFTA_PAYLOAD_LEN, length)
      writer.number(NFTA_PAYLOAD_CSUM_TYPE, checksum.kind)
      writer.number(NFTA_PAYLOAD_CSUM_OFFSET, checksum.offset)
      if checksum.flags != 0 { writer.number(NFTA_PAYLOAD_CSUM_FLAGS, checksum.flags) }
    }
  }

  mutating func meta(_ key: MetaKey, to register: Register) {
    expression("meta") { writer in
      writer.number(NFTA_META_KEY, key.rawValue)
      writer.register(NFTA_META_DREG, register)
    }
  }

  mutating func metaSet(_ key: MetaKey, from register: Register) {
    expression("meta") { writer in
      writer.number(NFTA_META_KEY, key.rawValue)
      writer.register(NFTA_META_SREG, register)
    }
  }

  mutating func conntrack(_ key: ConntrackKey, direction: ConntrackDirection?, to: Register?, from: Register?) {
    expression("ct") { writer in
      writer.number(NFTA_CT_KEY, key.rawValue)
      writer.register(NFTA_CT_DREG, to)
      if let direction { writer.number(NFTA_CT_DIRECTION, direction.rawValue) }
      writer.register(NFTA_CT_SREG, from)
    }
  }

  mutating func extensionHeader(_ field: ExtensionHeaderField, to: Register?, from: Register?) {
    expression("exthdr") { writer in
      writer.register(NFTA_EXTHDR_DREG, to)
      writer.register(NFTA_EXTHDR_SREG, from)
      writer.number(NFTA_EXTHDR_TYPE, field.type)
      // An option that is taken out has neither (`nft_exthdr_tcp_strip_init` in net/netfilter/nft_exthdr.c).
      if to != nil || from != nil {
        writer.number(NFTA_EXTHDR_OFFSET, field.offset)
        writer.number(NFTA_EXTHDR_LEN, field.length)
      }
      writer.number(NFTA_EXTHDR_OP, field.operation)
      if field.flags != 0 { writer.number(NFTA_EXTHDR_FLAGS, field.flags) }
    }
  }

  mutating func routing(_ key: RoutingKey, to register: Register) {
    expression("rt") { writer in
      writer.register(NFTA_RT_DREG, register)
      writer.number(NFTA_RT_KEY, key.rawValue)
    }
  }

  mutating func fib(result: UInt32, flags: UInt32, to register: Register) {
    expression("fib") { writer in
      writer.register(NFTA_FIB_DREG, register)
      writer.number(NFTA_FIB_RESULT, result)
      writer.number(NFTA_FIB_FLAGS, flags)
    }
  }

  mutating func socket(key: UInt32, level: UInt32, to register: Register) {
    expression("socket") { writer in
      writer.number(NFTA_SOCKET_KEY, key)
      writer.register(NFTA_SOCKET_DREG, register)
      if key == NFT_SOCKET_CGROUPV2.rawValue { writer.number(NFTA_SOCKET_LEVEL, level) }
    }
  }

  mutating func osFingerprint(ttl: UInt8, flags: UInt32, to register: Register) {
    expression("osf") { writer in
      writer.register(NFTA_OSF_DREG, register)
      writer.number(NFTA_OSF_TTL, ttl)
      // The kernel takes no flags but these (`nft_osf_init` in net/netfilter/nft_osf.c).
      if flags != 0 { writer.number(NFTA_OSF_FLAGS, flags) }
    }
  }

  mutating func xfrm(key: UInt32, direction: UInt8, number: UInt32, to register: Register) {
    expression("xfrm") { writer in
      writer.number(NFTA_XFRM_KEY, key)
      writer.number(NFTA_XFRM_DIR, direction)
      writer.number(NFTA_XFRM_SPNUM, number)
      writer.register(NFTA_XFRM_DREG, register)
    }
  }

  mutating func tunnel(key: UInt32, mode: UInt32, to register: Register) {
    expression("tunnel") { writer in
      writer.number(NFTA_TUNNEL_KEY, key)
      writer.register(NFTA_TUNNEL_DREG, register)
      writer.number(NFTA_TUNNEL_MODE, mode)
    }
  }

  mutating func numberGenerator(_ kind: NumberGeneratorKind, modulus: UInt32, offset: UInt32, to register: Register) {
    expression("numgen") { writer in
      writer.register(NFTA_NG_DREG, register)
      writer.number(NFTA_NG_MODULUS, modulus)
      writer.number(NFTA_NG_TYPE, kind.rawValue)
      writer.number(NFTA_NG_OFFSET, offset)
    }
  }

  mutating func jenkinsHash(
    from: Register, length: UInt32, modulus: UInt32, seed: UInt32?, offset: UInt32, to register: Register
  ) {
    expression("hash") { writer in
      writer.register(NFTA_HASH_SREG, from)
      writer.register(NFTA_HASH_DREG, register)
      writer.number(NFTA_HASH_LEN, length)
      writer.number(NFTA_HASH_MODULUS, modulus)
      if let seed { writer.number(NFTA_HASH_SEED, seed) }
      writer.number(NFTA_HASH_OFFSET, offset)
      writer.number(NFTA_HASH_TYPE, NFT_HASH_JENKINS.rawValue)
    }
  }

  mutating func symmetricHash(modulus: UInt32, offset: UInt32, to register: Register) {
    expression("hash") { writer in
      writer.register(NFTA_HASH_DREG, register)
      writer.number(NFTA_HASH_MODULUS, modulus)
      writer.number(NFTA_HASH_OFFSET, offset)
      writer.number(NFTA_HASH_TYPE, NFT_HASH_SYM.rawValue)
    }
  }
}

extension ExpressionDecoder {
  static func payload(_ attributes: Attributes) -> Expression? {
    guard let base = attributes.number(NFTA_PAYLOAD_BASE).flatMap(PayloadBase.init),
      let offset = attributes.number(NFTA_PAYLOAD_OFFSET), let length = attributes.number(NFTA_PAYLOAD_LEN)
    else { return nil }
    if let register = attributes.register(NFTA_PAYLOAD_DREG) {
      return .payload(base, offset: offset, length: length, to: register)
    }
    guard let register = attributes.register(NFTA_PAYLOAD_SREG) else { return nil }
    let checksum = PayloadChecksum(
      kind: attributes.number(NFTA_PAYLOAD_CSUM_TYPE) ?? 0, offset: attributes.number(NFTA_PAYLOAD_CSUM_OFFSET) ?? 0,
      flags: attributes.number(NFTA_PAYLOAD_CSUM_FLAGS) ?? 0)
    return .payloadSet(base, offset: offset, length: length, from: register, checksum: checksum)
  }

  static func meta(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_META_KEY).map(MetaKey.init) else { return nil }
    if let register = attributes.register(NFTA_META_DREG) { return .meta(key, to: register) }
    return attributes.register(NFTA_META_SREG).map { .metaSet(key, from: $0) }
  }

  static func conntrack(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_CT_KEY).map(ConntrackKey.init) else { return nil }
    let direction = attributes.byte(NFTA_CT_DIRECTION).flatMap(ConntrackDirection.init)
    if let register = attributes.register(NFTA_CT_DREG) { return .conntrack(key, direction: direction, to: register) }
    return attributes.register(NFTA_CT_SREG).map { .conntrackSet(key, direction: direction, from: $0) }
  }

  static func extensionHeader(_ attributes: Attributes) -> Expression? {
    guard let type = attributes.byte(NFTA_EXTHDR_TYPE) else { return nil }
    let field = ExtensionHeaderField(
      operation: attributes.number(NFTA_EXTHDR_OP) ?? 0, type: type,
      offset: attributes.number(NFTA_EXTHDR_OFFSET) ?? 0, length: attributes.number(NFTA_EXTHDR_LEN) ?? 0,
      flags: attributes.number(NFTA_EXTHDR_FLAGS) ?? 0)
    if let register = attributes.register(NFTA_EXTHDR_DREG) { return .extensionHeader(field, to: register) }
    if let register = attributes.register(NFTA_EXTHDR_SREG) { return .extensionHeaderSet(field, from: register) }
    return .extensionHeaderReset(field)
  }

  static func routing(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_RT_KEY), let to = attributes.register(NFTA_RT_DREG) else { return nil }
    return .routing(RoutingKey(rawValue: key), to: to)
  }

  static func fib(_ attributes: Attributes) -> Expression? {
    guard let result = attributes.number(NFTA_FIB_RESULT), let flags = attributes.number(NFTA_FIB_FLAGS),
      let to = attributes.register(NFTA_FIB_DREG)
    else { return nil }
    return .fib(result: result, flags: flags, to: to)
  }

  static func socket(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_SOCKET_KEY), let to = attributes.register(NFTA_SOCKET_DREG) else {
      return nil
    }
    return .socket(key: key, level: attributes.number(NFTA_SOCKET_LEVEL) ?? 0, to: to)
  }

  static func osFingerprint(_ attributes: Attributes) -> Expression? {
    guard let to = attributes.register(NFTA_OSF_DREG) else { return nil }
    return .osFingerprint(
      ttl: attributes.byte(NFTA_OSF_TTL) ?? 0, flags: attributes.number(NFTA_OSF_FLAGS) ?? 0, to: to)
  }

  static func xfrm(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_XFRM_KEY), let direction = attributes.byte(NFTA_XFRM_DIR),
      let to = attributes.register(NFTA_XFRM_DREG)
    else { return nil }
    return .xfrm(key: key, direction: direction, spnum: attributes.number(NFTA_XFRM_SPNUM) ?? 0, to: to)
  }

  static func tunnel(_ attributes: Attributes) -> Expression? {
    guard let key = attributes.number(NFTA_TUNNEL_KEY), let to = attributes.register(NFTA_TUNNEL_DREG) else {
      return nil
    }
    return .tunnel(key: key, mode: attributes.number(NFTA_TUNNEL_MODE) ?? 0, to: to)
  }

  static func numberGenerator(_ attributes: Attributes) -> Expression? {
    guard let kind = attributes.number(NFTA_NG_TYPE).flatMap(NumberGeneratorKind.init),
      let modulus = attributes.number(NFTA_NG_MODULUS), let to = attributes.register(NFTA_NG_DREG)
    else { return nil }
    return .numberGenerator(kind, modulus: modulus, offset: attributes.number(NFTA_NG_OFFSET) ?? 0, to: to)
  }

  static func hash(_ attributes: Attributes) -> Expression? {
    guard let modulus = attributes.number(NFTA_HASH_MODULUS), let to = attributes.register(NFTA_HASH_DREG) else {
      return nil
    }
    let offset = attributes.number(NFTA_HASH_OFFSET) ?? 0
    if attributes.number(NFTA_HASH_TYPE) == NFT_HASH_SYM.rawValue {
      return .symmetricHash(modulus: modulus, offset: offset, to: to)
    }
    guard let from = attributes.register(NFTA_HASH_SREG), let length = attributes.number(NFTA_HASH_LEN) else {
      return nil
    }
    return .jenkinsHash(
      from: from, length: length, modulus: modulus, seed: attributes.number(NFTA_HASH_SEED), offset: offset, to: to)
  }
}
