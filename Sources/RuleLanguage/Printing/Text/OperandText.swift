import Model

/// Writes operands, and notes which protocols their names imply.
struct OperandText {
  let context: KnownProtocols
  let values: ValueText
  var sets: SetText { SetText(values: values) }
  /// The protocols that were named, in order.
  private(set) var uses: [ProtocolUse] = []

  struct ProtocolUse: Sendable {
    var id: ProtocolID
    var tunnel: TunnelHeader?
    /// The one ICMP type whose messages have the field.
    var messageType: UInt8?
  }

  init(context: KnownProtocols, values: ValueText) {
    self.context = context
    self.values = values
  }

  /// - Parameter shape: what a constant is to be written as.
  mutating func text(of operand: RaisedOperand, as shape: ValueShape? = nil) -> String {
    switch operand {
    case .constant(let bytes):
      let shape = shape ?? context.shape(of: operand)
      // A register's spare bytes are no part of the value.
      let value =
        bytes.count > shape.byteLength && shape.byteLength > 0 ? Bytes(Array(bytes.prefix(shape.byteLength))) : bytes
      return values.text(shape.canonical(value), as: shape)
    case .payload(let slice): return text(of: slice)
    case .meta(let key, let tunnel):
      noteTunnel(tunnel)
      return prefix(of: tunnel) + text(of: key)
    case .conntrack(let key, let direction): return text(of: key, direction)
    case .option(let slice): return text(of: slice)
    case .masked(let value, let and, let xor, let or): return text(ofMasked: value, and: and, xor: xor, or: or)
    case .shifted(let value, let direction, let bits):
      let left = text(of: value)
      // Without parentheses the mask's operand alone would be shifted.
      let isMasked = if case .masked = value { true } else { false }
      return "\(isMasked ? "(\(left))" : left) \(direction == .left ? "<<" : ">>") \(bits)"
    case .combined(let operation, let left, let right):
      return "\(text(of: left)) \(Self.symbol(of: operation)) \(text(of: right, as: shape))"
    case .map(let key, let set, let parts):
      return "\(text(of: key)) map \(text(of: set, keyedBy: key, in: parts, givenAs: shape))"
    case .concatenation(let parts): return parts.map { text(of: $0) }.joined(separator: " . ")
    default: return generated(operand)
    }
  }

  /// `{ … }` or `@name`
  /// - Parameter parts: the key as it lies in registers, which says in which order its bytes stand.
  mutating func text(
    of set: SetReference, keyedBy key: RaisedOperand, in parts: [Loaded] = [], givenAs data: ValueShape? = nil
  ) -> String {
    switch set {
    case .named(let name): return "@" + name
    case .anonymous(let definition):
      return sets.text(of: definition, keys: shapes(of: key, in: parts), data: data.map { [$0] })
    }
  }

  func shapes(of operand: RaisedOperand, in parts: [Loaded] = []) -> [ValueShape] {
    guard parts.isEmpty else {
      return parts.map { part in
        var shape = context.shape(of: part.operand)
        if part.order != .unspecified { shape.order = part.order }
        shape.shift = part.shift
        return shape
      }
    }
    if case .concatenation(let parts) = operand { return parts.map(context.shape) }
    return [context.shape(of: operand)]
  }

  private mutating func text(of slice: PacketSlice) -> String {
    noteTunnel(slice.tunnel)
    if let reference = context.field(at: slice) ?? context.field(beginningAt: slice) {
      let name = reference.header.keyword + " " + reference.definition.name
      let messages = reference.definition.messageTypes
      uses.append(
        ProtocolUse(
          id: reference.header.id, tunnel: slice.tunnel, messageType: messages.count == 1 ? messages.first : nil))
      guard let tunnel = slice.tunnel, slice.base != .tunnel else {
        return name
      }
      return prefix(of: tunnel) + name
    }
    let bases = ["ll", "nh", "th", "ih", "th"]
    return prefix(of: slice.tunnel) + "@\(bases[Int(slice.base.rawValue)]),\(slice.offset),\(slice.length)"
  }

  /// A tunnel that is a transport protocol itself is one more protocol that the text names.
  private mutating func noteTunnel(_ tunnel: TunnelHeader?) {
    guard let header = tunnel.flatMap(HeaderProtocol.tunnel), header.base == .transport else { return }
    uses.append(ProtocolUse(id: .gre, tunnel: nil))
  }

  private func prefix(of tunnel: TunnelHeader?) -> String {
    tunnel.flatMap(HeaderProtocol.tunnel).map { $0.keyword + " " } ?? ""
  }

  private func text(of key: MetaKey) -> String {
    guard let name = KeyTable.meta.key(numbered: key.rawValue)?.name else { return "meta \(key.rawValue)" }
    return Self.bareMetaKeys.contains(name) ? name : "meta \(name)"
  }

