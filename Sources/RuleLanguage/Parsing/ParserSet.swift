/// Elements that were passed over, and what is needed to read them later.
struct PendingElements {
  var place: Int
  var set: Word
  var reference: TableSyntax.Reference
  /// Variables as they were there.
  var scopes: VariableScopes
}

extension Parser {
  /// Behind `set` or `map` and the table: the name and the block. The elements go out after the declaration, wherever
  /// in the block they stand.
  mutating func set(
    _ verb: CommandSyntax.Verb, isMap: Bool, in reference: TableSyntax.Reference, _ start: Int
  ) throws(SyntaxError) {
    let what = isMap ? "map" : "set"
    var set = SetSyntax(name: try name("a \(what)'s name"), isMap: isMap, span: span(from: start))
    var elementPlaces: [Int] = []
    try expect(.openBrace, "'{' and the \(what)'s type")
    skipSeparators()
    while !at(.closeBrace) {
      if at("elements") {
        advance()
        try expect(.assign, "'='")
        elementPlaces.append(token.start)
        lexer.skipStatement(from: token.start)
        advance()
      } else {
        try setItem(&set)
      }
      try endStatement()
      skipSeparators()
    }
    advance()
    try endStatement()
    emit(CommandSyntax(verb, .set(reference, set), set.span))
    for place in elementPlaces {
      pendingElements.append(
        PendingElements(place: place, set: set.name, reference: reference, scopes: context.scopes))
    }
    if !defersElements { emitPendingElements() }
  }

  /// Elements go out after all declarations of their table's block: they may name objects that stand below them.
  mutating func emitPendingElements() {
    let end = (lexer.position, token, previousEnd, context.scopes)
    for elements in pendingElements {
      move(to: elements.place)
      context.scopes = elements.scopes
      do throws(SyntaxError) {
        try emitElements(.add, elements.set, in: elements.reference, elements.place)
        guard isAtStatementEnd else { throw unexpected("the end of the elements") }
      } catch {
        record(error)
      }
    }
    pendingElements = []
    (lexer.position, token, previousEnd, context.scopes) = end
  }

  private mutating func setItem(_ set: inout SetSyntax) throws(SyntaxError) {
    switch token.kind == .word ? text(token) : "" {
    case "type", "typeof": try setType(&set)
    case "flags":
      advance()
      set.flags += try wordList("constant, interval, timeout or dynamic")
    case "timeout":
      advance()
      set.timeout = try milliseconds()
    case "gc-interval":
      advance()
      set.garbageCollectionInterval = try milliseconds()
    case "size":
      advance()
      set.size = try number("a number of elements")
    case "policy":
      advance()
      set.policy = try word("performance or memory")
    case "auto-merge", "automerge":
      advance()
      set.mergesElements = true
    case "comment":
      advance()
      set.comment = try string("a comment")
    default:
      guard let statement = try statefulStatement(leadingWord(token)) else {
        throw unexpected("type, typeof, flags, timeout, gc-interval, size, policy, auto-merge, elements or comment")
      }
      set.statements.append(statement)
      while let another = try statefulStatement(leadingWord(token)) { set.statements.append(another) }
    }
  }

  private mutating func setType(_ set: inout SetSyntax) throws(SyntaxError) {
    let isTypeof = at("typeof")
    advance()
    set.key = try dataType(isTypeof)
    guard at(.colon) else { return }
    guard set.isMap else {
      throw SyntaxError("a set has no data", at: span(token), hint: "declare it as a map")
    }
    advance()
    let isInterval = take("interval")
    if !isInterval, take("verdict") {
      set.data = .verdict
    } else if !isInterval, let kind = objectKind() {
      let start = token.start
      try readObjectKind(kind)
      set.data = .object(Word(Self.objectWord(kind), span(from: start)))
    } else {
      set.data = .value(try dataType(isTypeof), isInterval: isInterval)
    }
  }

  private mutating func dataType(_ isTypeof: Bool) throws(SyntaxError) -> SetSyntax.DataType {
    if isTypeof { return .typeof(try expression(.selector)) }
    var types = [try word("a data type")]
    while take(.dot) { types.append(try word("a data type")) }
    return .type(types)
  }
}
