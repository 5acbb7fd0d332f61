import Model

extension BytecodeListing {
  /// What stands between the brackets, in libnftnl's words (one `snprintf` callback an expression there).
  static func body(of expression: Expression) -> String {
    registerText(of: expression) ?? packetText(of: expression) ?? statementText(of: expression)
      ?? lookupText(of: expression) ?? otherText(of: expression)
  }

  static func text(of verdict: Verdict) -> String {
    switch verdict {
    case .accept: "accept"
    case .drop: "drop"
    case .continue: "continue"
    case .return: "return"
    case .jump(.named(let chain)): "jump -> \(chain)"
    case .goto(.named(let chain)): "goto -> \(chain)"
    case .jump(.anonymous): "jump"
    case .goto(.anonymous): "goto"
    }
  }

  /// What works on registers alone.
  private static func registerText(of expression: Expression) -> String? {
    switch expression {
    case .verdict(let verdict): return "immediate reg 0 \(text(of: verdict))"
    case .immediate(let bytes, let to): return "immediate \(to) \(data(bytes))"
    case .compare(let comparison, let register, let bytes):
      return "cmp \(KernelNames.name(comparison.rawValue, in: KernelNames.comparisons)) \(register) \(data(bytes))"
    case .range(let register, let from, let through, let inverted):
      return "range \(inverted ? "neq" : "eq") \(register) \(data(from)) \(data(through))"
    case .bitwise(let from, let to, _, let mask, let xor):
      return "bitwise \(to) = ( \(from) & \(data(mask)) ) ^ \(data(xor))"
    case .shift(let direction, let from, let to, _, let bits):
      return "bitwise \(to) = ( \(from) \(direction == .left ? "<<" : ">>") 0x\(hexadecimal(bits)) )"
    case .bitwiseRegisters(let operation, let from, let with, let to, _):
      return "bitwise \(to) = ( \(from) \(symbol(of: operation)) \(with) )"
    case .byteOrder(let operation, let from, let to, let length, let size):
      return "byteorder \(to) = \(operation == .networkToHost ? "ntoh" : "hton")(\(from), \(size), \(length))"
    default: return nil
    }
  }

  private static func symbol(of operation: BitwiseOperator) -> String {
    switch operation {
    case .and: "&"
    case .or: "|"
    case .xor: "^"
    }
  }

  /// What reads or writes the packet and what the kernel knows of it.
  private static func packetText(of expression: Expression) -> String? {
    switch expression {
    case .payload(let base, let offset, let length, let to):
      return "payload load \(field(base, offset, length)) => \(to)"
    case .payloadSet(let base, let offset, let length, let from, let checksum):
      return "payload write \(from) => \(field(base, offset, length)) csum_type \(checksum.kind)"
        + " csum_off \(checksum.offset) csum_flags 0x\(String(checksum.flags, radix: 16))"
    case .meta(let key, let to): return "meta load \(KernelNames.name(key.rawValue, in: KernelNames.metaKeys)) => \(to)"
    case .metaSet(let key, let from):
      return "meta set \(KernelNames.name(key.rawValue, in: KernelNames.metaKeys)) with \(from)"
    case .conntrack(let key, let direction, let to):
      return "ct load \(KernelNames.name(key.rawValue, in: KernelNames.conntrackKeys)) => \(to)\(text(of: direction))"
    case .conntrackSet(let key, let direction, let from):
      return
        "ct set \(KernelNames.name(key.rawValue, in: KernelNames.conntrackKeys)) with \(from)\(text(of: direction))"
    case .extensionHeader(let field, let to): return "exthdr load \(text(of: field)) => \(to)"
    case .extensionHeaderSet(let field, let from):
      return "exthdr write \(prefix(of: field))\(from) => \(field.length)b @ \(field.type) + \(field.offset)"
    case .extensionHeaderReset(let field): return "exthdr reset \(prefix(of: field))\(field.type)"
    case .routing(let key, let to):
      return "rt load \(KernelNames.name(key.rawValue, in: KernelNames.routingKeys)) => \(to)"
    case .inner(let type, let headerSize, let flags, let expressions):
      let nested = expressions.map(bracketed).joined(separator: " ")
      return "inner type \(type) hdrsize \(headerSize) flags \(String(flags, radix: 16)) \(nested)"
    default: return nil
    }
  }

  private static func field(_ base: PayloadBase, _ offset: UInt32, _ length: UInt32) -> String {
    "\(length)b @ \(KernelNames.name(base.rawValue, in: KernelNames.payloadBases)) header + \(offset)"
  }

  private static func text(of direction: ConntrackDirection?) -> String {
    switch direction {
    case nil: ""
    case .original: " , dir original"
    case .reply: " , dir reply"
    }
  }

  private static func prefix(of field: ExtensionHeaderField) -> String {
    KernelNames.extensionHeaders.indices.contains(Int(field.operation))
      ? KernelNames.extensionHeaders[Int(field.operation)] + " " : ""
  }

  private static func text(of field: ExtensionHeaderField) -> String {
    "\(prefix(of: field))\(field.length)b @ \(field.type) + \(field.offset)\(field.flags & 1 == 1 ? " present" : "")"
  }

  private static func lookupText(of expression: Expression) -> String? {
    switch expression {
    case .lookup(let set, let key, let to, let inverted):
      return "lookup \(key) set \(name(of: set))\(to.map { " dreg \($0.rawValue)" } ?? "")\(inverted ? " 0x1" : "")"
    case .dynamicSet(let operation, let set, let key, let data, let timeout, let expressions):
      return
        "dynset \(KernelNames.name(operation.rawValue, in: KernelNames.setOperations)) reg_key \(key.rawValue) set \(set)"
        + (data.map { " sreg_data \($0.rawValue)" } ?? "") + (timeout.map { " timeout \($0)ms" } ?? "")
        + expressions.map { " expr " + bracketed($0) }.joined()
    case .object(let kind, let name): return "objref type \(kind.rawValue) name \(name)"
    case .objectMap(let set, let key): return "objref sreg \(key.rawValue) set \(name(of: set))"
    default: return nil
    }
  }

  private static func name(of set: SetReference) -> String {
    switch set {
    case .named(let name): name
    case .anonymous(let definition): placeholder(for: definition)
    }
  }
}

extension Register: CustomStringConvertible {
  /// `reg N`
  package var description: String { "reg \(rawValue)" }
}
