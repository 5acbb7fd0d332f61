import CNftnl
import Model
import Netlink

// What refers to chains, sets and objects. What has no name of its own goes by the number that it was given in
// the batch: the kernel makes the name when it takes it in.

/// The numbers in the batch of the sets and chains without names that a rule refers to, in the order in which it does.
struct AnonymousNumbers {
  var sets: [UInt32] = []
  var chains: [UInt32] = []

  fileprivate mutating func nextSet() -> UInt32 { sets.isEmpty ? 0 : sets.removeFirst() }
  fileprivate mutating func nextChain() -> UInt32 { chains.isEmpty ? 0 : chains.removeFirst() }
}

extension MessageWriter {
  mutating func verdict(_ verdict: Verdict, _ anonymous: inout AnonymousNumbers) {
    expression("immediate") { writer in
      writer.register(NFTA_IMMEDIATE_DREG, .verdict)
      writer.verdictData(NFTA_IMMEDIATE_DATA, verdict, &anonymous)
    }
  }

  /// A verdict as the immediate expression and map elements carry it.
  mutating func verdictData(
    _ key: some RawRepresentable<UInt32>, _ verdict: Verdict, _ anonymous: inout AnonymousNumbers
  ) {
    let data = beginNested(UInt16(key.rawValue))
    let nested = beginNested(UInt16(NFTA_DATA_VERDICT.rawValue))
    number(NFTA_VERDICT_CODE, UInt32(bitPattern: verdict.code))
    switch verdict {
    case .accept, .drop, .continue, .return: break
    case .jump(.named(let name)), .goto(.named(let name)): text(NFTA_VERDICT_CHAIN, name)
    case .jump(.anonymous), .goto(.anonymous): number(NFTA_VERDICT_CHAIN_ID, anonymous.nextChain())
    }
    endNested(nested)
    endNested(data)
  }

  mutating func lookup(
    _ set: SetReference, key: Register, to: Register?, inverted: Bool, _ anonymous: inout AnonymousNumbers
  ) {
    expression("lookup") { writer in
      writer.setReference(set, name: NFTA_LOOKUP_SET, number: NFTA_LOOKUP_SET_ID, &anonymous)
      writer.register(NFTA_LOOKUP_SREG, key)
      writer.register(NFTA_LOOKUP_DREG, to)
      if inverted { writer.number(NFTA_LOOKUP_FLAGS, UInt32(NFT_LOOKUP_F_INV.rawValue)) }
    }
  }

  mutating func objectMap(_ set: SetReference, key: Register, _ anonymous: inout AnonymousNumbers) {
    expression("objref") { writer in
      writer.register(NFTA_OBJREF_SET_SREG, key)
      writer.setReference(set, name: NFTA_OBJREF_SET_NAME, number: NFTA_OBJREF_SET_ID, &anonymous)
    }
  }

  mutating func object(_ kind: ObjectKind, name: String) {
    expression("objref") { writer in
      writer.number(NFTA_OBJREF_IMM_TYPE, kind.rawValue)
      writer.text(NFTA_OBJREF_IMM_NAME, name)
    }
  }

  private mutating func setReference(
    _ set: SetReference, name: some RawRepresentable<UInt32>, number: some RawRepresentable<UInt32>,
    _ anonymous: inout AnonymousNumbers
  ) {
    switch set {
    case .named(let text): self.text(name, text)
    case .anonymous(let definition):
      text(name, definition.nameTemplate)
      self.number(number, anonymous.nextSet())
    }
  }
}

extension SetDefinition {
  /// What the kernel makes a name of for a set that has none.
  var nameTemplate: String {
    switch data {
    case nil: "__set%d"
    case .object: "__objmap%d"
    case .verdict, .value: "__map%d"
    }
  }
}

extension Verdict {
  /// `NF_*` and `NFT_*` verdicts as the kernel numbers them.
  var code: Int32 {
    switch self {
    case .drop: 0
    case .accept: 1
    case .continue: NFT_CONTINUE.rawValue
    case .return: NFT_RETURN.rawValue
    case .jump: NFT_JUMP.rawValue
    case .goto: NFT_GOTO.rawValue
    }
  }

  /// - Returns: nil for a code that rules do not have. Every chain comes back by name.
  init?(_ attributes: Attributes) {
    guard let code = attributes.number(NFTA_VERDICT_CODE).map({ Int32(bitPattern: $0) }) else { return nil }
    let chain = attributes.text(NFTA_VERDICT_CHAIN).map { ChainReference.named($0) }
    switch (code, chain) {
    case (0, _): self = .drop
    case (1, _): self = .accept
    case (NFT_CONTINUE.rawValue, _): self = .continue
    case (NFT_RETURN.rawValue, _): self = .return
    case (NFT_JUMP.rawValue, .some(let chain)): self = .jump(chain)
    case (NFT_GOTO.rawValue, .some(let chain)): self = .goto(chain)
    default: return nil
    }
  }
}

extension ExpressionDecoder {
  static func lookup(_ attributes: Attributes) -> Expression? {
    guard let set = attributes.text(NFTA_LOOKUP_SET), let key = attributes.register(NFTA_LOOKUP_SREG) else {
      return nil
    }
    return .lookup(
      .named(set), key: key, to: attributes.register(NFTA_LOOKUP_DREG),
      inverted: (attributes.number(NFTA_LOOKUP_FLAGS) ?? 0) & UInt32(NFT_LOOKUP_F_INV.rawValue) != 0)
  }

  static func object(_ attributes: Attributes) -> Expression? {
    if let key = attributes.register(NFTA_OBJREF_SET_SREG) {
      return attributes.text(NFTA_OBJREF_SET_NAME).map { .objectMap(.named($0), key: key) }
    }
    guard let kind = attributes.number(NFTA_OBJREF_IMM_TYPE).flatMap(ObjectKind.init),
      let name = attributes.text(NFTA_OBJREF_IMM_NAME)
    else { return nil }
    return .object(kind, name: name)
  }
}
