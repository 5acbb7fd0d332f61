import Model

/// Which protocols the packet is known to have, from the family and from what the rule matched so far.
struct ProtocolContext {
  /// What is known of one layer.
  enum Layer: Equatable {
    case unknown
    /// The family has packets of several protocols (inet, netdev); what tells them apart is a `meta` key.
    case mixed
    case header(ProtocolID)
    /// Matched, but of no protocol that the tables have.
    case other

    var header: ProtocolID? {
      if case .header(let id) = self { return id }
      return nil
    }
  }

  let family: Family
  var link: Layer
  /// Link-layer headers before the one in `link` (an Ethernet header before a VLAN tag).
  var linkStack: [ProtocolID] = []
  var network: Layer = .unknown
  var transport: Layer = .unknown
  /// A set of protocols was matched, so that none of them is certain.
  var isTransportAmbiguous = false
  /// The transport protocol is one of a named set's, which may hold anything.
  var isTransportInSomeSet = false
  var isNetworkAmbiguous = false
  /// A match told the network protocol, so that no other link-layer header can come before it any more.
  var isNetworkFixed = false
  /// The ICMP message type matched last.
  var messageType: UInt8?

  init(family: Family) {
    self.family = family
    switch family {
    case .ipv4: (link, network) = (.unknown, .header(.ip))
    case .ipv6: (link, network) = (.unknown, .header(.ip6))
    case .arp: (link, network) = (.unknown, .header(.arp))
    case .inet, .netdev: link = .mixed
    case .bridge: link = .header(.ether)
    }
  }

  /// What is inside a tunnel's packet is told by the same means as in netdev tables.
  init(tunnel: HeaderProtocol.Tunnel) {
    family = .netdev
    link = .mixed
  }

  /// In bits: how far the current link-layer header lies from the base.
  var linkOffset: Int { linkStack.reduce(0) { $0 + HeaderProtocol[$1].length * 8 } }

  mutating func learn(network id: ProtocolID?) {
    let new: Layer = id.map(Layer.header) ?? .other
    if network != .unknown, network != new { isNetworkAmbiguous = true }
    isNetworkFixed = true
    network = new
  }

  mutating func learn(transport id: ProtocolID?) {
    let new: Layer = id.map(Layer.header) ?? .other
    if transport != .unknown, transport != new { isTransportAmbiguous = true }
    transport = new
  }

  /// Takes in that the operand is equal to the value.
  mutating func learn(_ operand: Operand, is value: UInt128) {
    if let key = operand.metaKey {
      learn(key, is: UInt64(truncatingIfNeeded: value))
    } else if let field = operand.field {
      learn(field, is: UInt64(truncatingIfNeeded: value))
    }
  }

  /// Takes in that the operand is in a named set.
  mutating func learn(inSomeSet operand: Operand) {
    let isNext = operand.field.map { $0.isNext && HeaderProtocol[$0.header].base == .network } ?? false
    if operand.metaKey == .l4Proto || isNext { isTransportInSomeSet = true }
  }

  private mutating func learn(_ key: MetaKey, is value: UInt64) {
    switch key {
    case .iifType where family != .bridge: link = value == 1 ? .header(.ether) : .other
    case .nfProto where family == .inet || family == .ipv4 || family == .ipv6:
      learn(network: value == UInt64(Family.ipv4.rawValue) ? .ip : value == UInt64(Family.ipv6.rawValue) ? .ip6 : nil)
    // In inet tables it is `meta nfproto` alone that tells the protocols apart.
    case .protocol where family == .bridge || family == .netdev:
      guard let id = HeaderProtocol[.ether].next(value) else { return learn(network: nil) }
      if id != .vlan { learn(network: id) }
    case .l4Proto: learn(transport: HeaderProtocol.transportNumbers.first { $0.number == value }?.id)
    default: break
    }
  }

  private mutating func learn(_ field: Operand.Field, is value: UInt64) {
    if field.isMessageType {
      messageType = UInt8(truncatingIfNeeded: value)
      return
    }
    guard field.isNext else { return }
    let header = HeaderProtocol[field.header]
    guard let next = header.next(value) else { return }
    switch HeaderProtocol[next].base {
    case .link:
      linkStack.append(field.header)
      link = .header(next)
    case .network: learn(network: next)
    case .transport where header.base == .network: learn(transport: next)
    default: break
    }
  }
}
