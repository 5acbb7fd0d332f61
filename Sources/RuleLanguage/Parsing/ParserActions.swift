/// Statements that do something with the packet.
extension Parser {
  mutating func log() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    var log = LogSyntax()
    while true {
      if take("prefix") {
        log.prefix = try logPrefix()
      } else if take("group") {
        log.group = try number("a log group")
      } else if take("snaplen") {
        log.snapLength = try number("a number of bytes")
      } else if take("queue-threshold") {
        log.queueThreshold = try number("a number of packets")
      } else if take("level") {
        log.level = try name("a log level")
      } else if take("flags") {
        log.flags += try logFlags()
      } else {
        return .log(log)
      }
    }
  }

  /// Variables inside the quotes are replaced: `"$node: "`.
  private mutating func logPrefix() throws(SyntaxError) -> Word {
    if at(.dollar) { return try name("a prefix") }
    let prefix = try string("a prefix")
    guard prefix.text.contains("$") else { return prefix }
    var result = ""
    var rest = Substring(prefix.text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      let name = rest[rest.index(after: dollar)...].prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
      guard !name.isEmpty else {
        result += "$"
        rest = rest[rest.index(after: dollar)...]
        continue
      }
      guard let value = context.scopes[String(name)] else {
        throw SyntaxError("unknown variable '$\(name)' in the prefix", at: prefix.span)
      }
      switch value.kind {
      case .word(let text), .string(let text): result += text
      case .number(let number): result += String(number)
      default: throw SyntaxError("the variable '$\(name)' does not hold a text", at: prefix.span)
      }
      rest = rest[name.endIndex...]
    }
    return Word(result + rest, prefix.span)
  }

  /// `all`, `skuid`, `ether`, `ip options`, `tcp sequence,options`
  private mutating func logFlags() throws(SyntaxError) -> [Word] {
    let flag = try word("tcp, ip, skuid, ether or all")
    guard flag.text == "tcp" || flag.text == "ip" else { return [flag] }
    var flags: [Word] = []
    repeat {
      let detail = try word(flag.text == "tcp" ? "sequence or options" : "options")
      flags.append(Word("\(flag.text) \(detail.text)", flag.span.joined(detail.span)))
    } while take(.comma)
    return flags
  }

  mutating func reject() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    guard take("with") else { return .reject(RejectSyntax()) }
    let kind = try word("icmp, icmpv6, icmpx or tcp reset")
    if kind.text == "tcp" {
      try expect("reset")
      return .reject(RejectSyntax(kind: kind))
    }
    guard ["icmp", "icmpv6", "icmpx"].contains(kind.text) else {
      throw SyntaxError(
        "unexpected '\(kind.text)'", at: kind.span, hint: "expected icmp, icmpv6, icmpx or tcp reset")
    }
    _ = take("type")
    return .reject(RejectSyntax(kind: kind, code: try expression(.constant)))
  }

  mutating func queue() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    var flags: [Word] = []
    var target: ExpressionSyntax?
    while true {
      if take("num") {
        target = try expression(.constant)
      } else if take("to") {
        target = try expression(.argument)
      } else if take("flags") {
        flags += try wordList("bypass or fanout")
      } else if at("bypass") || at("fanout") {
        // An older form without `flags`, with or without commas.
        flags.append(try word("bypass or fanout"))
        _ = take(.comma)
      } else {
        return .queue(target: target, flags: flags)
      }
    }
  }

  /// `a, b, c`
  mutating func wordList(_ what: String) throws(SyntaxError) -> [Word] {
    var words = [try word(what)]
    while take(.comma) {
      skipNewlines()
      words.append(try word(what))
    }
    return words
  }

  mutating func duplicate() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    try expect("to")
    let to = try expression(.argument)
    return .duplicate(to: to, device: take("device") ? try expression(.argument) : nil)
  }

  mutating func forward() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    let family = try natFamily()
    try expect("to")
    let to = try expression(.argument)
    return .forward(family: family, to: to, device: take("device") ? try expression(.argument) : nil)
  }

  mutating func synproxy() throws(SyntaxError) -> StatementSyntax.Kind {
    if isWord(peek(), "name") { return try namedObject() }
    advance()
    return .synproxy(try synproxyValues())
  }

  mutating func synproxyValues() throws(SyntaxError) -> SynproxySyntax {
    var result = SynproxySyntax()
    while true {
      if take("mss") {
        result.mss = try number("a segment size")
      } else if take("wscale") {
        result.windowScale = try number("a window scale")
      } else if take("timestamp") {
        result.timestamp = true
      } else if take("sack-perm") {
        result.sackPermitted = true
      } else {
        return result
      }
    }
  }

  mutating func flowAdd() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    guard take("add") || take("offload") else { throw unexpected("'add'") }
    try expect(.at, "'@' and a flowtable's name")
    return .flowAdd(try name("a flowtable's name"))
  }

  mutating func resetOption() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    guard at("tcp"), isWord(peek(), "option") else { throw unexpected("'tcp option'") }
    return .resetOption(try selector())
  }

  mutating func xtables() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    let kind = try word("'match' or 'target'")
    return .xtables(kind: kind, name: try string("an extension's name"))
  }
}

// MARK: Sets that rules change

extension Parser {
  /// `add|update|delete @set { key [options] [: data] }`
  mutating func setUpdate() throws(SyntaxError) -> StatementSyntax.Kind {
    let operation = SetUpdateSyntax.Operation(rawValue: text(token))
    advance()
    guard let operation else { throw unexpected("add, update or delete") }
    let set = try setName()
    try expect(.openBrace, "'{'")
    skipNewlines()
    let element = try dynamicElement()
    skipNewlines()
    try expect(.closeBrace, "'}'")
    return .setUpdate(SetUpdateSyntax(operation: operation, set: set, element: element))
  }

  /// `set add key @set`, nft's form before 0.9.
  mutating func oldSetUpdate() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    guard token.kind == .word, let operation = SetUpdateSyntax.Operation(rawValue: text(token)) else {
      throw unexpected("add, update or delete")
    }
    advance()
    let element = try dynamicElement()
    return .setUpdate(SetUpdateSyntax(operation: operation, set: try setName(), element: element))
  }

  /// `meter name [size N] { key [timeout T] statement }`
  mutating func meter() throws(SyntaxError) -> StatementSyntax.Kind {
    advance()
    let name = try name("a meter's name")
    let size: UInt32? = take("size") ? try number("a number of elements") : nil
    try expect(.openBrace, "'{'")
    skipNewlines()
    let element = try dynamicElement()
    skipNewlines()
    try expect(.closeBrace, "'}'")
    return .meter(name: name, size: size, element)
  }

  private mutating func setName() throws(SyntaxError) -> Word {
    let start = token.start
    let reference = try setReference()
    guard case .setReference(let name) = reference.kind else {
      throw SyntaxError("expected '@' and a set's name", at: span(from: start))
    }
    return Word(name, reference.span)
  }
}
