@testable import RuleLanguage

/// The tree in one line, every node in brackets, so that tests see how things were put together.
extension ExpressionSyntax {
  var tree: String {
    switch kind {
    case .word(let word): word
    case .number(let number): "#\(number)"
    case .string(let string): "\"\(string)\""
    case .setReference(let name): "@\(name)"
    case .catchAll: "*"
    case .selector(let selector): selector.tree
    case .concatenation(let parts): "[\(parts.map(\.tree).joined(separator: " . "))]"
    case .list(let parts): "[\(parts.map(\.tree).joined(separator: ", "))]"
    case .range(let low, let high): "[\(low.tree) - \(high.tree)]"
    case .prefix(let value, let length): "[\(value.tree) / \(length)]"
    case .binary(let operation, let left, let right): "[\(left.tree) \(operation.rawValue) \(right.tree)]"
    case .parenthesized(let inner): "(\(inner.tree))"
    case .set(let elements): "{\(elements.map(\.tree).joined(separator: ", "))}"
    case .map(let key, let map): "[\(key.tree) map \(map.tree)]"
    case .verdict(let verdict): verdict.tree
    }
  }
}

extension ElementSyntax {
  var tree: String {
    var text = key.tree
    if let timeout = options?.timeout { text += " timeout=\(timeout)" }
    if let expires = options?.expires { text += " expires=\(expires)" }
    if let comment = options?.comment { text += " comment=\(comment.text)" }
    for statement in options?.statements ?? [] { text += " \(statement.tree)" }
    return data.map { "\(text) : \($0.tree)" } ?? text
  }
}

extension VerdictSyntax {
  var tree: String {
    func tree(_ target: Target) -> String {
      switch target {
      case .name(let name): name.text
      case .anonymous(let rules): "{\(rules.map(\.tree).joined(separator: "; "))}"
      }
    }
    switch kind {
    case .accept: return "accept"
    case .drop: return "drop"
    case .continue: return "continue"
    case .return: return "return"
    case .jump(let target): return "jump \(tree(target))"
    case .goto(let target): return "goto \(tree(target))"
    }
  }
}

extension SelectorSyntax {
  var tree: String {
    func words(_ words: Word?...) -> String { words.compactMap { $0?.text }.joined(separator: " ") }
    let text =
      switch kind {
      case .header(let header, let field): words(header, field)
      case .rawPayload(let base, let offset, let length): "raw \(base.text) \(offset) \(length)"
      case .meta(let key): "meta \(key.text)"
      case .conntrack(let direction, let family, let key): "ct \(words(direction, family, key))"
      case .routing(let family, let key): "rt \(words(family, key))"
      case .fib(let tuple, let result): "fib \(tuple.map(\.text).joined(separator: ".")) \(result.text)"
      case .socket(let key, let level): "socket \(key.text)\(level.map { " \($0)" } ?? "")"
      case .osFingerprint(let ttl, let key): "osf \(words(ttl, key))"
      case .numberGenerator(let kind, let modulus, let offset): "numgen \(kind.text) \(modulus) \(offset)"
      case .jenkinsHash(let value, let modulus, let seed, let offset):
        "jhash \(value.tree) \(modulus) \(seed.map(String.init) ?? "-") \(offset)"
      case .symmetricHash(let modulus, let offset): "symhash \(modulus) \(offset)"
      case .ipsec(let direction, let number, let family, let key):
        "ipsec \(direction.text) \(number) \(words(family, key))"
      case .tunnel(let key): "tunnel \(key.text)"
      case .extensionHeader(let header): "exthdr \(header.text)"
      case .tcpOption(let name, let field): "tcp option \(words(name, field))"
      case .rawTCPOption(let type, let offset, let length): "tcp option raw \(type) \(offset) \(length)"
      case .ipOption(let name, let field): "ip option \(words(name, field))"
      case .sctpChunk(let name, let field): "sctp chunk \(words(name, field))"
      case .dccpOption(let name): "dccp option \(name.text)"
      case .inner(let tunnel, let selector): "\(tunnel.text) \(selector.tree)"
      }
    return "<\(text)>"
  }
}

