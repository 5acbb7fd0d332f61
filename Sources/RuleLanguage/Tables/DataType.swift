/// In which order the bytes of a value stand in a register; the numbers are those of nft's set userdata.
package enum ByteOrder: UInt32, Hashable, Sendable { case unspecified = 0, host = 1, network = 2 }

/// nft's data types. The numbers go to the kernel as a set's key and data type, and come back unread.
package enum DataType: UInt32, Hashable, Sendable, CaseIterable {
  case invalid = 0
  case verdict = 1
  case nfProto = 2
  case bitmask = 3
  case integer = 4
  case string = 5
  case linkLayerAddress = 6
  case ipv4Address = 7
  case ipv6Address = 8
  case etherAddress = 9
  case etherType = 10
  case arpOperation = 11
  case inetProtocol = 12
  case inetService = 13
  case icmpType = 14
  case tcpFlag = 15
  case dccpPacketType = 16
  case mobilityHeaderType = 17
  case time = 18
  case mark = 19
  case interfaceIndex = 20
  case interfaceType = 21
  case realm = 22
  case classID = 23
  case userID = 24
  case groupID = 25
  case conntrackState = 26
  case conntrackDirection = 27
  case conntrackStatus = 28
  case icmpv6Type = 29
  case conntrackLabel = 30
  case packetType = 31
  case icmpCode = 32
  case icmpv6Code = 33
  case icmpxCode = 34
  case deviceGroup = 35
  case dscp = 36
  case ecn = 37
  case fibAddressType = 38
  case boolean = 39
  case conntrackEvent = 40
  case interfaceName = 41
  case igmpType = 42
  case dateTime = 43
  case hour = 44
  case day = 45
  case cgroupPath = 46
}

/// What a data type is made of. One object a type, for every value is asked for its own.
package final class DataTypeProperties: Sendable {
  /// After `type`; two types share the word `time`.
  package let keyword: String
  /// What messages call it.
  package let title: String
  /// 0 where the expression says how wide it is (integers, strings).
  package let bitWidth: Int
  package let byteOrder: ByteOrder
  /// What it is a kind of; nil for the roots.
  package let base: DataType?
  package let symbols: SymbolTable?
  /// Names that the node knows, and the file that holds them.
  package let namesFile: String?
  /// Values are several bits at once: a match without an operator asks whether any of them is set.
  package let isBitmask: Bool

  init(
    _ keyword: String, _ title: String, _ bitWidth: Int = 0, _ byteOrder: ByteOrder = .unspecified,
    base: DataType? = .integer, symbols: SymbolTable? = nil, namesFile: String? = nil
  ) {
    self.keyword = keyword
    self.title = title
    self.bitWidth = bitWidth
    self.byteOrder = byteOrder
    self.base = base
    self.symbols = symbols
    self.namesFile = namesFile
    isBitmask = base == .bitmask || keyword == "bitmask"
  }
}

extension DataType {
  package var properties: DataTypeProperties { Self.table[Int(rawValue)] }

  package var keyword: String { properties.keyword }
  package var title: String { properties.title }
  package var bitWidth: Int { properties.bitWidth }
  package var byteOrder: ByteOrder { properties.byteOrder }
  package var symbols: SymbolTable? { properties.symbols }
  package var isBitmask: Bool { properties.isBitmask }
  package var isString: Bool { self == .string || self == .interfaceName }

  /// The type that a word after `type` names.
  package init?(keyword: some StringProtocol) {
    guard let type = Self.byKeyword[String(keyword)] else { return nil }
    self = type
  }

  private static let byKeyword = Dictionary(
    allCases.dropFirst().map { ($0.keyword, $0) }, uniquingKeysWith: { first, _ in first })

