import Model

/// A match that makes later bytes mean something; the compiler adds it by itself where it is missing.
struct Dependency: Hashable, Sendable {
  enum Key: Hashable, Sendable { case nfProto, linkProtocol, l4Proto, interfaceType, etherType, vlanType, messageType }

  var key: Key
  var value: UInt64
  var tunnel: TunnelHeader?
}

extension KnownProtocols {
  /// Takes note of a match for equality.
  mutating func learn(_ operand: RaisedOperand, is value: UInt64) {
    switch operand {
    case .meta(let key, let tunnel): learn(key, is: value, in: tunnel)
    case .payload(let slice):
      guard let reference = field(at: slice) else { return }
      learn(reference, is: value)
    default: return
    }
  }

  private mutating func learn(_ key: MetaKey, is value: UInt64, in tunnel: TunnelHeader?) {
    switch key {
    case .nfProto: self[tunnel].network = value == 2 ? .ip : value == 10 ? .ip6 : self[tunnel].network
    case .protocol: self[tunnel].network = HeaderProtocol.networkProtocol(ofEtherType: value) ?? self[tunnel].network
    case .l4Proto: self[tunnel].transport = HeaderProtocol.transportProtocol(numbered: value) ?? .unknown
    case .iifType: if value == Self.ethernet { self[tunnel].link = .ether }
    default: return
    }
  }

  private mutating func learn(_ reference: HeaderReference, is value: UInt64) {
    let tunnel = reference.tunnel
    if reference.definition.type == .icmpType || reference.definition.type == .icmpv6Type {
      self[tunnel].messageTypes = [UInt8(truncatingIfNeeded: value)]
    }
    guard reference.announcesNext, let next = reference.header.next(value) else { return }
    switch (reference.header.base, HeaderProtocol[next].base) {
    case (.link, .link): self[tunnel].vlanTags += 1
    case (.link, .network): self[tunnel].network = next
    case (.network, .transport): self[tunnel].transport = next
    default: return
    }
  }

  /// Takes note of which ICMP types a set lets through.
  mutating func learn(_ operand: RaisedOperand, isOneOf values: [UInt64]) {
    guard case .payload(let slice) = operand, let reference = field(at: slice),
      reference.definition.type == .icmpType || reference.definition.type == .icmpv6Type
    else { return }
    self[slice.tunnel].messageTypes = values.map { UInt8(truncatingIfNeeded: $0) }
  }

  /// The dependency that a match for equality is; nil if it is none.
  func dependency(_ operand: RaisedOperand, is value: UInt64) -> Dependency? {
    switch operand {
    case .meta(.nfProto, let tunnel): return Dependency(key: .nfProto, value: value, tunnel: tunnel)
    case .meta(.protocol, let tunnel): return Dependency(key: .linkProtocol, value: value, tunnel: tunnel)
    case .meta(.l4Proto, let tunnel): return Dependency(key: .l4Proto, value: value, tunnel: tunnel)
    case .meta(.iifType, let tunnel): return Dependency(key: .interfaceType, value: value, tunnel: tunnel)
    case .payload(let slice):
      guard let reference = field(at: slice) else { return nil }
      if reference.definition.type == .icmpType || reference.definition.type == .icmpv6Type {
        return Dependency(key: .messageType, value: value, tunnel: slice.tunnel)
      }
      guard reference.announcesNext, reference.header.base == .link else { return nil }
      return Dependency(key: reference.header.id == .ether ? .etherType : .vlanType, value: value, tunnel: slice.tunnel)
    default: return nil
    }
  }

  /// What the compiler adds before a statement that names a protocol, in order.
  func dependencies(of use: OperandText.ProtocolUse) -> [Dependency] {
    let headers = dependencies(of: use.id, in: use.tunnel)
    guard let message = use.messageType, self[use.tunnel].messageTypes.isEmpty else { return headers }
    return headers + [Dependency(key: .messageType, value: UInt64(message), tunnel: use.tunnel)]
  }

  private func dependencies(of id: ProtocolID, in tunnel: TunnelHeader?) -> [Dependency] {
    let layers = self[tunnel]
    switch HeaderProtocol[id].base {
    case .link: return linkDependencies(of: id, layers, tunnel)
    case .network: return networkDependencies(of: id, layers, tunnel)
    case .transport:
      guard layers.transport != id, id != .th, let number = HeaderProtocol.transportNumber(of: id) else { return [] }
      let transport = Dependency(key: .l4Proto, value: number, tunnel: tunnel)
      switch id {
      case .icmp, .igmp, .icmpv6:
        return messageDependencies(of: id == .icmpv6 ? .ip6 : .ip, layers, tunnel) + [transport]
      default: return [transport]
      }
    case .tunnel, .inner: return []
    }
  }

  /// ICMP belongs to one network protocol; where there is a link-layer header, that is what nft asks.
  private func messageDependencies(of id: ProtocolID, _ layers: Layers, _ tunnel: TunnelHeader?) -> [Dependency] {
    guard layers.network == nil, let number = HeaderProtocol.etherType(of: id) else { return [] }
    if layers.vlanTags == 0, layers.link == .ether || tunnel != nil {
      return [Dependency(key: .etherType, value: number, tunnel: tunnel)]
    }
    return networkDependencies(of: id, layers, tunnel)
  }

  private func linkDependencies(of id: ProtocolID, _ layers: Layers, _ tunnel: TunnelHeader?) -> [Dependency] {
    let ethernet = layers.link == nil ? [Dependency(key: .interfaceType, value: Self.ethernet, tunnel: tunnel)] : []
    guard id == .vlan, layers.vlanTags == 0 else { return ethernet }
    return ethernet + [Dependency(key: .etherType, value: 0x8100, tunnel: tunnel)]
  }

  private func networkDependencies(of id: ProtocolID, _ layers: Layers, _ tunnel: TunnelHeader?) -> [Dependency] {
    guard layers.network == nil, let number = HeaderProtocol.etherType(of: id) else { return [] }
    if layers.vlanTags > 0 { return [Dependency(key: .vlanType, value: number, tunnel: tunnel)] }
    if family != .bridge, tunnel == nil, layers.link == .ether {
      return [Dependency(key: .etherType, value: number, tunnel: tunnel)]
    }
    if family == .inet, tunnel == nil, id != .arp {
      return [Dependency(key: .nfProto, value: id == .ip ? 2 : 10, tunnel: nil)]
    }
    return [Dependency(key: .linkProtocol, value: number, tunnel: tunnel)]
  }

  /// `ARPHRD_ETHER` (linux/if_arp.h)
  private static let ethernet: UInt64 = 1
}

extension HeaderProtocol {
  static func transportProtocol(numbered number: UInt64) -> ProtocolID? {
    transportNumbers.first { $0.number == number }?.id
  }

  static func transportNumber(of id: ProtocolID) -> UInt64? { transportNumbers.first { $0.id == id }?.number }

  static func networkProtocol(ofEtherType number: UInt64) -> ProtocolID? {
    etherTypes.first { $0.number == number && $0.id != .vlan }?.id
  }

  static func etherType(of id: ProtocolID) -> UInt64? { etherTypes.first { $0.id == id }?.number }
}
