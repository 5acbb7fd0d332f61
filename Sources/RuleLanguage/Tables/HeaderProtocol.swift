package import Model

/// A field of a header, an extension header, an option or a chunk.
package struct HeaderField: Sendable {
  /// As it is written; some are two words (`saddr ether`).
  package let name: String
  package let type: DataType
  /// From the header's begin, in bits.
  package let offset: Int
  /// In bits.
  package let length: Int
  /// Names of this field alone, where its type has none.
  package let symbols: SymbolTable?
  /// ICMP fields that only some messages have: the types, in the order in which nft(8) asks for them.
  package let messageTypes: [UInt8]
  /// nft's number for it, which `typeof` leaves in a set's userdata; nil where it has none.
  package internal(set) var number: UInt32?

  package init(
    _ name: String, _ type: DataType, at offset: Int, _ length: Int, symbols: SymbolTable? = nil,
    only messageTypes: [UInt8] = []
  ) {
    self.name = name
    self.type = type
    self.offset = offset
    self.length = length
    self.symbols = symbols
    self.messageTypes = messageTypes
  }
}

/// The protocols whose headers a payload match can name; the numbers are those of nft's set userdata.
package enum ProtocolID: UInt32, Hashable, Sendable, CaseIterable {
  case unknown = 0, ah, esp, comp, icmp, igmp, udp, udplite, tcp, dccp, sctp, th, ip, ip6, icmpv6, arp, vlan, ether
  case vxlan, geneve, gre, gretap
}

/// A protocol with what a rule can ask of its header. One object each, for every match passes a few of them about.
package final class HeaderProtocol: Sendable {
  package let id: ProtocolID
  package let keyword: String
  package let base: PayloadBase
  /// In the order of nft's own numbers, which begin at 1.
  package let fields: [HeaderField]
  /// The field that says which protocol comes next, an index into `fields`.
  package let nextField: Int?
  /// What `nextField` says for each that may come next; the first number for a protocol is the one that is written.
  package let next: [(number: UInt64, id: ProtocolID)]
  /// In bytes from the base; nil if the header has none, or none that a write has to keep right.
  package let checksumOffset: Int?
  /// `NFT_PAYLOAD_CSUM_*`: 1 Internet checksum, 2 SCTP's CRC-32C.
  package let checksumKind: UInt32
  /// The fields that the transport checksum covers too (the pseudo header of RFC 9293 and RFC 8200).
  package let pseudoHeader: Set<String>
  /// The header's length in bytes, for protocols stacked on one base and for tunnels.
  package let length: Int
  /// `NFT_INNER_*` for a tunnel whose packets can be looked into.
  package let tunnel: Tunnel?

  package struct Tunnel: Sendable {
    /// 1 VXLAN (`NFT_INNER_VXLAN`), 2 GENEVE, 3 GRE, 4 GRE with an Ethernet header.
    package let type: UInt32
    /// `NFT_INNER_*` flags: 1 the tunnel header, 2 link, 4 network, 8 transport layer.
    package let flags: UInt32
    /// Whether an Ethernet header follows.
    package let carriesEthernet: Bool
  }

  package init(
    _ id: ProtocolID, _ keyword: String, _ base: PayloadBase, fields: [HeaderField], nextField: String? = nil,
    next: [(number: UInt64, id: ProtocolID)] = [], checksumOffset: Int? = nil, checksumKind: UInt32 = 1,
    pseudoHeader: Set<String> = [],
    length: Int = 0, tunnel: Tunnel? = nil
  ) {
    self.id = id
    self.keyword = keyword
    self.base = base
    self.fields = fields.enumerated().map { index, field in
      var field = field
      field.number = UInt32(index + 1)
      return field
    }
    self.nextField = fields.firstIndex { $0.name == nextField }
    self.next = next
    self.checksumOffset = checksumOffset
    self.checksumKind = checksumKind
    self.pseudoHeader = pseudoHeader
    self.length = length
    self.tunnel = tunnel
  }

  package func field(_ name: some StringProtocol) -> Int? { fields.firstIndex { $0.name == name } }

  /// The protocol that the number in `nextField` announces.
  package func next(_ number: UInt64) -> ProtocolID? { next.first { $0.number == number }?.id }

  package func number(of id: ProtocolID) -> UInt64? { next.first { $0.id == id }?.number }
}

extension HeaderProtocol {
  package static let all: [HeaderProtocol] = [unknown] + security + messages + transports + network + link + tunnels

  private static let unknown = HeaderProtocol(.unknown, "unknown", .transport, fields: [])

  private static let byID: [HeaderProtocol] = ProtocolID.allCases.map { id in
    all.first { $0.id == id } ?? unknown
  }
  private static let byKeyword = Dictionary(uniqueKeysWithValues: all.map { ($0.keyword, $0) })

  package static func named(_ keyword: some StringProtocol) -> HeaderProtocol? { byKeyword[String(keyword)] }
  package static subscript(id: ProtocolID) -> HeaderProtocol { byID[Int(id.rawValue)] }
}
