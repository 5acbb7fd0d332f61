import CNftnl
import Model
import Netlink

extension MessageWriter {
  /// An expression under the kernel's name for it; `body` writes its attributes.
  mutating func expression(_ name: String, _ body: (inout MessageWriter) -> Void) {
    text(NFTA_EXPR_NAME, name)
    nested(NFTA_EXPR_DATA, body)
  }

  /// A list of expressions, as rules have it.
  mutating func expressions(
    _ key: some RawRepresentable<UInt32>, _ list: [Expression], _ anonymous: inout AnonymousNumbers
  ) throws(NotWritable) {
    let nested = beginNested(UInt16(key.rawValue))
    for expression in list { try single(NFTA_LIST_ELEM, expression, &anonymous) }
    endNested(nested)
  }

  /// One expression in an attribute of its own.
  mutating func single(
    _ key: some RawRepresentable<UInt32>, _ expression: Expression, _ anonymous: inout AnonymousNumbers
  ) throws(NotWritable) {
    let nested = beginNested(UInt16(key.rawValue))
    try encode(expression, &anonymous)
    endNested(nested)
  }

  private mutating func encode(_ value: Expression, _ anonymous: inout AnonymousNumbers) throws(NotWritable) {
    switch value {
    case .verdict(let verdict): self.verdict(verdict, &anonymous)
    case .immediate(let value, let to): immediate(value, to: to)
    case .compare(let comparison, let register, let value): compare(comparison, register, value)
    case .range(let register, let from, let through, let inverted):
      range(register, from: from, through: through, inverted: inverted)
    case .bitwise(let from, let to, let length, let mask, let xor):
      bitwise(from: from, to: to, length: length, mask: mask, xor: xor)
    case .shift(let direction, let from, let to, let length, let bits):
      shift(direction, from: from, to: to, length: length, bits: bits)
    case .bitwiseRegisters(let operation, let from, let other, let to, let length):
      bitwise(operation, from: from, with: other, to: to, length: length)
    case .byteOrder(let operation, let from, let to, let length, let size):
      byteOrder(operation, from: from, to: to, length: length, size: size)
    case .lookup(let set, let key, let to, let inverted):
      lookup(set, key: key, to: to, inverted: inverted, &anonymous)
    case .dynamicSet(let operation, let set, let key, let data, let timeout, let expressions):
      try dynamicSet(operation, set: set, key: key, data: data, timeout: timeout, expressions: expressions)
    case .object(let kind, let name): object(kind, name: name)
    case .objectMap(let set, let key): objectMap(set, key: key, &anonymous)
    case .inner(let type, let headerSize, let flags, let expressions):
      try inner(type: type, headerSize: headerSize, flags: flags, expressions: expressions)
    case .unknown(let name, _): throw NotWritable(what: "the expression \(name)")
    default:
      if !encodeLoad(value), !encodeState(value), !encodeStatement(value) { throw NotWritable(what: "\(value)") }
    }
  }

  private mutating func encodeLoad(_ value: Expression) -> Bool {
    switch value {
    case .payload(let base, let offset, let length, let to): payload(base, offset: offset, length: length, to: to)
    case .payloadSet(let base, let offset, let length, let from, let checksum):
      payloadSet(base, offset: offset, length: length, from: from, checksum: checksum)
    case .meta(let key, let to): meta(key, to: to)
    case .metaSet(let key, let from): metaSet(key, from: from)
    case .conntrack(let key, let direction, let to): conntrack(key, direction: direction, to: to, from: nil)
    case .conntrackSet(let key, let direction, let from): conntrack(key, direction: direction, to: nil, from: from)
    case .extensionHeader(let field, let to): extensionHeader(field, to: to, from: nil)
    case .extensionHeaderSet(let field, let from): extensionHeader(field, to: nil, from: from)
    case .extensionHeaderReset(let field): extensionHeader(field, to: nil, from: nil)
    case .routing(let key, let to): routing(key, to: to)
    case .fib(let result, let flags, let to): fib(result: result, flags: flags, to: to)
    case .socket(let key, let level, let to): socket(key: key, level: level, to: to)
    case .osFingerprint(let ttl, let flags, let to): osFingerprint(ttl: ttl, flags: flags, to: to)
    case .xfrm(let key, let direction, let spnum, let to): xfrm(key: key, direction: direction, number: spnum, to: to)
    case .tunnel(let key, let mode, let to): tunnel(key: key, mode: mode, to: to)
    case .numberGenerator(let kind, let modulus, let offset, let to):
      numberGenerator(kind, modulus: modulus, offset: offset, to: to)
    case .jenkinsHash(let from, let length, let modulus, let seed, let offset, let to):
      jenkinsHash(from: from, length: length, modulus: modulus, seed: seed, offset: offset, to: to)
    case .symmetricHash(let modulus, let offset, let to): symmetricHash(modulus: modulus, offset: offset, to: to)
    default: return false
    }
    return true
  }

