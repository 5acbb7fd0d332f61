extension Route: CustomStringConvertible {
  /// One line, as `ip route show table all` of iproute2 prints it.
  package var description: String {
    var text = TextWriter(capacity: 64)
    write(to: &text)
    return text.text
  }

  package func write(to text: inout TextWriter) {
    if type != .unicast {
      text.put(type.keyword)
      text.put(" ")
    }
    key.destination.write(to: &text)
    if key.typeOfService != 0 { text.put(" tos 0x" + String(key.typeOfService, radix: 16)) }
    let hopCount = type.isDropping ? 0 : nextHops.count
    if hopCount == 1 { nextHops[0].write(to: &text, in: key.destination.address.family) }
    if key.table != RouteTable.main { text.put(" table " + RouteTable.name(key.table)) }
    text.put(" proto ")
    text.put(RouteProtocol.name(routeProtocol))
    if scope != 0 { text.put(" scope " + RouteScope.name(scope)) }
    if let source { text.put(" src \(source)") }
    if key.metric != 0 { text.put(" metric \(key.metric)") }
    if hopCount == 1, nextHops[0].isOnLink { text.put(" onlink") }
    if let mtu { text.put(" mtu \(mtu)") }
    if let advertisedMSS { text.put(" advmss \(advertisedMSS)") }
    if hopCount > 1 { writeHops(to: &text) }
  }

  private func writeHops(to text: inout TextWriter) {
    for hop in nextHops {
      text.put(" nexthop")
      hop.write(to: &text, in: key.destination.address.family)
      text.put(" weight \(hop.weight)")
      if hop.isOnLink { text.put(" onlink") }
    }
  }
}

extension NextHop {
  fileprivate func write(to text: inout TextWriter, in family: Family) {
    if let gateway {
      if gateway.family == family {
        text.put(" via ")
      } else {
        text.put(gateway.family == .ipv6 ? " via inet6 " : " via inet ")
      }
      gateway.write(to: &text)
    }
    if let device {
      text.put(" dev ")
      text.put(device)
    }
  }
}

extension PolicyRule: CustomStringConvertible {
  /// One line, as `ip rule` of iproute2 prints it, with a space after the priority.
  package var description: String {
    var words = ["\(priority):"]
    if isInverted { words.append("not") }
    words += ["from", from.map { $0.isDefault ? "all" : "\($0)" } ?? "all"]
    if let to, !to.isDefault { words += ["to", "\(to)"] }
    if typeOfService != 0 { words += ["tos", "0x" + String(typeOfService, radix: 16)] }
    words += markWords
    if let incomingInterface { words += ["iif", incomingInterface] }
    if let outgoingInterface { words += ["oif", outgoingInterface] }
    if let userIDs { words += ["uidrange", "\(userIDs.lowerBound)-\(userIDs.upperBound)"] }
    if let ipProtocol { words += ["ipproto", IPProtocolName.name(ipProtocol)] }
    if let sourcePorts { words += ["sport", PolicyRule.text(sourcePorts)] }
    if let destinationPorts { words += ["dport", PolicyRule.text(destinationPorts)] }
    words += actionWords
    if let suppressedPrefixLength { words += ["suppress_prefixlength", "\(suppressedPrefixLength)"] }
    words += ["proto", RouteProtocol.name(routeProtocol)]
    return words.joined(separator: " ")
  }

  private var markWords: [String] {
    guard mark != nil || markMask != nil else { return [] }
    let value = "0x" + String(mark ?? 0, radix: 16)
    guard let markMask, markMask != .max else { return ["fwmark", value] }
    return ["fwmark", value + "/0x" + String(markMask, radix: 16)]
  }

  private var actionWords: [String] {
    switch action {
    case .lookup(let table): ["lookup", RouteTable.name(table)]
    case .goto(let priority): ["goto", "\(priority)"]
    case .nop: ["nop"]
    case .blackhole: ["blackhole"]
    case .unreachable: ["unreachable"]
    case .prohibit: ["prohibit"]
    }
  }

  private static func text(_ ports: ClosedRange<UInt16>) -> String {
    ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
  }
}

/// `RT_TABLE_*` of linux/rtnetlink.h
package enum RouteTable {
  package static let main: UInt32 = 254
  private static let names: [UInt32: String] = [253: "default", 254: "main", 255: "local"]

  package static func name(_ table: UInt32) -> String { names[table] ?? "\(table)" }
}

/// `RTPROT_*` of linux/rtnetlink.h, in the words of iproute2's rt_protos.
package enum RouteProtocol {
  private static let names: [UInt8: String] = [
    0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
    12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 18: "keepalived", 42: "babel", 84: "ovn",
    186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
  ]

  /// All of them, or else their numbers: each route asks.
  private static let words = (0...UInt8.max).map { names[$0] ?? "\($0)" }

  package static func name(_ value: UInt8) -> String { words[Int(value)] }
}

/// `RT_SCOPE_*` of linux/rtnetlink.h
package enum RouteScope {
  private static let names: [UInt8: String] = [0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"]

  package static func name(_ value: UInt8) -> String { names[value] ?? "\(value)" }
}

/// The `IPPROTO_*` that policy rules are written with.
private enum IPProtocolName {
  private static let names: [UInt8: String] = [
    1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 132: "sctp",
    136: "udplite",
  ]

  static func name(_ value: UInt8) -> String { names[value] ?? "\(value)" }
}
