/// A table's block is read twice: declarations first, so that rules may refer to what stands below them, then rules.
enum TablePass { case declarations, rules }

extension Parser {
  /// Behind the opening brace, through the closing one.
  mutating func tableBlock(_ reference: TableSyntax.Reference) throws(SyntaxError) {
    let start = token.start
    let scopes = context.scopes
    context.scopes.open()
    var hasRules = false
    defersElements = true
    defer { defersElements = false }
    try tableItems(reference, .declarations, until: .closeBrace, &hasRules)
    emitPendingElements()
    if hasRules {
      context.scopes = scopes
      context.scopes.open()
      move(to: start)
      try tableItems(reference, .rules, until: .closeBrace, &hasRules)
    }
    context.scopes = scopes
    try expect(.closeBrace, "'}'")
  }

  private mutating func tableItems(
    _ reference: TableSyntax.Reference, _ pass: TablePass, until end: Token.Kind, _ hasRules: inout Bool
  ) throws(SyntaxError) {
    skipSeparators()
    while !at(end), !hasTooManyErrors {
      if at(.end) { throw unexpected("'}' at the end of the table") }
      let start = token.start
      do throws(SyntaxError) {
        try tableItem(reference, pass, &hasRules)
      } catch {
        recover(from: start, error)
        if end == .end, at(.closeBrace) { advance() }
      }
      skipSeparators()
    }
  }

  private mutating func tableItem(
    _ reference: TableSyntax.Reference, _ pass: TablePass, _ hasRules: inout Bool
  ) throws(SyntaxError) {
    if try definition() { return }
    if at("include") {
      var found = hasRules
      try include { (parser) throws(SyntaxError) in
        parser.defersElements = true
        try parser.tableItems(reference, pass, until: .end, &found)
        parser.emitPendingElements()
      }
      hasRules = found
      return
    }
    let start = token.start
    if at("chain") {
      advance()
      try chainInTable(reference, pass, start, &hasRules)
      return
    }
    guard pass == .declarations else {
      lexer.skipStatement(from: start)
      advance()
      return
    }
    try declaration(reference, start)
  }

  private mutating func declaration(_ reference: TableSyntax.Reference, _ start: Int) throws(SyntaxError) {
    if at("set") || at("map") {
      let isMap = at("map")
      advance()
      try set(.add, isMap: isMap, in: reference, start)
    } else if take("flowtable") {
      try flowtable(.add, in: reference, start)
    } else if take("flags") {
      let flags = try wordList("dormant, owner or persist")
      try endStatement()
      emit(CommandSyntax(.add, .table(TableSyntax(reference: reference, flags: flags)), span(from: start)))
    } else if take("comment") {
      let comment = try string("a comment")
      try endStatement()
      emit(CommandSyntax(.add, .table(TableSyntax(reference: reference, comment: comment)), span(from: start)))
    } else if let kind = objectKind() {
      try readObjectKind(kind)
      try object(.add, kind, in: reference, start)
    } else {
      throw unexpected("chain, set, map, flowtable, an object, flags, comment or '}'")
    }
  }
}

// MARK: Chains

extension Parser {
  /// `add chain table name [{ … }]`
  mutating func chain(
    _ verb: CommandSyntax.Verb, in reference: TableSyntax.Reference, _ start: Int
  ) throws(SyntaxError) {
    var chain = ChainSyntax(name: try name("a chain's name"), span: span(from: start))
    guard take(.openBrace) else {
      try endStatement()
      emit(CommandSyntax(verb, .chain(reference, chain), span(from: start)))
      return
    }
    let body = token.start
    let scopes = context.scopes
    defer { context.scopes = scopes }
    var hasRules = false
    context.scopes.open()
    try chainItems(&chain, in: reference, .declarations, until: .closeBrace, &hasRules)
    emit(CommandSyntax(verb, .chain(reference, chain), chain.span))
    if hasRules {
      move(to: body)
      context.scopes = scopes
      context.scopes.open()
      try chainItems(&chain, in: reference, .rules, until: .closeBrace, &hasRules)
    }
    try expect(.closeBrace, "'}'")
    try endStatement()
  }

  fileprivate mutating func chainInTable(
    _ reference: TableSyntax.Reference, _ pass: TablePass, _ start: Int, _ hasRules: inout Bool
  ) throws(SyntaxError) {
    var chain = ChainSyntax(name: try name("a chain's name"), span: span(from: start))
    if take(.openBrace) {
      let scopes = context.scopes
      context.scopes.open()
      defer { context.scopes = scopes }
      try chainItems(&chain, in: reference, pass, until: .closeBrace, &hasRules)
      try expect(.closeBrace, "'}'")
    }
    try endStatement()
    if pass == .declarations { emit(CommandSyntax(.add, .chain(reference, chain), chain.span)) }
  }

