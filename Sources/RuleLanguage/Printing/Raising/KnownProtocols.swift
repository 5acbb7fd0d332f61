import Model

/// Which protocols a rule's matches have established so far, and so what a packet's bytes mean.
struct KnownProtocols: Sendable {
  /// What is known of one packet: the outer one, or one inside a tunnel.
  struct Layers: Sendable {
    var link: ProtocolID?
    var vlanTags = 0
    var network: ProtocolID?
    var transport: ProtocolID?
    /// The ICMP types that the packet can have; empty if nothing was said.
    var messageTypes: [UInt8] = []
  }

  let family: Family
  private var outer = Layers()
  private var inner: [TunnelHeader: Layers] = [:]

  init(family: Family) {
    self.family = family
    switch family {
    case .ipv4: outer.network = .ip
    case .ipv6: outer.network = .ip6
    case .arp: outer.network = .arp
    case .bridge: outer.link = .ether
    case .inet, .netdev: break
    }
  }

  subscript(tunnel: TunnelHeader?) -> Layers {
    get {
      guard let tunnel else { return outer }
      return inner[tunnel] ?? Self.begin(of: tunnel)
    }
    set { if let tunnel { inner[tunnel] = newValue } else { outer = newValue } }
  }

  private static func begin(of tunnel: TunnelHeader) -> Layers {
    var layers = Layers()
    if HeaderProtocol.tunnel(tunnel)?.tunnel?.carriesEthernet == true { layers.link = .ether }
    return layers
  }

  /// The header field that these bits are, if all of one.
  func field(at slice: PacketSlice) -> HeaderReference? {
    let layers = self[slice.tunnel]
    guard let (header, start) = header(of: slice, layers) else { return nil }
    return Self.field(of: header, at: slice.offset - start, length: slice.length, messages: layers.messageTypes)
      .map { HeaderReference(header: header, field: $0, tunnel: slice.tunnel) }
  }

  /// The field that begins where the slice begins and goes on after it: a prefix of an address, say.
  func field(beginningAt slice: PacketSlice) -> HeaderReference? {
    header(of: slice, self[slice.tunnel]).flatMap { header, start in
      header.fields.indices.first { index in
        header.fields[index].offset == slice.offset - start && header.fields[index].length > slice.length
      }.map { HeaderReference(header: header, field: $0, tunnel: slice.tunnel) }
    }
  }

  /// Neighbouring fields that fill the slice; nft loads them at once to save an expression.
  func fields(filling slice: PacketSlice) -> [(PacketSlice, HeaderReference)]? {
    var parts: [(PacketSlice, HeaderReference)] = []
    var offset = slice.offset
    while offset < slice.offset + slice.length {
      var rest = slice
      rest.offset = offset
      guard let header = header(of: rest, self[slice.tunnel]) else { return nil }
      let limit = slice.offset + slice.length - offset
      let lengths = Set(header.0.fields.filter { $0.offset == offset - header.1 }.map(\.length)).sorted(by: >)
      let candidates = lengths.filter { $0 <= limit }.compactMap { length -> (PacketSlice, HeaderReference)? in
        rest.length = length
        return field(at: rest).map { (rest, $0) }
      }
      guard let part = candidates.first else { return nil }
      parts.append(part)
      let length = part.0.length
      offset += length
    }
    return parts
  }

  private func header(of slice: PacketSlice, _ layers: Layers) -> (HeaderProtocol, start: Int)? {
    switch slice.base {
    case .link:
      let ethernet = HeaderProtocol[.ether]
      guard layers.link == .ether else { return nil }
      guard slice.offset >= ethernet.length * 8 else { return (ethernet, 0) }
      let tag = HeaderProtocol[.vlan]
      let index = (slice.offset - ethernet.length * 8) / (tag.length * 8)
      return index < layers.vlanTags ? (tag, (ethernet.length + index * tag.length) * 8) : nil
    case .network: return layers.network.map { (HeaderProtocol[$0], 0) }
    case .transport: return (HeaderProtocol[layers.transport ?? .th], 0)
    case .tunnel: return slice.tunnel.flatMap(HeaderProtocol.tunnel).map { ($0, 0) }
    case .inner: return nil
    }
  }

  /// Of several fields at one place, the one that the ICMP types established so far have.
  private static func field(of header: HeaderProtocol, at offset: Int, length: Int, messages: [UInt8]) -> Int? {
    let isThere = { header.fields[$0].offset == offset && header.fields[$0].length == length }
    guard !messages.isEmpty else { return header.fields.indices.first(where: isThere) }
    let fitting = header.fields.indices.filter { index in
      guard isThere(index) else { return false }
      let only = header.fields[index].messageTypes
      return only.isEmpty || messages.allSatisfy(only.contains)
    }
    return fitting.first { !header.fields[$0].messageTypes.isEmpty } ?? fitting.first
  }
}

/// A field of a header, in a packet or inside of a tunnel.
struct HeaderReference: Sendable {
  var header: HeaderProtocol
  /// An index into the header's fields.
  var field: Int
  var tunnel: TunnelHeader?

  var definition: HeaderField { header.fields[field] }
  /// Whether the field's value says which protocol comes next.
  var announcesNext: Bool { header.nextField == field }
}

extension HeaderProtocol {
  /// `NFT_INNER_*`'s flags tell tunnels apart that have no type of their own.
  static func tunnel(_ tunnel: TunnelHeader) -> HeaderProtocol? {
    all.first { header in
      guard let known = header.tunnel else { return false }
      return known.type == tunnel.type && known.flags == tunnel.flags
    } ?? all.first { $0.tunnel?.flags == tunnel.flags && $0.tunnel?.type == 0 }
  }
}
