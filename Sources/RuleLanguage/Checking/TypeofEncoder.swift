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
    switch selector.kind {
    case .header(let word, let name):
      if let index = OptionKind.ipv6.option(word.text) {
        let option = OptionKind.ipv6.options[index]
        return expression(.extensionHeader, self.option(.ipv6, option, option.field(name.text)))
      }
      guard let header = HeaderProtocol.named(word.text), let field = header.field(name.text) else { break }
      let found = header.fields[field]
      // Where the type says nothing of the width, nft notes that too.
      let width = found.type == .integer ? number(4, UInt32(found.length)) : []
      return expression(.payload, number(0, header.id.rawValue) + number(1, found.number) + width)
    case .rawPayload(let base, let offset, let length):
      let bases: [String: PayloadBase] = ["ll": .link, "nh": .network, "th": .transport, "ih": .inner]
      // nft counts its bases from 1.
      let place = number(2, (bases[base.text] ?? .link).rawValue + 1) + number(3, offset) + number(4, length)
      return expression(.payload, number(0, 0) + number(1, 0) + place)
    case .meta(let word):
      return expression(.meta, number(0, try key(word, .meta)))
    case .conntrack(let direction, let family, let word):
      let name = family.map { "\($0.text) \(word.text)" } ?? word.text
      var data = number(0, try key(Word(name, word.span), .conntrack))
      data += number(1, direction.map { $0.text == "original" ? 0 : 1 } ?? .max)
      return expression(.conntrack, data)
    case .routing(let family, let word):
      let name = family.map { "\($0.text) \(word.text)" } ?? word.text
      return expression(.routing, number(0, try key(Word(name, word.span), .routing)))
    case .socket(let word, let level):
      return expression(.socket, number(0, try key(word, .socket)) + number(1, level ?? 0))
    case .osFingerprint: return expression(.osf, [])
    case .tcpOption(let name, let field?):
      let known = HeaderOption.tcpOptionAliases[name.text] ?? name.text
      guard let index = OptionKind.tcp.option(known) else { break }
      let option = OptionKind.tcp.options[index]
      return expression(.extensionHeader, self.option(.tcp, option, option.field(field.text)))
    case .ipOption(let name, let field?):
      guard let index = OptionKind.ipv4.option(name.text) else { break }
      let option = OptionKind.ipv4.options[index]
      return expression(.extensionHeader, self.option(.ipv4, option, option.field(field.text)))
    case .sctpChunk(let name, let field?):
      guard let index = OptionKind.sctp.option(name.text) else { break }
      let option = OptionKind.sctp.options[index]
      return expression(.extensionHeader, self.option(.sctp, option, option.field(field.text)))
    case .fib(let tuple, let result):
      let flags = tuple.reduce(UInt32(0)) { flags, word in
        flags | (FibFlag.allCases.first { $0.keyword == word.text }?.rawValue ?? 0)
      }
      return expression(.fib, number(0, KeyTable.fib[name: result.text]?.number ?? 1) + number(1, flags))
    case .ipsec(let direction, let spnum, let family, let word):
      let name = family.map { "\($0.text) \(word.text)" } ?? word.text
      let found = try key(Word(name, word.span), .xfrm)
      return expression(
        .xfrm, number(0, found) + number(1, spnum) + number(2, direction.text == "in" ? 0 : 1))
    case .numberGenerator(let kind, let modulus, let offset):
      return expression(
        .numberGenerator, number(0, kind.text == "random" ? 1 : 0) + number(1, modulus) + number(2, offset))
    default: break
    }
    throw SyntaxError("the type of this cannot be kept with a set", at: selector.span)
  }

  private func key(_ word: Word, _ table: KeyTable) throws(SyntaxError) -> UInt32 {
    guard let key = table[name: word.text] else { throw SyntaxError("unknown key \(word.text)", at: word.span) }
    return key.number
  }

  private func option(_ kind: OptionKind, _ option: HeaderOption, _ field: Int?) -> [UInt8] {
    number(0, option.number) + number(1, UInt32((field ?? 0) + 1)) + number(2, kind.rawValue) + number(3, 0)
  }
}