extension RuleSyntax {
  var tree: String {
    (statements.map(\.tree) + (comment.map { ["comment=\($0.text)"] } ?? [])).joined(separator: " ")
  }
}

extension StatementSyntax {
  var tree: String {
    switch kind {
    case .match(let match):
      let sign = match.operator == .implicit ? "~" : match.operator.rawValue
      return "\(match.left.tree) \(sign) \(match.right.tree)\(match.mask.map { " mask \($0.tree)" } ?? "")"
    case .verdictMap(let key, let map): return "\(key.tree) vmap \(map.tree)"
    case .verdict(let verdict): return verdict.tree
    case .assign(let selector, let value): return "\(selector.tree) := \(value.tree)"
    case .counter(let packets, let bytes): return "counter(\(packets),\(bytes))"
    case .limit(let limit):
      return "limit(\(limit.isInverted ? "over " : "")\(limit.rate) \(limit.unit)/\(limit.seconds)"
        + "\(limit.burst.map { " burst \($0)" } ?? ""))"
    case .quota(let bytes, let used, let inverted): return "quota(\(inverted ? "over " : "")\(bytes) used \(used))"
    case .connectionLimit(let count, let inverted): return "connections(\(inverted ? "over " : "")\(count))"
    case .last(let used): return "last(\(used.map(String.init) ?? "never"))"
    case .object(let kind, let name): return "\(kind.text) name \(name.tree)"
    case .log(let log): return log.tree
    case .reject(let reject): return "reject(\(reject.kind?.text ?? "")\(reject.code.map { " \($0.tree)" } ?? ""))"
    case .nat(let nat): return nat.tree
    case .noTrack: return "notrack"
    case .queue(let target, let flags):
      return "queue(\(([target?.tree] + flags.map(\.text)).compactMap(\.self).joined(separator: " ")))"
    case .duplicate(let to, let device): return "dup(\(to.tree)\(device.map { " \($0.tree)" } ?? ""))"
    case .forward(let family, let to, let device):
      return "fwd(\([family?.text, to.tree, device?.tree].compactMap(\.self).joined(separator: " ")))"
    case .tproxy(let family, let address, let port):
      return "tproxy(\(family?.text ?? "-") \(address?.tree ?? "-") \(port?.tree ?? "-"))"
    case .synproxy(let synproxy):
      return
        "synproxy(\(synproxy.mss ?? 0) \(synproxy.windowScale ?? 0) \(synproxy.timestamp) \(synproxy.sackPermitted))"
    case .flowAdd(let name): return "flow @\(name.text)"
    case .setUpdate(let update): return "\(update.operation.rawValue) @\(update.set.text) {\(update.element.tree)}"
    case .meter(let name, let size, let element):
      return "meter \(name.text)\(size.map { " \($0)" } ?? "") {\(element.tree)}"
    case .resetOption(let selector): return "reset \(selector.tree)"
    case .xtables(let kind, let name): return "xt \(kind.text) \(name.text)"
    }
  }
}

extension LogSyntax {
  var tree: String {
    let values: [String?] = [
      prefix.map { "prefix=\($0.text)" }, group.map { "group=\($0)" }, snapLength.map { "snaplen=\($0)" },
      queueThreshold.map { "threshold=\($0)" }, level.map { "level=\($0.text)" },
      flags.isEmpty ? nil : "flags=\(flags.map(\.text).joined(separator: ","))",
    ]
    return "log(\(values.compactMap(\.self).joined(separator: " ")))"
  }
}

extension NatSyntax {
  var tree: String {
    let values: [String?] = [
      family?.text, shape == .plain ? nil : "\(shape)", address?.tree, port.map { ":\($0.tree)" },
      flags.isEmpty ? nil : flags.map(\.text).joined(separator: ","),
    ]
    return "\(kind.rawValue)(\(values.compactMap(\.self).joined(separator: " ")))"
  }
}
