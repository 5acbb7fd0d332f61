import Model

extension Parser {
  /// Reads one source to its end.
  /// - Returns: the context with the source's variables and the errors found so far.
  static func read(
    _ source: RuleSource, in context: Context, emit: @escaping (CommandSyntax) -> Void
  ) -> Context {
    let number = context.sources.open(source)
    var parser = Parser(source: number, context: context, emit: emit)
    parser.commands()
    return parser.context
  }

  mutating func commands() {
    skipSeparators()
    while !at(.end), !hasTooManyErrors {
      let start = token.start
      do throws(SyntaxError) {
        try command()
      } catch {
        recover(from: start, error)
        if at(.closeBrace) { advance() }
      }
      skipSeparators()
    }
  }

  private mutating func command() throws(SyntaxError) {
    if try definition() { return }
    if at("include") {
      try include { $0.commands() }
      return
    }
    let start = token.start
    guard token.kind == .word else { throw unexpected("a command such as table, add, define or include") }
    var verb = CommandSyntax.Verb.add
    if let written = CommandSyntax.Verb(rawValue: text(token)) {
      verb = written
      advance()
    }
    switch verb {
    case .add, .create: try addition(verb, start)
    case .insert, .replace: try rulePlacement(verb, start)
    case .delete, .destroy: try deletion(verb, start)
    case .flush: try flush(start)
    case .rename: try rename(start)
    case .list, .reset: try ignored(verb, start)
    }
  }

  /// `list` and `reset` show or count: there is nothing to keep a node by in them.
  private mutating func ignored(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    let subject = try word("what to \(verb.rawValue)")
    lexer.skipStatement(from: token.start)
    advance()
    emit(CommandSyntax(verb, .other(subject), span(from: start)))
  }

  // MARK: References

  func family(_ token: Token) -> Family? {
    token.kind == .word ? Family(keyword: text(token)) : nil
  }

  /// `[family] table`; the family is `ip` if none is written.
  mutating func tableReference() throws(SyntaxError) -> TableSyntax.Reference {
    var family = Family.ipv4
    if let written = self.family(token) {
      let next = peek()
      if next.kind == .word || next.kind == .string || next.kind == .dollar || next.kind == .number {
        advance()
        family = written
      }
    }
    return TableSyntax.Reference(family: family, name: try name("a table's name"))
  }

  private mutating func objectName(_ what: String) throws(SyntaxError) -> Word {
    if at("handle"), peek().kind == .number {
      throw SyntaxError(
        "handles are the kernel's own numbers", at: span(token), hint: "name the \(what) instead")
    }
    return try name("a \(what)'s name")
  }

  // MARK: add, create

  private mutating func addition(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    let subject = text(token)
    switch subject {
    case "table":
      advance()
      try table(verb, start)
    case "chain":
      advance()
      let reference = try tableReference()
      try chain(verb, in: reference, start)
    case "rule":
      advance()
      try rulePlacement(verb, start)
    case "set", "map":
      advance()
      try set(verb, isMap: subject == "map", in: try tableReference(), start)
    case "element":
      advance()
      try elementCommand(verb, start)
    case "flowtable":
      advance()
      try flowtable(verb, in: try tableReference(), start)
    default:
      if let kind = objectKind() {
        try readObjectKind(kind)
        try object(verb, kind, in: try tableReference(), start)
      } else {
        // nft takes `add t c …` for a rule, too.
        guard token.start > start || family(token) != nil else {
          throw unexpected("a command such as table, add, define or include")
        }
        try rulePlacement(verb, start)
      }
    }
  }

  private mutating func table(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    let reference = try tableReference()
    emit(CommandSyntax(verb, .table(TableSyntax(reference: reference)), span(from: start)))
    if take(.openBrace) { try tableBlock(reference) }
    try endStatement()
  }

  private mutating func elementCommand(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    let reference = try tableReference()
    let set = try objectName("set")
    try emitElements(verb, set, in: reference, start)
    try endStatement()
  }

  /// A literal goes on in chunks; a variable has them all at once.
  mutating func emitElements(
    _ verb: CommandSyntax.Verb, _ set: Word, in reference: TableSyntax.Reference, _ start: Int
  ) throws(SyntaxError) {
    let place = span(from: start)
    if at(.dollar) {
      let value = try variable()
      guard case .set(let elements) = value.kind else {
        throw SyntaxError("the variable does not hold elements", at: value.span, hint: "expected { … }")
      }
      emit(CommandSyntax(verb, .elements(reference, set: set, elements), place))
      return
    }
    let emit = emit
    try elements(.constant) { chunk in
      emit(CommandSyntax(verb, .elements(reference, set: set, chunk), place))
    }
  }

