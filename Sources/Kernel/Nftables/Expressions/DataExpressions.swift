import CNftnl
import Model
import Netlink

// What works on registers alone.

extension MessageWriter {
  mutating func immediate(_ value: Bytes, to register: Register) {
    expression("immediate") { writer in
      writer.register(NFTA_IMMEDIATE_DREG, register)
      writer.data(NFTA_IMMEDIATE_DATA, value)
    }
  }

  mutating func compare(_ comparison: ComparisonOperator, _ register: Register, _ value: Bytes) {
    expression("cmp") { writer in
      writer.register(NFTA_CMP_SREG, register)
      writer.number(NFTA_CMP_OP, comparison.rawValue)
      writer.data(NFTA_CMP_DATA, value)
    }
  }

  mutating func range(_ register: Register, from: Bytes, through: Bytes, inverted: Bool) {
    expression("range") { writer in
      writer.register(NFTA_RANGE_SREG, register)
      writer.number(NFTA_RANGE_OP, inverted ? NFT_RANGE_NEQ.rawValue : NFT_RANGE_EQ.rawValue)
      writer.data(NFTA_RANGE_FROM_DATA, from)
      writer.data(NFTA_RANGE_TO_DATA, through)
    }
  }

  mutating func bitwise(from: Register, to: Register, length: UInt32, mask: Bytes, xor: Bytes) {
    expression("bitwise") { writer in
      writer.register(NFTA_BITWISE_SREG, from)
      writer.register(NFTA_BITWISE_DREG, to)
      writer.number(NFTA_BITWISE_OP, NewerBitwise.maskAndXor)
      writer.number(NFTA_BITWISE_LEN, length)
      writer.data(NFTA_BITWISE_MASK, mask)
      writer.data(NFTA_BITWISE_XOR, xor)
    }
  }

  mutating func shift(_ direction: ShiftDirection, from: Register, to: Register, length: UInt32, bits: UInt32) {
    expression("bitwise") { writer in
      writer.register(NFTA_BITWISE_SREG, from)
      writer.register(NFTA_BITWISE_DREG, to)
      writer.number(NFTA_BITWISE_OP, direction.rawValue)
      writer.number(NFTA_BITWISE_LEN, length)
      // The one value in the machine's own byte order: the kernel reads it from the register data.
      writer.data(NFTA_BITWISE_DATA, Bytes(hostEndian: UInt64(bits), width: 4))
    }
  }

  mutating func bitwise(
    _ operation: BitwiseOperator, from: Register, with other: Register, to: Register, length: UInt32
  ) {
    expression("bitwise") { writer in
      writer.register(NFTA_BITWISE_SREG, from)
      writer.register(NFTA_BITWISE_DREG, to)
      writer.number(NFTA_BITWISE_OP, operation.rawValue)
      writer.number(NFTA_BITWISE_LEN, length)
      writer.register(NewerBitwise.secondSource, other)
    }
  }

  mutating func byteOrder(
    _ operation: ByteOrderOperator, from: Register, to: Register, length: UInt32, size: UInt32
  ) {
    expression("byteorder") { writer in
      writer.register(NFTA_BYTEORDER_SREG, from)
      writer.register(NFTA_BYTEORDER_DREG, to)
      writer.number(NFTA_BYTEORDER_OP, operation.rawValue)
      writer.number(NFTA_BYTEORDER_LEN, length)
      writer.number(NFTA_BYTEORDER_SIZE, size)
    }
  }
}

extension ExpressionDecoder {
  static func immediate(_ attributes: Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_IMMEDIATE_DREG), let data = attributes.nested(NFTA_IMMEDIATE_DATA)
    else { return nil }
    if let verdict = data.nested(NFTA_DATA_VERDICT) { return Verdict(verdict).map { .verdict($0) } }
    return data.first(NFTA_DATA_VALUE).map { .immediate(Bytes($0.payload), to: register) }
  }

  static func compare(_ attributes: Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_CMP_SREG),
      let comparison = attributes.number(NFTA_CMP_OP).flatMap(ComparisonOperator.init),
      let value = attributes.data(NFTA_CMP_DATA)
    else { return nil }
    return .compare(comparison, register, value)
  }

  static func range(_ attributes: Attributes) -> Expression? {
    guard let register = attributes.register(NFTA_RANGE_SREG), let operation = attributes.number(NFTA_RANGE_OP),
      let from = attributes.data(NFTA_RANGE_FROM_DATA), let through = attributes.data(NFTA_RANGE_TO_DATA)
    else { return nil }
    return .range(register, from: from, through: through, inverted: operation == NFT_RANGE_NEQ.rawValue)
  }

  static func bitwise(_ attributes: Attributes) -> Expression? {
    guard let from = attributes.register(NFTA_BITWISE_SREG), let to = attributes.register(NFTA_BITWISE_DREG),
      let length = attributes.number(NFTA_BITWISE_LEN)
    else { return nil }
    let operation = attributes.number(NFTA_BITWISE_OP) ?? NewerBitwise.maskAndXor
    if operation == NewerBitwise.maskAndXor {
      guard let mask = attributes.data(NFTA_BITWISE_MASK), let xor = attributes.data(NFTA_BITWISE_XOR) else {
        return nil
      }
      return .bitwise(from: from, to: to, length: length, mask: mask, xor: xor)
    }
    if let direction = ShiftDirection(rawValue: operation) {
      return attributes.data(NFTA_BITWISE_DATA).map {
        .shift(direction, from: from, to: to, length: length, bits: UInt32(truncatingIfNeeded: $0.hostEndianValue))
      }
    }
    guard let operation = BitwiseOperator(rawValue: operation),
      let other = attributes.register(NewerBitwise.secondSource)
    else { return nil }
    return .bitwiseRegisters(operation, from: from, with: other, to: to, length: length)
  }

  static func byteOrder(_ attributes: Attributes) -> Expression? {
    guard let from = attributes.register(NFTA_BYTEORDER_SREG), let to = attributes.register(NFTA_BYTEORDER_DREG),
      let operation = attributes.number(NFTA_BYTEORDER_OP).flatMap(ByteOrderOperator.init),
      let length = attributes.number(NFTA_BYTEORDER_LEN), let size = attributes.number(NFTA_BYTEORDER_SIZE)
    else { return nil }
    return .byteOrder(operation, from: from, to: to, length: length, size: size)
  }
}