  private mutating func chainItems(
    _ chain: inout ChainSyntax, in reference: TableSyntax.Reference, _ pass: TablePass, until end: Token.Kind,
    _ hasRules: inout Bool
  ) throws(SyntaxError) {
    skipSeparators()
    while !at(end), !hasTooManyErrors {
      if at(.end) { throw unexpected("'}' at the end of the chain") }
      let start = token.start
      do throws(SyntaxError) {
        try chainItem(&chain, in: reference, pass, &hasRules)
      } catch {
        recover(from: start, error)
        if end == .end, at(.closeBrace) { advance() }
      }
      skipSeparators()
    }
  }

  private mutating func chainItem(
    _ chain: inout ChainSyntax, in reference: TableSyntax.Reference, _ pass: TablePass, _ hasRules: inout Bool
  ) throws(SyntaxError) {
    if try definition() { return }
    if at("include") {
      var copy = chain
      var found = hasRules
      try include { (parser) throws(SyntaxError) in
        try parser.chainItems(&copy, in: reference, pass, until: .end, &found)
      }
      chain = copy
      hasRules = found
      return
    }
    let start = token.start
    if try chainOption(&chain) {
      try endStatement()
      return
    }
    guard pass == .rules else {
      hasRules = true
      lexer.skipStatement(from: start)
      advance()
      return
    }
    let rule = try rule()
    emit(CommandSyntax(.add, .rule(reference, chain: chain.name, nil, rule), rule.span))
  }

  /// false if a rule is next.
  private mutating func chainOption(_ chain: inout ChainSyntax) throws(SyntaxError) -> Bool {
    if at("type") {
      chain.hook = try hook()
    } else if take("policy") {
      chain.policy = try name("accept or drop")
    } else if at("flags") {
      advance()
      chain.flags += try wordList("offload")
    } else if take("comment") {
      chain.comment = try string("a comment")
    } else if at("devices"), chain.hook != nil {
      chain.hook?.devices += try devices()
    } else {
      return false
    }
    return true
  }

  /// `type filter hook input [device X] priority P`
  private mutating func hook() throws(SyntaxError) -> ChainSyntax.Hook {
    let start = token.start
    advance()
    let type = try word("filter, nat or route")
    try expect("hook")
    let hook = try word("a hook")
    var names: [Word] = []
    if at("device") || at("devices") { names = try devices() }
    try expect("priority")
    let priority = try priority()
    return ChainSyntax.Hook(type: type, hook: hook, devices: names, priority: priority, span: span(from: start))
  }

  /// `device "eth0"` or `devices = { "eth0", $more }`
  mutating func devices() throws(SyntaxError) -> [Word] {
    if take("device") { return [try name("a device's name")] }
    try expect("devices")
    try expect(.assign, "'='")
    let value = at(.dollar) ? try variable() : try setLiteral(.constant)
    guard case .set(let elements) = value.kind else { return [try device(value)] }
    return try elements.map { (element) throws(SyntaxError) in try device(element.key) }
  }

  private func device(_ value: ExpressionSyntax) throws(SyntaxError) -> Word {
    switch value.kind {
    case .word(let name), .string(let name): return Word(name, value.span)
    default: throw SyntaxError("expected a device's name", at: value.span)
    }
  }

  /// `filter`, `-10`, `filter + 10`, `$prio`
  mutating func priority() throws(SyntaxError) -> PrioritySyntax {
    let start = token.start
    var result = PrioritySyntax(name: nil, offset: 0, span: span(token))
    if at(.number) || at(.dash) {
      result.offset = try signedNumber()
    } else {
      let name = try name("a priority")
      if let number = Int32(name.text) { result.offset = number } else { result.name = name }
    }
    if at(.plus) || at(.dash) {
      let isNegative = at(.dash)
      advance()
      let amount: UInt16 = try number("a number")
      result.offset += isNegative ? -Int32(amount) : Int32(amount)
    }
    result.span = span(from: start)
    return result
  }

  private mutating func signedNumber() throws(SyntaxError) -> Int32 {
    let start = token.start
    let isNegative = take(.dash)
    let magnitude: UInt32 = try number("a priority")
    guard let value = Int32(exactly: isNegative ? -Int64(magnitude) : Int64(magnitude)), abs(Int64(value)) < 1 << 30
    else {
      throw SyntaxError("the priority is out of range", at: span(from: start))
    }
    return value
  }
}
