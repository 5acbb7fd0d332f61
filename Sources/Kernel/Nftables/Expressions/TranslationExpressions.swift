import CNftnl
import Model
import Netlink

// What changes addresses and ports.

extension MessageWriter {
  mutating func nat(_ nat: Nat) {
    expression("nat") { writer in
      writer.number(NFTA_NAT_TYPE, nat.kind.rawValue)
      writer.number(NFTA_NAT_FAMILY, nat.family)
      writer.register(NFTA_NAT_REG_ADDR_MIN, nat.addresses?.from)
      writer.register(NFTA_NAT_REG_ADDR_MAX, nat.addresses?.through)
      writer.register(NFTA_NAT_REG_PROTO_MIN, nat.ports?.from)
      writer.register(NFTA_NAT_REG_PROTO_MAX, nat.ports?.through)
      if nat.flags != 0 { writer.number(NFTA_NAT_FLAGS, nat.flags) }
    }
  }

  mutating func masquerade(ports: RegisterRange?, flags: UInt32) {
    expression("masq") { writer in
      if flags != 0 { writer.number(NFTA_MASQ_FLAGS, flags) }
      writer.register(NFTA_MASQ_REG_PROTO_MIN, ports?.from)
      writer.register(NFTA_MASQ_REG_PROTO_MAX, ports?.through)
    }
  }

  mutating func redirect(ports: RegisterRange?, flags: UInt32) {
    expression("redir") { writer in
      writer.register(NFTA_REDIR_REG_PROTO_MIN, ports?.from)
      writer.register(NFTA_REDIR_REG_PROTO_MAX, ports?.through)
      if flags != 0 { writer.number(NFTA_REDIR_FLAGS, flags) }
    }
  }

  mutating func tproxy(family: UInt32, address: Register?, port: Register?) {
    expression("tproxy") { writer in
      writer.number(NFTA_TPROXY_FAMILY, family)
      writer.register(NFTA_TPROXY_REG_ADDR, address)
      writer.register(NFTA_TPROXY_REG_PORT, port)
    }
  }
}

extension ExpressionDecoder {
  /// `NF_NAT_RANGE_MAP_IPS` and `NF_NAT_RANGE_PROTO_SPECIFIED`, which the kernel sets by itself when there are
  /// registers for addresses or ports (`nft_nat_init` in nft_nat.c): they say nothing more than these.
  private static let impliedNatFlags: UInt32 = 0x1 | 0x2

  static func nat(_ attributes: Attributes) -> Expression? {
    guard let kind = attributes.number(NFTA_NAT_TYPE).flatMap(Nat.Kind.init),
      let family = attributes.number(NFTA_NAT_FAMILY)
    else { return nil }
    return .nat(
      Nat(
        kind: kind, family: family,
        addresses: registers(attributes, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX),
        ports: registers(attributes, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX),
        flags: (attributes.number(NFTA_NAT_FLAGS) ?? 0) & ~impliedNatFlags))
  }

  static func masquerade(_ attributes: Attributes) -> Expression? {
    .masquerade(
      ports: registers(attributes, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX),
      flags: (attributes.number(NFTA_MASQ_FLAGS) ?? 0) & ~impliedNatFlags)
  }

  static func redirect(_ attributes: Attributes) -> Expression? {
    .redirect(
      ports: registers(attributes, NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX),
      flags: (attributes.number(NFTA_REDIR_FLAGS) ?? 0) & ~impliedNatFlags)
  }

  static func tproxy(_ attributes: Attributes) -> Expression? {
    guard let family = attributes.number(NFTA_TPROXY_FAMILY) else { return nil }
    return .tproxy(
      family: family, address: attributes.register(NFTA_TPROXY_REG_ADDR),
      port: attributes.register(NFTA_TPROXY_REG_PORT))
  }

  /// The kernel always gives the last register, which is the first one where there is no range.
  private static func registers(
    _ attributes: Attributes, _ first: some RawRepresentable<UInt32>, _ last: some RawRepresentable<UInt32>
  ) -> RegisterRange? {
    guard let from = attributes.register(first) else { return nil }
    let through = attributes.register(last)
    return RegisterRange(from, through: through == from ? nil : through)
  }
}
