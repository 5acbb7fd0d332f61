extension Parser {
  /// Statements up to the end of the line, a semicolon or the closing brace; the end itself is read too.
  mutating func rule() throws(SyntaxError) -> RuleSyntax {
    let start = token.start
    var statements: [StatementSyntax] = []
    statements.reserveCapacity(4)
    var comment: Word?
    while !isAtStatementEnd {
      if at("comment") {
        advance()
        comment = try string("a comment")
        break
      }
      statements.append(try statement())
    }
    let place = span(from: start)
    if statements.isEmpty { throw unexpected("a statement") }
    try endStatement()
    return RuleSyntax(statements: statements, comment: comment, span: place)
  }

  mutating func statement() throws(SyntaxError) -> StatementSyntax {
    let start = token.start
    let kind = try statementKind()
    return StatementSyntax(kind, span(from: start))
  }

  private mutating func statementKind() throws(SyntaxError) -> StatementSyntax.Kind {
    guard token.kind == .word, let leading = LeadingWord(text(token)) else {
      if at(.at) || at(.openParenthesis) || at(.dollar) || at(.openBrace) { return try matchOrAssignment() }
      throw unexpected("a statement")
    }
    switch leading {
    case .accept, .drop, .continue, .return, .jump, .goto:
      guard let verdict = try verdict(leading) else { throw unexpected("a verdict") }
      return .verdict(verdict)
    case .counter, .limit, .quota, .last:
      guard let statement = try statefulStatement(leading) else { throw unexpected("a statement") }
      return statement.kind
    case .ct where isWord(peek(), "count"):
      guard let statement = try statefulStatement(leading) else { throw unexpected("a statement") }
      return statement.kind
    case .log: return try log()
    case .reject: return try reject()
    case .snat, .dnat: return try addressTranslation()
    case .masquerade, .redirect: return try portTranslation()
    case .notrack:
      advance()
      return .noTrack
    case .queue: return try queue()
    case .dup: return try duplicate()
    case .fwd: return try forward()
    case .tproxy: return try tproxy()
    case .synproxy: return try synproxy()
    case .flow: return try flowAdd()
    case .add, .update, .delete: return try setUpdate()
    case .set: return try oldSetUpdate()
    case .meter: return try meter()
    case .reset: return try resetOption()
    case .xt: return try xtables()
    case .tunnel where isWord(peek(), "name"): return try namedObject()
    case .comment: throw unexpected("a statement")
    default: return try matchOrAssignment()
    }
  }

  // MARK: Matches

  private mutating func matchOrAssignment() throws(SyntaxError) -> StatementSyntax.Kind {
    let left = try expression(.selector)
    if at("vmap") {
      advance()
      return .verdictMap(key: left, try mapping())
    }
    if at("set"), case .selector(let selector) = left.kind {
      advance()
      return .assign(selector, try expression(.argument, allowsList: true))
    }
    let comparison = matchOperator()
    if isAtStatementEnd {
      throw unexpected(comparison == .implicit ? "a comparison, a value, 'set' or 'vmap'" : "a value")
    }
    let right = try expression(.constant, allowsList: true)
    let mask = take(.slash) ? try expression(.constant, allowsList: true) : nil
    return .match(MatchSyntax(left: left, operator: comparison, right: right, mask: mask))
  }

  private mutating func matchOperator() -> MatchSyntax.Operator {
    let result: MatchSyntax.Operator
    switch token.kind {
    case .equal: result = .equal
    case .notEqual: result = .notEqual
    case .less: result = .less
    case .lessOrEqual: result = .lessOrEqual
    case .greater: result = .greater
    case .greaterOrEqual: result = .greaterOrEqual
    case .not: result = .not
    case .word where token.end - token.start <= 3:
      if at("eq") {
        result = .equal
      } else if at("ne") {
        result = .notEqual
      } else if at("lt") {
        result = .less
      } else if at("le") {
        result = .lessOrEqual
      } else if at("gt") {
        result = .greater
      } else if at("ge") {
        result = .greaterOrEqual
      } else if at("not") {
        result = .not
      } else {
        return .implicit
      }
    default: return .implicit
    }
    advance()
    return result
  }

  // MARK: Verdicts

  /// nil if none is next.
  private mutating func verdict(_ leading: LeadingWord) throws(SyntaxError) -> VerdictSyntax? {
    let start = token.start
    guard leading == .jump || leading == .goto, peek().kind == .openBrace else { return try namedVerdict(leading) }
    advance()
    let rules = try nested { (parser) throws(SyntaxError) in try parser.anonymousChain() }
    return VerdictSyntax(leading == .jump ? .jump(.anonymous(rules)) : .goto(.anonymous(rules)), span(from: start))
  }

  /// A verdict that an element can have: jumps go to named chains alone. nil if none is next.
  mutating func namedVerdict(_ leading: LeadingWord?) throws(SyntaxError) -> VerdictSyntax? {
    let start = token.start
    let kind: VerdictSyntax.Kind
    switch leading {
    case .accept: kind = .accept
    case .drop: kind = .drop
    case .continue: kind = .continue
    case .return: kind = .return
    case .jump, .goto:
      advance()
      let chain = try name("a chain's name")
      return VerdictSyntax(leading == .jump ? .jump(.name(chain)) : .goto(.name(chain)), span(from: start))
    default: return nil
    }
    advance()
    return VerdictSyntax(kind, span(from: start))
  }

  private mutating func anonymousChain() throws(SyntaxError) -> [RuleSyntax] {
    try expect(.openBrace, "'{'")
    var rules: [RuleSyntax] = []
    skipSeparators()
    while !at(.closeBrace) {
      if at(.end) { throw unexpected("'}'") }
      rules.append(try rule())
      skipSeparators()
    }
    advance()
    return rules
  }
}