  /// Keys that nft lists without `meta` before them.
  private static let bareMetaKeys: Set<String> = [
    "iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup",
  ]

  private func text(of key: ConntrackKey, _ direction: ConntrackDirection?) -> String {
    let name = KeyTable.conntrack.key(numbered: key.rawValue)?.name ?? String(key.rawValue)
    return "ct " + (direction.map { $0 == .original ? "original " : "reply " } ?? "") + name
  }

  private mutating func text(of slice: OptionSlice) -> String {
    switch OptionKind(rawValue: slice.operation) {
    case .ipv6: uses.append(ProtocolUse(id: .ip6))
    case .ipv4: uses.append(ProtocolUse(id: .ip))
    default: break
    }
    let kinds = ["", "tcp option ", "ip option ", "sctp chunk ", "dccp option "]
    guard let kind = OptionKind(rawValue: slice.operation) else { return "exthdr \(slice.operation) \(slice.type)" }
    let prefix = kinds[Int(kind.rawValue)]
    let option = kind.options.first { $0.type == slice.type }
    if slice.isPresence { return (kind == .ipv6 ? "exthdr " : prefix) + (option?.keyword ?? String(slice.type)) }
    guard let found = kind.option(ofType: slice.type, fieldAt: slice.offset, length: slice.length) else {
      return "\(prefix)@\(slice.type),\(slice.offset),\(slice.length)"
    }
    let header = kind.options[found.option]
    return "\(prefix)\(header.keyword) \(header.fields[found.field].name)"
  }

  private mutating func text(ofMasked value: RaisedOperand, and: Bytes?, xor: Bytes?, or: Bytes?) -> String {
    var shape = context.shape(of: value)
    if shape.type == .integer || shape.type == .dscp || shape.type == .ecn {
      shape.isHexadecimal = true; shape.symbols = nil
    }
    var text = text(of: value)
    for (symbol, operand) in [("&", and), ("^", xor), ("|", or)] {
      guard let operand else { continue }
      text += " \(symbol) " + flagText(operand, shape, parenthesized: symbol == "&")
    }
    return text
  }

  /// Flags are joined by `|` here, in parentheses where `&` would bind before it.
  func flagText(_ value: Bytes, _ shape: ValueShape, parenthesized: Bool) -> String {
    guard shape.type.isBitmask, value.count <= 8 else { return values.text(value, as: shape) }
    let text = values.flags(value.bigEndianValue, shape, separator: " | ")
    return parenthesized && text.contains(" ") ? "(\(text))" : text
  }

  private mutating func generated(_ operand: RaisedOperand) -> String {
    switch operand {
    case .routing(let key):
      return "rt " + (KeyTable.routing.key(numbered: key.rawValue)?.name ?? String(key.rawValue))
    case .numberGenerator(let kind, let modulus, let offset):
      return "numgen \(kind == .incremental ? "inc" : "random") mod \(modulus)\(Self.text(ofOffset: offset))"
    case .jenkinsHash(let key, let modulus, let seed, let offset):
      return "jhash \(text(of: key)) mod \(modulus)" + (seed.map { " seed 0x\(String($0, radix: 16))" } ?? "")
        + Self.text(ofOffset: offset)
    case .symmetricHash(let modulus, let offset): return "symhash mod \(modulus)\(Self.text(ofOffset: offset))"
    case .fib(let result, let flags): return Self.text(ofFib: result, flags)
    case .socket(let key, let level):
      let name = KeyTable.socket.key(numbered: key)?.name ?? String(key)
      return "socket \(name)" + (name == "cgroupv2" ? " level \(level)" : "")
    case .osFingerprint(let ttl, let flags):
      return "osf " + (ttl == 0 ? "" : ttl == 1 ? "ttl loose " : "ttl skip ") + (flags & 1 == 0 ? "name" : "version")
    case .xfrm(let key, let direction, let number):
      return "ipsec \(direction == 0 ? "in" : "out")" + (number == 0 ? "" : " spnum \(number)")
        + " \(KeyTable.xfrm.key(numbered: key)?.name ?? String(key))"
    case .tunnel(let key): return "tunnel \(KeyTable.tunnel.key(numbered: key)?.name ?? String(key))"
    case .unknown(let register): return "\(register)"
    default: return ""
    }
  }

  private static func text(ofFib result: UInt32, _ flags: UInt32) -> String {
    let inputs = FibFlag.allCases.filter { flags & $0.rawValue != 0 }.map(\.keyword).joined(separator: " . ")
    let name = KeyTable.fib.key(numbered: result)?.name ?? String(result)
    return "fib \(inputs) \(flags & FibFlag.present != 0 ? "check" : name)"
  }

  private static func text(ofOffset offset: UInt32) -> String { offset == 0 ? "" : " offset \(offset)" }

  static func symbol(of operation: BitwiseOperator) -> String {
    switch operation {
    case .and: "&"
    case .or: "|"
    case .xor: "^"
    }
  }
}
