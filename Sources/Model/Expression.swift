/// A register of nf_tables' machine, numbered as the kernel's dumps number it: 0 is the verdict, 1 to 4 the
/// registers of 16 bytes, 8 to 23 those of 4 bytes. A 4-byte register that begins a 16-byte one goes by the
/// latter's number (`nft_dump_register` in net/netfilter/nf_tables_api.c).
package struct Register: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let verdict = Register(rawValue: 0)

  /// The register that begins `slot` × 4 bytes after the first data register.
  /// - Precondition: `slot` is 0 to 15.
  package init(slot: Int) {
    precondition((0..<16).contains(slot), "register slot \(slot)")
    rawValue = slot % 4 == 0 ? UInt32(slot / 4 + 1) : UInt32(slot + 8)
  }

  /// How many 4-byte units after the first data register this one begins; nil for the verdict register.
  package var slot: Int? {
    switch rawValue {
    case 1...4: Int(rawValue - 1) * 4
    case 8...23: Int(rawValue - 8)
    default: nil
    }
  }
}

/// One step of a rule, as the kernel keeps it: the `NFTA_*` expressions of linux/netfilter/nf_tables.h.
///
/// Numbers that the kernel may add to (keys, flags) stay the kernel's numbers; their names are the rule language's.
/// Data stands in the byte order in which it lies in the register. What is wide and not in every rule stands apart
/// (`indirect`), for a large ruleset has a hundred thousand of these.
package enum Expression: Hashable, Sendable {
  /// `immediate` to the verdict register.
  case verdict(Verdict)
  case immediate(Bytes, to: Register)
  case compare(ComparisonOperator, Register, Bytes)
  /// Bounds are inclusive. Inverted: matches what lies outside.
  indirect case range(Register, from: Bytes, through: Bytes, inverted: Bool)
  /// `to = (from & mask) ^ xor`
  indirect case bitwise(from: Register, to: Register, length: UInt32, mask: Bytes, xor: Bytes)
  case shift(ShiftDirection, from: Register, to: Register, length: UInt32, bits: UInt32)
  /// `to = from OP with`, both registers (Linux 6.13 and later).
  case bitwiseRegisters(BitwiseOperator, from: Register, with: Register, to: Register, length: UInt32)
  case byteOrder(ByteOrderOperator, from: Register, to: Register, length: UInt32, size: UInt32)
  case payload(PayloadBase, offset: UInt32, length: UInt32, to: Register)
  indirect case payloadSet(PayloadBase, offset: UInt32, length: UInt32, from: Register, checksum: PayloadChecksum)
  case meta(MetaKey, to: Register)
  case metaSet(MetaKey, from: Register)
  case conntrack(ConntrackKey, direction: ConntrackDirection?, to: Register)
  case conntrackSet(ConntrackKey, direction: ConntrackDirection?, from: Register)
  indirect case extensionHeader(ExtensionHeaderField, to: Register)
  indirect case extensionHeaderSet(ExtensionHeaderField, from: Register)
  /// `reset tcp option NAME`: the option is overwritten with no-operations.
  indirect case extensionHeaderReset(ExtensionHeaderField)
  /// In a set (`to` nil) or through a map (`to` the data, the verdict register for a verdict map).
  case lookup(SetReference, key: Register, to: Register?, inverted: Bool)
  /// Adds, updates or deletes an element of a named set from the packet path; `timeout` in milliseconds.
  indirect case dynamicSet(
    DynamicSetOperation, set: String, key: Register, data: Register?, timeout: UInt64?, expressions: [Expression])
  case object(ObjectKind, name: String)
  case objectMap(SetReference, key: Register)
  case counter(packets: UInt64, bytes: UInt64)
  /// `rate` per `seconds`, in packets or bytes.
  indirect case limit(rate: UInt64, seconds: UInt64, burst: UInt32, unit: LimitUnit, inverted: Bool)
  /// In bytes. Inverted is nft's `over`.
  indirect case quota(bytes: UInt64, consumed: UInt64, inverted: Bool)
  case connectionLimit(count: UInt32, inverted: Bool)
  /// Milliseconds since the rule was last met; nil for never.
  case last(milliseconds: UInt64?)
  indirect case log(Log)
  /// `kind` is `NFT_REJECT_*` (0 ICMP of the family, 1 TCP reset, 2 ICMP of any family).
  case reject(kind: UInt32, code: UInt8)
  indirect case nat(Nat)
  case masquerade(ports: RegisterRange?, flags: UInt32)
  case redirect(ports: RegisterRange?, flags: UInt32)
  indirect case queue(QueueTarget, flags: UInt16)
  case noTrack
  case routing(RoutingKey, to: Register)
  case numberGenerator(NumberGeneratorKind, modulus: UInt32, offset: UInt32, to: Register)
  indirect case jenkinsHash(
    from: Register, length: UInt32, modulus: UInt32, seed: UInt32?, offset: UInt32, to: Register)
  case symmetricHash(modulus: UInt32, offset: UInt32, to: Register)
  /// `result` is `NFT_FIB_RESULT_*`, `flags` are `NFTA_FIB_F_*`.
  case fib(result: UInt32, flags: UInt32, to: Register)
  /// `key` is `NFT_SOCKET_*`; `level` counts for cgroups alone.
  case socket(key: UInt32, level: UInt32, to: Register)
  case osFingerprint(ttl: UInt8, flags: UInt32, to: Register)
  case tproxy(family: UInt32, address: Register?, port: Register?)
  case synproxy(mss: UInt16, windowScale: UInt8, flags: UInt32)
  case duplicate(address: Register?, device: Register?)
  /// `family` is 0 where no address is given.
  case forward(device: Register, address: Register?, family: UInt32)
  case xfrm(key: UInt32, direction: UInt8, spnum: UInt32, to: Register)
  case tunnel(key: UInt32, mode: UInt32, to: Register)
  case flowOffload(table: String)
  /// Looks into a tunnelled packet; `expression` is a payload or meta load.
  indirect case inner(type: UInt32, headerSize: UInt32, flags: UInt32, expressions: [Expression])
  /// What this program does not know (xtables' `match` and `target`, say): read, told, never written.
  case unknown(name: String, attributes: [UInt8])
}