  private mutating func encodeState(_ value: Expression) -> Bool {
    switch value {
    case .counter(let packets, let bytes): counter(packets: packets, bytes: bytes)
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      limit(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)
    case .quota(let bytes, let consumed, let inverted): quota(bytes: bytes, consumed: consumed, inverted: inverted)
    case .connectionLimit(let count, let inverted): connectionLimit(count: count, inverted: inverted)
    case .last(let milliseconds): last(milliseconds: milliseconds)
    default: return false
    }
    return true
  }

  private mutating func encodeStatement(_ value: Expression) -> Bool {
    switch value {
    case .log(let options): log(options)
    case .reject(let kind, let code): reject(kind: kind, code: code)
    case .nat(let translation): nat(translation)
    case .masquerade(let ports, let flags): masquerade(ports: ports, flags: flags)
    case .redirect(let ports, let flags): redirect(ports: ports, flags: flags)
    case .queue(let target, let flags): queue(target, flags: flags)
    case .noTrack: expression("notrack") { _ in }
    case .tproxy(let family, let address, let port): tproxy(family: family, address: address, port: port)
    case .synproxy(let mss, let scale, let flags): synproxy(mss: mss, windowScale: scale, flags: flags)
    case .duplicate(let address, let device): duplicate(address: address, device: device)
    case .forward(let device, let address, let family): forward(device: device, address: address, family: family)
    case .flowOffload(let table): flowOffload(table: table)
    default: return false
    }
    return true
  }
}

/// What can be read and not written.
struct NotWritable: Error {
  var what: String
}

/// The way back: the kernel's names and what reads each one's attributes.
enum ExpressionDecoder {
  /// Answers nil where attributes are missing or have values that the model does not know.
  typealias Decoder = @Sendable (Attributes) -> Expression?

  /// What most rules have comes first.
  private static let namedDecoders: [(name: String, decoder: Decoder)] = [
    ("cmp", compare), ("payload", payload), ("meta", meta), ("counter", counter), ("immediate", immediate),
    ("lookup", lookup), ("bitwise", bitwise), ("ct", conntrack), ("log", log), ("limit", limit), ("range", range),
    ("byteorder", byteOrder), ("exthdr", extensionHeader), ("rt", routing), ("fib", fib), ("socket", socket),
    ("osf", osFingerprint), ("xfrm", xfrm), ("tunnel", tunnel), ("numgen", numberGenerator), ("hash", hash),
    ("dynset", dynamicSet), ("objref", object), ("inner", inner), ("quota", quota), ("connlimit", connectionLimit),
    ("last", last), ("reject", reject), ("nat", nat), ("masq", masquerade), ("redir", redirect), ("queue", queue),
    ("notrack", { _ in .noTrack }), ("tproxy", tproxy), ("synproxy", synproxy), ("dup", duplicate), ("fwd", forward),
    ("flow_offload", flowOffload),
  ]

  /// Names are compared millions of times, so each stands here as one number.
  private static let decoders = namedDecoders.map { (name: number(of: $0.name), decoder: $0.decoder) }

  /// A name as the kernel sends it, with a zero byte after it; all are shorter than 16 bytes.
  private static func number(of name: String) -> UInt128 { name.utf8.reduce(0) { $0 << 8 | UInt128($1) } << 8 }

  /// A list, as rules have it.
  static func list(_ attributes: Attributes) -> [Expression] {
    var expressions: [Expression] = []
    expressions.reserveCapacity(attributes.count)
    for attribute in attributes { expressions.append(single(attribute.nested)) }
    return expressions
  }

  /// One expression's name and data.
  static func single(_ attributes: Attributes) -> Expression {
    let name = attributes.first(NFTA_EXPR_NAME)
    let data = attributes.first(NFTA_EXPR_DATA)
    if let number = name?.payload.wideNumber, let index = decoders.firstIndex(where: { $0.name == number }),
      let expression = decoders[index].decoder(data?.nested ?? .none)
    {
      return expression
    }
    return .unknown(name: name?.string ?? "", attributes: Array(data?.payload ?? .none))
  }
}
