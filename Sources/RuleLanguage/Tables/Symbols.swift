// The kernel's and the RFCs' numbers under the names that `nft describe` gives them.

extension SymbolTable {
  static let nfProto = SymbolTable(["ipv4": 2, "ipv6": 10])
  /// linux/if_ether.h
  static let etherType = SymbolTable([
    "ip": 0x0800, "arp": 0x0806, "ip6": 0x86DD, "8021q": 0x8100, "8021ad": 0x88A8, "vlan": 0x8100,
  ])
  /// linux/if_arp.h
  static let arpOperation = SymbolTable([
    "request": 1, "reply": 2, "rrequest": 3, "rreply": 4, "inrequest": 8, "inreply": 9, "nak": 10,
  ])
  /// linux/if_arp.h: `ARPHRD_*`
  static let interfaceType = SymbolTable([
    "ether": 1, "ppp": 512, "ipip": 768, "ipip6": 769, "loopback": 772, "sit": 776, "ipgre": 778,
  ])
  /// RFC 9293, RFC 3168
  static let tcpFlag = SymbolTable([
    "fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "ack": 0x10, "urg": 0x20, "ecn": 0x40, "cwr": 0x80,
  ])
  /// RFC 4340
  static let dccpPacketType = SymbolTable([
    "request": 0, "response": 1, "data": 2, "ack": 3, "dataack": 4, "closereq": 5, "close": 6, "reset": 7, "sync": 8,
    "syncack": 9,
  ])
  /// RFC 6275, RFC 5568
  static let mobilityHeaderType = SymbolTable([
    "binding-refresh-request": 0, "home-test-init": 1, "careof-test-init": 2, "home-test": 3, "careof-test": 4,
    "binding-update": 5, "binding-acknowledgement": 6, "binding-error": 7, "fast-binding-update": 8,
    "fast-binding-acknowledgement": 9, "fast-binding-advertisement": 10, "experimental-mobility-header": 11,
    "home-agent-switch-message": 12,
  ])
  /// linux/netfilter/nf_conntrack_common.h, as bits
  static let conntrackState = SymbolTable([
    "invalid": 1, "new": 8, "established": 2, "related": 4, "untracked": 64,
  ])
  static let conntrackDirection = SymbolTable(["original": 0, "reply": 1])
  static let conntrackStatus = SymbolTable([
    "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32, "dying": 512,
  ])
  static let conntrackEvent = SymbolTable([
    "new": 1, "related": 2, "destroy": 4, "reply": 8, "assured": 16, "protoinfo": 32, "helper": 64, "mark": 128,
    "seqadj": 256, "secmark": 512, "label": 1024,
  ])
  /// linux/if_packet.h
  static let packetType = SymbolTable(["host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3])
  /// RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622
  static let dscp = SymbolTable([
    "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "df": 0, "be": 0, "lephb": 1,
    "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28, "af33": 30,
    "af41": 34, "af42": 36, "af43": 38, "va": 44, "ef": 46,
  ])
  /// RFC 3168
  static let ecn = SymbolTable(["not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3])
  /// linux/rtnetlink.h: `RTN_*`
  static let fibAddressType = SymbolTable([
    "unspec": 0, "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6,
    "unreachable": 7, "prohibit": 8,
  ])
  static let boolean = SymbolTable(["exists": 1, "missing": 0])
  /// RFC 3376
  static let igmpType = SymbolTable([
    "membership-query": 17, "membership-report-v1": 18, "membership-report-v2": 22, "membership-report-v3": 34,
    "leave-group": 23,
  ])
  static let day = SymbolTable([
    "Sunday": 0, "Monday": 1, "Tuesday": 2, "Wednesday": 3, "Thursday": 4, "Friday": 5, "Saturday": 6,
  ])
  /// RFC 8684
  static let mptcpSubtype = SymbolTable([
    "mp-capable": 0, "mp-join": 1, "dss": 2, "add-addr": 3, "remove-addr": 4, "mp-prio": 5, "mp-fail": 6,
    "mp-fastclose": 7, "mp-tcprst": 8,
  ])
}