  // MARK: Rules

  /// `add|insert|replace|create [rule] table chain [handle|position|index N] statements`
  private mutating func rulePlacement(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    _ = take("rule")
    let reference = try tableReference()
    let chain = try objectName("chain")
    let position = try rulePosition()
    let rule = try rule()
    emit(CommandSyntax(verb, .rule(reference, chain: chain, position, rule), span(from: start)))
  }

  private mutating func rulePosition() throws(SyntaxError) -> RulePositionSyntax? {
    guard token.kind == .word, let kind = RulePositionSyntax.Kind(rawValue: text(token)) else { return nil }
    let start = token.start
    advance()
    let number: UInt64 = try number("a rule's number")
    return RulePositionSyntax(kind: kind, number: number, span: span(from: start))
  }

  // MARK: delete, flush, rename

  private mutating func deletion(_ verb: CommandSyntax.Verb, _ start: Int) throws(SyntaxError) {
    let subject = try subjectToDelete(start)
    try endStatement()
    emit(CommandSyntax(verb, subject, span(from: start)))
  }

  private mutating func subjectToDelete(_ start: Int) throws(SyntaxError) -> CommandSyntax.Subject {
    if let kind = objectKind(), !isWord(token, "set") {
      try readObjectKind(kind)
      let reference = try tableReference()
      let name = try objectName("object")
      return .object(reference, ObjectSyntax(kind: kind, name: name, body: .absent, span: name.span))
    }
    let subject = try word("table, chain, rule, set, map, element, flowtable or an object")
    if subject.text == "table" {
      if at("handle") { _ = try objectName("table") }
      return .table(TableSyntax(reference: try tableReference()))
    }
    let reference = try tableReference()
    switch subject.text {
    case "chain":
      let name = try objectName("chain")
      return .chain(reference, ChainSyntax(name: name, span: name.span))
    case "rule":
      let chain = try objectName("chain")
      return .rule(reference, chain: chain, try rulePosition(), nil)
    case "set", "map", "meter":
      let name = try objectName("set")
      return .set(reference, SetSyntax(name: name, isMap: subject.text == "map", span: name.span))
    case "flowtable":
      let name = try objectName("flowtable")
      return .flowtable(reference, FlowtableSyntax(name: name, span: name.span))
    case "element":
      let set = try objectName("set")
      let value = at(.dollar) ? try variable() : try setLiteral(.constant)
      guard case .set(let elements) = value.kind else {
        throw SyntaxError("the variable does not hold elements", at: value.span, hint: "expected { … }")
      }
      return .elements(reference, set: set, elements)
    default:
      throw SyntaxError(
        "unexpected '\(subject.text)'", at: subject.span,
        hint: "expected table, chain, rule, set, map, element, flowtable or an object")
    }
  }

  private mutating func flush(_ start: Int) throws(SyntaxError) {
    let what = try word("ruleset, table, chain, set, map or meter")
    let subject: CommandSyntax.Subject
    switch what.text {
    case "ruleset":
      let family = family(token)
      if family != nil { advance() }
      subject = .ruleset(family)
    case "table": subject = .table(TableSyntax(reference: try tableReference()))
    case "chain":
      let reference = try tableReference()
      let name = try objectName("chain")
      subject = .chain(reference, ChainSyntax(name: name, span: name.span))
    case "set", "map", "meter":
      let reference = try tableReference()
      let name = try objectName("set")
      subject = .set(reference, SetSyntax(name: name, isMap: what.text == "map", span: name.span))
    default:
      throw SyntaxError(
        "unexpected '\(what.text)'", at: what.span, hint: "expected ruleset, table, chain, set, map or meter")
    }
    try endStatement()
    emit(CommandSyntax(.flush, subject, span(from: start)))
  }

  private mutating func rename(_ start: Int) throws(SyntaxError) {
    try expect("chain")
    let reference = try tableReference()
    let chain = try objectName("chain")
    let name = try objectName("chain")
    try endStatement()
    emit(CommandSyntax(.rename, .newChainName(reference, chain: chain, name: name), span(from: start)))
  }
}
