import CNftnl
import Model
import Netlink

// What holds expressions in turn.

extension MessageWriter {
  mutating func dynamicSet(
    _ operation: DynamicSetOperation, set: String, key: Register, data: Register?, timeout: UInt64?,
    expressions: [Expression]
  ) throws(NotWritable) {
    text(NFTA_EXPR_NAME, "dynset")
    let nested = beginNested(UInt16(NFTA_EXPR_DATA.rawValue))
    register(NFTA_DYNSET_SREG_KEY, key)
    register(NFTA_DYNSET_SREG_DATA, data)
    number(NFTA_DYNSET_OP, operation.rawValue)
    text(NFTA_DYNSET_SET_NAME, set)
    if let timeout { number(NFTA_DYNSET_TIMEOUT, timeout) }
    var none = AnonymousNumbers()
    if expressions.count == 1 {
      try single(NFTA_DYNSET_EXPR, expressions[0], &none)
    } else if !expressions.isEmpty {
      number(NFTA_DYNSET_FLAGS, UInt32(NFT_DYNSET_F_EXPR.rawValue))
      try self.expressions(NFTA_DYNSET_EXPRESSIONS, expressions, &none)
    }
    endNested(nested)
  }

  mutating func inner(type: UInt32, headerSize: UInt32, flags: UInt32, expressions: [Expression]) throws(NotWritable) {
    guard expressions.count == 1 else { throw NotWritable(what: "\(expressions.count) expressions inside a tunnel") }
    text(NFTA_EXPR_NAME, "inner")
    let nested = beginNested(UInt16(NFTA_EXPR_DATA.rawValue))
    // The kernel has one level of tunnels so far, number 0 (`nft_inner_init` in nft_inner.c).
    number(InnerAttribute.number, UInt32(0))
    number(InnerAttribute.type, type)
    number(InnerAttribute.flags, flags)
    number(InnerAttribute.headerSize, headerSize)
    var none = AnonymousNumbers()
    try single(InnerAttribute.expression, expressions[0], &none)
    endNested(nested)
  }
}

extension ExpressionDecoder {
  static func dynamicSet(_ attributes: Attributes) -> Expression? {
    guard let operation = attributes.number(NFTA_DYNSET_OP).flatMap(DynamicSetOperation.init),
      let set = attributes.text(NFTA_DYNSET_SET_NAME), let key = attributes.register(NFTA_DYNSET_SREG_KEY),
      (attributes.number(NFTA_DYNSET_FLAGS) ?? 0) & UInt32(NFT_DYNSET_F_INV.rawValue) == 0
    else { return nil }
    var expressions: [Expression] = []
    if let one = attributes.nested(NFTA_DYNSET_EXPR) { expressions = [single(one)] }
    if let several = attributes.nested(NFTA_DYNSET_EXPRESSIONS) { expressions = list(several) }
    // The kernel says 0 where there is none.
    let timeout = attributes.long(NFTA_DYNSET_TIMEOUT)
    return .dynamicSet(
      operation, set: set, key: key, data: attributes.register(NFTA_DYNSET_SREG_DATA),
      timeout: timeout == 0 ? nil : timeout, expressions: expressions)
  }

  static func inner(_ attributes: Attributes) -> Expression? {
    guard let type = attributes.number(InnerAttribute.type), let size = attributes.number(InnerAttribute.headerSize),
      let expression = attributes.nested(InnerAttribute.expression)
    else { return nil }
    return .inner(
      type: type, headerSize: size, flags: attributes.number(InnerAttribute.flags) ?? 0,
      expressions: [single(expression)])
  }
}
