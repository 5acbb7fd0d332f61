/// What a word at the begin of a statement or an expression leads to.
///
/// Which fields a header has, and which keys meta and ct have, the tables know; the parser needs only this much.
enum LeadingWord {
  // Selectors
  /// A protocol's header, `ip`; also an IPv6 extension header, `frag`.
  case header
  /// A header that carries a whole packet: `vxlan ip saddr`.
  case tunnelHeader
  /// A meta key that needs no `meta` before it.
  case metaKey
  case meta, ct, rt, fib, socket, osf, numgen, jhash, symhash, ipsec, tunnel, exthdr
  // Statements
  case accept, drop, `continue`, `return`, jump, goto
  case counter, limit, quota, last, log, reject, synproxy, tproxy, queue, dup, fwd, notrack, flow, reset, xt, meter
  case snat, dnat, masquerade, redirect
  case add, update, delete, set, comment

  private static let table: [String: LeadingWord] = {
    var words: [String: LeadingWord] = [
      "meta": .meta, "ct": .ct, "rt": .rt, "fib": .fib, "socket": .socket, "osf": .osf, "numgen": .numgen,
      "jhash": .jhash, "symhash": .symhash, "ipsec": .ipsec, "tunnel": .tunnel, "exthdr": .exthdr,
      "accept": .accept, "drop": .drop, "continue": .continue, "return": .return, "jump": .jump, "goto": .goto,
      "counter": .counter, "limit": .limit, "quota": .quota, "last": .last, "log": .log, "reject": .reject,
      "synproxy": .synproxy, "tproxy": .tproxy, "queue": .queue, "dup": .dup, "fwd": .fwd, "notrack": .notrack,
      "flow": .flow, "reset": .reset, "xt": .xt, "meter": .meter, "snat": .snat, "dnat": .dnat,
      "masquerade": .masquerade, "redirect": .redirect, "add": .add, "update": .update, "delete": .delete,
      "set": .set, "comment": .comment,
    ]
    for name in headers { words[name] = .header }
    for name in tunnelHeaders { words[name] = .tunnelHeader }
    for name in metaKeys { words[name] = .metaKey }
    return words
  }()

  private static let headers = [
    "ether", "vlan", "arp", "ip", "icmp", "igmp", "ip6", "icmpv6", "ah", "esp", "comp", "udp", "udplite", "tcp",
    "dccp", "sctp", "th", "hbh", "rt0", "rt2", "rt4", "srh", "frag", "dst", "mh",
  ]
  private static let tunnelHeaders = ["vxlan", "geneve", "gre", "gretap"]
  private static let metaKeys = [
    "mark", "iif", "iifname", "iiftype", "iifgroup", "iifkind", "oif", "oifname", "oiftype", "oifgroup", "oifkind",
    "skuid", "skgid", "nftrace", "rtclassid", "ibriport", "ibrname", "obriport", "obrname", "pkttype", "cpu",
    "cgroup", "time", "day", "hour", "sdif", "sdifname",
  ]

  init?(_ word: String) {
    guard let found = Self.table[word] else { return nil }
    self = found
  }

  var isSelector: Bool {
    switch self {
    case .header, .tunnelHeader, .metaKey, .meta, .ct, .rt, .fib, .socket, .osf, .numgen, .jhash, .symhash, .ipsec,
      .tunnel, .exthdr:
      true
    default: false
    }
  }

  /// `rt` keys that are not fields of IPv6's routing header.
  static let routingKeys: Set<String> = ["classid", "nexthop", "mtu", "ipsec", "ip", "ip6"]
}
