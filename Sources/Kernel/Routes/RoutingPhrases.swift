import Model

/// `RTPROT_*` as ip(8) names them (linux/rtnetlink.h and iproute2's rt_protos).
private let protocolNames: [UInt8: String] = [
  1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra", 12: "bird",
  13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 18: "keepalived", 42: "babel", 99: "openr", 186: "bgp",
  187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
]

/// The maker's name and number, for messages.
func protocolPhrase(_ number: UInt8) -> String {
  protocolNames[number].map { "protocol \($0) (\(number))" } ?? "protocol \(number)"
}

extension Route {
  /// For messages, in ip(8)'s words.
  var phrase: String {
    var words = ["route"]
    if type != .unicast { words.append(type.keyword) }
    let isIPv6 = key.destination.address.family == .ipv6
    words.append(key.destination.isDefault ? (isIPv6 ? "::/0" : "0.0.0.0/0") : key.destination.description)
    for hop in nextHops {
      if nextHops.count > 1 { words.append("nexthop") }
      if let gateway = hop.gateway { words += ["via", gateway.description] }
      if let device = hop.device { words += ["dev", device] }
    }
    if key.table != 254 { words += ["table", String(key.table)] }
    if key.metric != 0 { words += ["metric", String(key.metric)] }
    return words.joined(separator: " ")
  }
}

extension PolicyRule {
  /// For messages, in ip(8)'s words.
  var phrase: String {
    var words = [family == .ipv6 ? "IPv6 rule" : "rule", "priority", String(priority)]
    if isInverted { words.append("not") }
    if let from { words += ["from", from.description] }
    if let to { words += ["to", to.description] }
    if let incomingInterface { words += ["iif", incomingInterface] }
    if let outgoingInterface { words += ["oif", outgoingInterface] }
    if let mark { words += ["fwmark", String(mark)] }
    switch action {
    case .lookup(let table): words += ["table", String(table)]
    case .goto(let target): words += ["goto", String(target)]
    case .nop: words.append("nop")
    case .blackhole: words.append("blackhole")
    case .unreachable: words.append("unreachable")
    case .prohibit: words.append("prohibit")
    }
    return words.joined(separator: " ")
  }
}
