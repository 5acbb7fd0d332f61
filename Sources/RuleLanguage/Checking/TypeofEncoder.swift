import Model

/// What nft leaves with a set declared with `typeof`, so that it can print the expression again: nested attributes of
/// type and length in one byte each (`nftnl_udata` in libnftnl/udata.h; the numbers are nft's own).
struct TypeofEncoder {
  let compiler: RuleCompiler

  private enum Kind: UInt32 {
    case payload = 7, extensionHeader = 8, meta = 9, socket = 10, osf = 11, conntrack = 12, concatenation = 13
    case hash = 24, routing = 25, fib = 26, xfrm = 27, numberGenerator = 23
  }

  /// Of a concatenation whose parts were given as types.
  static let untold: [UInt8] = [0, 4, 13, 0, 0, 0, 1, 0]
  /// Of a map's verdicts.
  static let verdict: [UInt8] = [0, 4, 1, 0, 0, 0, 1, 0]

  /// nil where nft has no form for it, so that the type's number must do.
  func encodeIfTold(_ syntax: ExpressionSyntax) -> [UInt8]? { try? encode(syntax) }

  func encode(_ syntax: ExpressionSyntax) throws(SyntaxError) -> [UInt8] {
    switch syntax.kind {
    case .concatenation(let parts):
      var nested: [UInt8] = []
      for (index, part) in parts.enumerated() { nested += attribute(UInt8(index), try encode(part)) }
      return expression(.concatenation, nested)
    case .selector(let selector): return try encode(selector)
    case .parenthesized(let inner): return try encode(inner)
    default: throw SyntaxError("the type of this cannot be told", at: syntax.span)
    }
  }