/// `NFT_CMP_*`
package enum ComparisonOperator: UInt32, Hashable, Sendable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// `NFT_BITWISE_LSHIFT`, `NFT_BITWISE_RSHIFT`
package enum ShiftDirection: UInt32, Hashable, Sendable { case left = 1, right = 2 }

/// `NFT_BITWISE_AND`, `NFT_BITWISE_OR`, `NFT_BITWISE_XOR`
package enum BitwiseOperator: UInt32, Hashable, Sendable { case and = 3, or = 4, xor = 5 }

/// `NFT_BYTEORDER_*`
package enum ByteOrderOperator: UInt32, Hashable, Sendable { case networkToHost, hostToNetwork }

/// `NFT_PAYLOAD_*_HEADER`
package enum PayloadBase: UInt32, Hashable, Sendable { case link, network, transport, inner, tunnel }

/// How a payload write keeps checksums right: `NFTA_PAYLOAD_CSUM_*`.
package struct PayloadChecksum: Hashable, Sendable {
  /// `NFT_PAYLOAD_CSUM_*`: 0 none, 1 Internet checksum, 2 SCTP.
  package var kind: UInt32
  /// From the base, in bytes.
  package var offset: UInt32
  /// `NFT_PAYLOAD_L4CSUM_PSEUDOHDR` (1): the transport checksum covers the field too.
  package var flags: UInt32

  package init(kind: UInt32, offset: UInt32, flags: UInt32) {
    self.kind = kind
    self.offset = offset
    self.flags = flags
  }
}

/// `NFT_META_*`
package struct MetaKey: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// `NFT_CT_*`
package struct ConntrackKey: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// `IP_CT_DIR_*`
package enum ConntrackDirection: UInt8, Hashable, Sendable { case original, reply }

