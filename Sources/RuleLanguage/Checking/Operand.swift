import Model

/// A typed expression: what it reads, and of which type, order and width it is.
struct Operand {
  indirect enum Node {
    case constant(UInt128)
    /// The register in it is a placeholder.
    case load(Expression)
    case binary(ExpressionSyntax.BinaryOperator, Operand, Operand)
    case convert(ByteOrderOperator, Operand)
    case concatenation([Operand])
    case map(Operand, SetReference)
    case hash(Operand, modulus: UInt32, seed: UInt32?, offset: UInt32)
  }

  /// A field of a header, for what the protocol context and the merging of loads need to know.
  struct Field {
    var base: PayloadBase
    /// From the base, in bits.
    var offset: Int
    /// In bits.
    var length: Int
    /// `.unknown` for a raw one.
    var header: ProtocolID
    /// Says which protocol comes next.
    var isNext: Bool
    /// Says which message it is (ICMP's type).
    var isMessageType: Bool
  }

  var node: Node
  var value: ValueType
  /// What it takes in registers, in bytes; a bit field takes the bytes that hold it.
  var size: Int
  var span: Span
  var field: Field?
  /// The key of a `meta` load, for the protocol context.
  var metaKey: MetaKey?

  init(_ node: Node, _ value: ValueType, size: Int? = nil, span: Span) {
    self.node = node
    self.value = value
    self.size = size ?? value.size
    self.span = span
  }

  var constant: UInt128? {
    if case .constant(let value) = node { return value }
    return nil
  }

  /// A concatenation's parts; itself alone if it is none.
  var parts: [Operand] {
    if case .concatenation(let parts) = node { return parts }
    return [self]
  }

  var isConcatenation: Bool {
    if case .concatenation = node { return true }
    return false
  }

  /// As it stands in a register when all is done: what is shifted was turned to the machine's order before.
  var settled: Operand {
    var result = self
    if case .binary(.shiftRight, _, _) = node { result.value.order = .host }
    return result
  }

  /// The same value in the order asked for: a constant is simply written so, a load is turned.
  func converted(to order: ByteOrder) -> Operand {
    guard value.order != order, value.order != .unspecified, order != .unspecified, !value.type.isString else {
      return self
    }
    var result = self
    result.value.order = order
    if constant == nil, size > 1 { result.node = .convert(order == .host ? .networkToHost : .hostToNetwork, self) }
    return result
  }
}

/// An integer's bytes as they stand in a register.
func registerBytes(_ value: UInt128, size: Int, order: ByteOrder) -> Bytes {
  Bytes(value, count: size, bigEndian: order != .host)
}

/// As many one bits as asked for, at most 128.
func lowBits(_ count: Int) -> UInt128 { count >= 128 ? .max : (1 << UInt128(count)) - 1 }