  /// In the order of the cases.
  private static let table: [DataTypeProperties] = [
    .init("invalid", "invalid", base: nil),
    .init("verdict", "netfilter verdict", 0, base: nil),
    .init("nf_proto", "netfilter protocol", 8, .unspecified, symbols: .nfProto),
    .init("bitmask", "bitmask"),
    .init("integer", "integer", base: nil),
    .init("string", "string", 0, .host, base: nil),
    .init("ll_addr", "link layer address", 0, .network),
    .init("ipv4_addr", "IPv4 address", 32, .network),
    .init("ipv6_addr", "IPv6 address", 128, .network),
    .init("ether_addr", "Ethernet address", 48, .network, base: .linkLayerAddress),
    .init("ether_type", "Ethernet protocol", 16, .network, symbols: .etherType),
    .init("arp_op", "ARP operation", 16, .network, symbols: .arpOperation),
    .init("inet_proto", "Internet protocol", 8, .unspecified),
    .init("inet_service", "internet network service", 16, .network),
    .init("icmp_type", "ICMP type", 8, .network, symbols: .icmpType),
    .init("tcp_flag", "TCP flag", 8, .network, base: .bitmask, symbols: .tcpFlag),
    .init("dccp_pkttype", "DCCP packet type", 4, .unspecified, symbols: .dccpPacketType),
    .init("mh_type", "Mobility Header Type", 8, .network, symbols: .mobilityHeaderType),
    .init("time", "relative time", 32, .host),
    .init("mark", "packet mark", 32, .host, namesFile: "/etc/iproute2/rt_marks"),
    .init("iface_index", "network interface index", 32, .host),
    .init("iface_type", "network interface type", 16, .host, symbols: .interfaceType),
    .init("realm", "routing realm", 32, .host, namesFile: "/etc/iproute2/rt_realms"),
    .init("classid", "TC classid", 32, .host),
    .init("uid", "user ID", 32, .host),
    .init("gid", "group ID", 32, .host),
    .init("ct_state", "conntrack state", 32, .host, base: .bitmask, symbols: .conntrackState),
    .init("ct_dir", "conntrack direction", 8, .unspecified, symbols: .conntrackDirection),
    .init("ct_status", "conntrack status", 32, .host, base: .bitmask, symbols: .conntrackStatus),
    .init("icmpv6_type", "ICMPv6 type", 8, .network, symbols: .icmpv6Type),
    .init("ct_label", "conntrack label", 128, .host, base: .bitmask, namesFile: "/etc/connlabel.conf"),
    .init("pkt_type", "packet type", 8, .host, symbols: .packetType),
    .init("icmp_code", "icmp code", 8, .network, symbols: .icmpCode),
    .init("icmpv6_code", "icmpv6 code", 8, .network, symbols: .icmpv6Code),
    .init("icmpx_code", "icmpx code", 8, .network, symbols: .icmpxCode),
    .init("devgroup", "devgroup name", 32, .host, namesFile: "/etc/iproute2/group"),
    .init("dscp", "Differentiated Services Code Point", 6, .network, symbols: .dscp),
    .init("ecn", "Explicit Congestion Notification", 2, .network, symbols: .ecn),
    .init("fib_addrtype", "fib address type", 32, .host, symbols: .fibAddressType),
    .init("boolean", "boolean type", 1, .unspecified, symbols: .boolean),
    .init("ct_event", "conntrack event bits", 32, .host, base: .bitmask, symbols: .conntrackEvent),
    .init("ifname", "network interface name", 128, .host, base: .string),
    .init("igmp_type", "IGMP type", 8, .network, symbols: .igmpType),
    .init("time", "Relative time of packet reception", 64, .host),
    .init("hour", "Hour of day of packet reception", 32, .host),
    .init("day", "Day of week of packet reception", 8, .host, symbols: .day),
    .init("cgroupsv2", "cgroupsv2 path", 64, .host),
  ]

  /// A concatenation's number: six bits a part, the first part highest.
  package static func concatenatedNumber(_ parts: some Sequence<DataType>) -> UInt32 {
    parts.reduce(0) { $0 << 6 | $1.rawValue }
  }

  /// The parts of a set's key or data type number; nil for one that is not known.
  package static func parts(ofNumber number: UInt32) -> [DataType]? {
    var parts: [DataType] = []
    var rest = number
    repeat {
      guard let part = DataType(rawValue: rest & 0x3F) else { return nil }
      parts.insert(part, at: 0)
      rest >>= 6
    } while rest != 0
    return parts
  }
}
