import Model

/// A value of a rule, told by what it is computed from rather than by the registers it passes through.
indirect enum RaisedOperand: Sendable {
  /// As it lies in the register.
  case constant(Bytes)
  case payload(PacketSlice)
  case meta(MetaKey, tunnel: TunnelHeader?)
  case conntrack(ConntrackKey, ConntrackDirection?)
  case option(OptionSlice)
  case routing(RoutingKey)
  case numberGenerator(NumberGeneratorKind, modulus: UInt32, offset: UInt32)
  case jenkinsHash(RaisedOperand, modulus: UInt32, seed: UInt32?, offset: UInt32)
  case symmetricHash(modulus: UInt32, offset: UInt32)
  case fib(result: UInt32, flags: UInt32)
  case socket(key: UInt32, level: UInt32)
  case osFingerprint(ttl: UInt8, flags: UInt32)
  case xfrm(key: UInt32, direction: UInt8, number: UInt32)
  case tunnel(key: UInt32)
  /// `((value & and) ^ xor) | or`; numbers are most significant byte first, whatever the register's order.
  case masked(RaisedOperand, and: Bytes?, xor: Bytes?, or: Bytes?)
  case shifted(RaisedOperand, ShiftDirection, UInt32)
  case combined(BitwiseOperator, RaisedOperand, RaisedOperand)
  /// The parts are the key as it lay in registers.
  case map(RaisedOperand, SetReference, parts: [Loaded])
  case concatenation([RaisedOperand])
  /// A register that nothing was loaded into: the rule is not nft's.
  case unknown(Register)
}

/// Bits of a packet, counted from where a layer begins.
struct PacketSlice: Hashable, Sendable {
  var base: PayloadBase
  /// In bits.
  var offset: Int
  /// In bits.
  var length: Int
  var tunnel: TunnelHeader?
}

/// Bits of an extension header or option.
struct OptionSlice: Hashable, Sendable {
  var operation: UInt32
  var type: UInt8
  /// In bits.
  var offset: Int
  /// In bits.
  var length: Int
  /// Only whether it is there.
  var isPresence: Bool
}

/// What an `inner` expression says of the tunnel it looks into.
struct TunnelHeader: Hashable, Sendable {
  var type: UInt32
  var headerSize: UInt32
  var flags: UInt32
}

/// An operand as it lies in a register.
struct Loaded: Sendable {
  var operand: RaisedOperand
  /// In bytes.
  var length: Int
  /// How the register holds it now; a `byteorder` expression changes it.
  var order: ByteOrder
  /// The register holds the operand's bits shifted left by so many.
  var shift = 0
  /// How many statements were complete when it was loaded: what was loaded for one statement belongs together.
  var statement = 0

  var slots: Int { max(1, (length + 3) / 4) }
}

/// What the machine's registers hold at one point of a rule: a few values, none of which overlaps another.
struct RegisterFile: Sendable {
  private var values: [(slot: Int, value: Loaded)] = []

  subscript(register: Register) -> Loaded? { register.slot.flatMap { self[slot: $0] } }

  private subscript(slot slot: Int) -> Loaded? { values.first { $0.slot == slot }?.value }

  mutating func store(_ value: Loaded, to register: Register) {
    guard let slot = register.slot else { return }
    values.removeAll { $0.slot < slot + value.slots && slot < $0.slot + $0.value.slots }
    values.append((slot, value))
  }

  /// The values that lie one behind another from `register` on and were loaded for the same statement.
  /// - Parameter length: where it is known, how many bytes they take.
  func run(from register: Register, length: Int? = nil) -> [Loaded] {
    guard var slot = register.slot, let first = self[slot: slot] else { return [] }
    let end = length.map { slot + ($0 + 3) / 4 }
    var run: [Loaded] = []
    while let value = self[slot: slot], value.statement == first.statement, end.map({ slot < $0 }) ?? true {
      run.append(value)
      slot += value.slots
    }
    return run
  }

  mutating func discard(from register: Register, count: Int) {
    guard var slot = register.slot else { return }
    for _ in 0..<count {
      guard let index = values.firstIndex(where: { $0.slot == slot }) else { return }
      slot += values.remove(at: index).value.slots
    }
  }

  /// The value that the register lies inside of, and how many bytes after its begin.
  func enclosing(_ register: Register) -> (value: Loaded, offset: Int)? {
    guard let slot = register.slot else { return nil }
    return values.first { $0.slot <= slot && slot < $0.slot + $0.value.slots }.map { ($0.value, (slot - $0.slot) * 4) }
  }
}