/// `NFT_RT_*`
package struct RoutingKey: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A field of an IPv6 extension header, a TCP, IPv4, SCTP or DCCP option: `NFTA_EXTHDR_*`.
package struct ExtensionHeaderField: Hashable, Sendable {
  /// `NFT_EXTHDR_OP_*`: 0 IPv6, 1 TCP option, 2 IPv4 option, 3 SCTP chunk, 4 DCCP option.
  package var operation: UInt32
  /// The header's protocol number, or the option's or chunk's type.
  package var type: UInt8
  /// In bytes, from the header's or option's begin.
  package var offset: UInt32
  /// In bytes.
  package var length: UInt32
  /// `NFT_EXTHDR_F_PRESENT` (1): only whether it is there.
  package var flags: UInt32

  package init(operation: UInt32, type: UInt8, offset: UInt32, length: UInt32, flags: UInt32) {
    self.operation = operation
    self.type = type
    self.offset = offset
    self.length = length
    self.flags = flags
  }
}

/// `NFT_DYNSET_OP_*`
package enum DynamicSetOperation: UInt32, Hashable, Sendable { case add, update, delete }

/// `NFT_LIMIT_*`
package enum LimitUnit: UInt32, Hashable, Sendable { case packets, bytes }

/// `NFT_NG_*`
package enum NumberGeneratorKind: UInt32, Hashable, Sendable { case incremental, random }

/// From one register through another; `through` is nil for a single value.
package struct RegisterRange: Hashable, Sendable {
  package var from: Register
  package var through: Register?

  package init(_ from: Register, through: Register? = nil) {
    self.from = from
    self.through = through
  }
}

/// Source or destination translation: `NFTA_NAT_*`.
package struct Nat: Hashable, Sendable {
  /// `NFT_NAT_SNAT`, `NFT_NAT_DNAT`
  package enum Kind: UInt32, Hashable, Sendable { case source, destination }

  package var kind: Kind
  /// `NFPROTO_IPV4` or `NFPROTO_IPV6`, also where the table is inet.
  package var family: UInt32
  package var addresses: RegisterRange?
  package var ports: RegisterRange?
  /// `NF_NAT_RANGE_*`
  package var flags: UInt32

  package init(kind: Kind, family: UInt32, addresses: RegisterRange?, ports: RegisterRange?, flags: UInt32) {
    self.kind = kind
    self.family = family
    self.addresses = addresses
    self.ports = ports
    self.flags = flags
  }
}

/// `NFTA_QUEUE_*`
package enum QueueTarget: Hashable, Sendable {
  case numbers(from: UInt16, count: UInt16)
  case register(Register)
}

/// `NFTA_LOG_*`; an absent value is the kernel's default.
package struct Log: Hashable, Sendable {
  package var prefix: String?
  /// With a group, the message goes to nfnetlink_log and `level` and `flags` do not count.
  package var group: UInt16?
  package var snapLength: UInt32?
  package var queueThreshold: UInt16?
  /// `NFT_LOGLEVEL_*`: 0 emergency to 7 debug, 8 audit.
  package var level: UInt32?
  /// `NF_LOG_*`
  package var flags: UInt32?

  package init(
    prefix: String? = nil, group: UInt16? = nil, snapLength: UInt32? = nil, queueThreshold: UInt16? = nil,
    level: UInt32? = nil, flags: UInt32? = nil
  ) {
    self.prefix = prefix
    self.group = group
    self.snapLength = snapLength
    self.queueThreshold = queueThreshold
    self.level = level
    self.flags = flags
  }
}

/// What becomes of a packet, or where its evaluation goes on.
package enum Verdict: Hashable, Sendable {
  case accept, drop, `continue`, `return`
  case jump(ChainReference)
  case goto(ChainReference)
}

package enum ChainReference: Hashable, Sendable {
  case named(String)
  /// A chain without a name, written in the rule itself (`jump { … }`) and bound to it.
  indirect case anonymous([Rule])
}

package enum SetReference: Hashable, Sendable {
  case named(String)
  /// A set or map without a name, bound to its rule: equal to another by content.
  indirect case anonymous(SetDefinition)
}