  private func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [type, UInt8(truncatingIfNeeded: value.count)] + value
  }

  private func number(_ type: UInt8, _ value: UInt32) -> [UInt8] {
    attribute(type, Array(Bytes(hostEndian: UInt64(value), width: 4)))
  }

  private func expression(_ kind: Kind, _ data: [UInt8]) -> [UInt8] {
    number(0, kind.rawValue) + attribute(1, data)
  }

  private func encode(_ selector: SelectorSyntax) throws(SyntaxError) -> [UInt8] {
    let found =
      switch selector.kind {
      case .header, .rawPayload, .inner: payload(selector.kind)
      case .tcpOption, .ipOption, .sctpChunk, .extensionHeader: option(selector.kind)
      case .meta(let word): expression(.meta, number(0, try key(word, .meta)))
      case .conntrack, .routing, .socket, .fib, .ipsec: try keyed(selector.kind)
      case .osFingerprint: expression(.osf, [])
      case .numberGenerator(let kind, let modulus, let offset):
        expression(.numberGenerator, number(0, kind.text == "random" ? 1 : 0) + number(1, modulus) + number(2, offset))
      case .symmetricHash(let modulus, let offset):
        // Its last two numbers are jhash's seed, and whether there is one. nft cannot list a jhash.
        expression(.hash, number(0, 1) + number(1, offset) + number(2, modulus) + number(3, 0) + number(4, 0))
      default: nil as [UInt8]?
      }
    guard let found else { throw SyntaxError("the type of this cannot be kept with a set", at: selector.span) }
    return found
  }

  /// - Parameter tunnel: the header whose packets are looked into.
  private func payload(_ selector: SelectorSyntax.Kind, in tunnel: HeaderProtocol? = nil) -> [UInt8]? {
    let inner = tunnel.map { number(5, $0.id.rawValue) } ?? []
    switch selector {
    case .header(let word, let name):
      if let index = OptionKind.ipv6.option(word.text) { return option(.ipv6, index, field: name) }
      guard let header = HeaderProtocol.named(word.text), let index = header.field(name.text),
        let field = header.fields[index].number
      else { return nil }
      let found = header.fields[index]
      // Where the type says nothing of the width, nft notes that too.
      let width = found.type == .integer ? number(4, UInt32(found.length)) : []
      return expression(.payload, number(0, header.id.rawValue) + number(1, field) + width + inner)
    case .rawPayload(let base, let offset, let length):
      if let port = HeaderField.port(base: base.text, offset: offset, length: length) {
        return payload(.header(Word("th", base.span), field: Word(port.name, base.span)))
      }
      let bases: [String: PayloadBase] = ["ll": .link, "nh": .network, "th": .transport, "ih": .inner]
      // nft counts its bases from 1.
      let place = number(2, (bases[base.text] ?? .link).rawValue + 1) + number(3, offset) + number(4, length)
      return expression(.payload, number(0, 0) + number(1, 0) + place)
    case .inner(let word, let selector):
      guard tunnel == nil, let header = HeaderProtocol.named(word.text) else { return nil }
      return payload(selector.kind, in: header)
    default: return nil
    }
  }

  private func keyed(_ selector: SelectorSyntax.Kind) throws(SyntaxError) -> [UInt8]? {
    switch selector {
    case .conntrack(let direction, let family, let word):
      let side: UInt32 = direction.map { $0.text == "original" ? 0 : 1 } ?? .max
      return expression(.conntrack, number(0, try key(Self.qualified(word, family), .conntrack)) + number(1, side))
    case .routing(let family, let word):
      return expression(.routing, number(0, try key(Self.qualified(word, family), .routing)))
    case .socket(let word, let level):
      return expression(.socket, number(0, try key(word, .socket)) + (level.map { number(1, $0) } ?? []))
    case .fib(let tuple, let result):
      let flags = tuple.reduce(UInt32(0)) { flags, word in
        flags | (FibFlag.allCases.first { $0.keyword == word.text }?.rawValue ?? 0)
      }
      return expression(.fib, number(0, KeyTable.fib[name: result.text]?.number ?? 1) + number(1, flags))
    case .ipsec(let direction, let spnum, let family, let word):
      let found = try key(Self.qualified(word, family), .xfrm)
      return expression(.xfrm, number(0, found) + number(1, spnum) + number(2, direction.text == "in" ? 0 : 1))
    default: return nil
    }
  }

  /// `ip saddr`: some keys are two words.
  private static func qualified(_ word: Word, _ family: Word?) -> Word {
    family.map { Word("\($0.text) \(word.text)", word.span) } ?? word
  }

  private func key(_ word: Word, _ table: KeyTable) throws(SyntaxError) -> UInt32 {
    guard let key = table[name: word.text] else { throw SyntaxError("unknown key \(word.text)", at: word.span) }
    return key.number
  }

  private func option(_ selector: SelectorSyntax.Kind) -> [UInt8]? {
    switch selector {
    case .tcpOption(let name, let field):
      let known = HeaderOption.tcpOptionAliases[name.text] ?? name.text
      return OptionKind.tcp.option(known).flatMap { option(.tcp, $0, field: field) }
    case .ipOption(let name, let field):
      return OptionKind.ipv4.option(name.text).flatMap { option(.ipv4, $0, field: field) }
    case .sctpChunk(let name, let field):
      return OptionKind.sctp.option(name.text).flatMap { option(.sctp, $0, field: field) }
    case .extensionHeader(let name):
      return OptionKind.ipv6.option(name.text).flatMap { option(.ipv6, $0, field: nil) }
    default: return nil
    }
  }

  /// - Parameter name: nil for whether it is there at all, which nft notes as the first field.
  private func option(_ kind: OptionKind, _ index: Int, field name: Word?) -> [UInt8]? {
    let option = kind.options[index]
    guard let found = name.map({ option.field($0.text) }) ?? 0, let field = option.fields[found].number else {
      return nil
    }
    let operation = kind == .ipv6 ? [] : number(2, kind.rawValue)
    return expression(
      .extensionHeader, number(1, field + kind.firstFieldNumber) + operation + number(0, option.number))
  }
}
