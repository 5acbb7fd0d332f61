import CMnl
import Model
import Netlink

/// `FR_ACT_*` of linux/fib_rules.h.
private enum ActionNumber {
  static let lookup = UInt8(FR_ACT_TO_TBL)
  static let goto = UInt8(FR_ACT_GOTO)
  static let nop = UInt8(FR_ACT_NOP)
  static let blackhole = UInt8(FR_ACT_BLACKHOLE)
  static let unreachable = UInt8(FR_ACT_UNREACHABLE)
  static let prohibit = UInt8(FR_ACT_PROHIBIT)
}

extension PolicyAction {
  fileprivate var number: UInt8 {
    switch self {
    case .lookup: ActionNumber.lookup
    case .goto: ActionNumber.goto
    case .nop: ActionNumber.nop
    case .blackhole: ActionNumber.blackhole
    case .unreachable: ActionNumber.unreachable
    case .prohibit: ActionNumber.prohibit
    }
  }
}

extension PolicyRule {
  /// The message that adds or deletes this rule.
  func encode(type: Int32, flags: Int32, into writer: inout MessageWriter) {
    writer.beginMessage(type: UInt16(type), flags: UInt16(flags))
    writer.putHeader(header)
    writer.put(UInt16(FRA_PRIORITY), priority)
    writer.put(UInt16(FRA_PROTOCOL), routeProtocol)
    switch action {
    case .lookup(let table): writer.put(UInt16(FRA_TABLE), table)
    case .goto(let target): writer.put(UInt16(FRA_GOTO), target)
    default: break
    }
    if let from, !from.isDefault { writer.put(UInt16(FRA_SRC), from.address) }
    if let to, !to.isDefault { writer.put(UInt16(FRA_DST), to.address) }
    if let incomingInterface { writer.put(UInt16(FRA_IIFNAME), incomingInterface) }
    if let outgoingInterface { writer.put(UInt16(FRA_OIFNAME), outgoingInterface) }
    if let mark { writer.put(UInt16(FRA_FWMARK), mark) }
    if let markMask { writer.put(UInt16(FRA_FWMASK), markMask) }
    if let ipProtocol { writer.put(UInt16(FRA_IP_PROTO), ipProtocol) }
    if let sourcePorts { writer.put(UInt16(FRA_SPORT_RANGE), sourcePorts) }
    if let destinationPorts { writer.put(UInt16(FRA_DPORT_RANGE), destinationPorts) }
    if let userIDs { writer.put(UInt16(FRA_UID_RANGE), userIDs) }
    if let suppressedPrefixLength { writer.put(UInt16(FRA_SUPPRESS_PREFIXLEN), suppressedPrefixLength) }
    writer.endMessage()
  }

  private var header: fib_rule_hdr {
    var header = fib_rule_hdr()
    header.family = UInt8(family == .ipv6 ? AF_INET6 : AF_INET)
    header.src_len = from?.length ?? 0
    header.dst_len = to?.length ?? 0
    header.tos = typeOfService
    header.action = action.number
    if case .lookup(let table) = action, table <= 255 { header.table = UInt8(table) }
    header.flags = isInverted ? UInt32(FIB_RULE_INVERT) : 0
    return header
  }

  /// A rule as the kernel lists it, in the form that a spec's rule has.
  /// - Returns: nil for an action that ip(8) does not know either.
  init?(_ message: Message) {
    guard let header = message.header(as: fib_rule_hdr.self) else { return nil }
    let family: Family = Int32(header.family) == AF_INET6 ? .ipv6 : .ipv4
    var rule = PolicyRule(
      family: family, priority: 0, action: .nop, isInverted: header.flags & UInt32(FIB_RULE_INVERT) != 0,
      typeOfService: header.tos, routeProtocol: 0)
    var table = UInt32(header.table)
    var target: UInt32 = 0
    for attribute in message.attributes(after: MemoryLayout<fib_rule_hdr>.size) {
      switch Int(attribute.type) {
      case FRA_TABLE: table = attribute.value() ?? table
      case FRA_GOTO: target = attribute.value() ?? 0
      case FRA_SRC: rule.from = attribute.prefix(header.src_len)
      case FRA_DST: rule.to = attribute.prefix(header.dst_len)
      default: rule.take(attribute)
      }
    }
    switch header.action {
    case ActionNumber.lookup: rule.action = .lookup(table: table)
    case ActionNumber.goto: rule.action = .goto(target)
    case ActionNumber.nop: rule.action = .nop
    case ActionNumber.blackhole: rule.action = .blackhole
    case ActionNumber.unreachable: rule.action = .unreachable
    case ActionNumber.prohibit: rule.action = .prohibit
    default: return nil
    }
    // The kernel makes it all ones where a mark came without it (`fib_nl2rule` in net/core/fib_rules.c). Without a mark
    // it asks for one of 0, which is not given back.
    if rule.mark != nil, rule.markMask == .max { rule.markMask = nil }
    self = rule
  }

  private mutating func take(_ attribute: Attribute) {
    switch Int(attribute.type) {
    case FRA_PRIORITY: priority = attribute.value() ?? 0
    case FRA_PROTOCOL: routeProtocol = attribute.value() ?? 0
    case FRA_IIFNAME: incomingInterface = attribute.string
    case FRA_OIFNAME: outgoingInterface = attribute.string
    case FRA_FWMARK: mark = attribute.value()
    case FRA_FWMASK: markMask = attribute.value()
    case FRA_IP_PROTO: ipProtocol = attribute.value()
    case FRA_SPORT_RANGE: sourcePorts = attribute.ports
    case FRA_DPORT_RANGE: destinationPorts = attribute.ports
    case FRA_UID_RANGE: userIDs = attribute.userIDs
    // All ones is none.
    case FRA_SUPPRESS_PREFIXLEN:
      suppressedPrefixLength = attribute.value().flatMap { $0 == UInt32.max ? nil : $0 }
    default: break
    }
  }
}

extension Attribute {
  fileprivate func prefix(_ length: UInt8) -> IPPrefix? { address.flatMap { IPPrefix($0, length: Int(length)) } }

  /// `struct fib_rule_port_range`
  fileprivate var ports: ClosedRange<UInt16>? {
    guard payload.count == MemoryLayout<fib_rule_port_range>.size else { return nil }
    let range = unsafe payload.pointer.loadUnaligned(as: fib_rule_port_range.self)
    return range.start <= range.end ? range.start...range.end : nil
  }

  /// `struct fib_rule_uid_range`
  fileprivate var userIDs: ClosedRange<UInt32>? {
    guard payload.count == MemoryLayout<fib_rule_uid_range>.size else { return nil }
    let range = unsafe payload.pointer.loadUnaligned(as: fib_rule_uid_range.self)
    return range.start <= range.end ? range.start...range.end : nil
  }
}

extension MessageWriter {
  /// `struct fib_rule_port_range` or `struct fib_rule_uid_range`: two integers in the machine's own order.
  fileprivate mutating func put<Bound: FixedWidthInteger & UnsignedInteger>(
    _ type: UInt16, _ range: ClosedRange<Bound>
  ) {
    let width = Bound.bitWidth / 8
    put(
      type,
      Array(Bytes(hostEndian: UInt64(range.lowerBound), width: width))
        + Array(Bytes(hostEndian: UInt64(range.upperBound), width: width)))
  }
}
