import Model

/// `define`d names, innermost scope last.
struct VariableScopes {
  private var scopes: [[String: ExpressionSyntax]] = [[:]]

  mutating func open() { scopes.append([:]) }
  mutating func close() { scopes.removeLast() }

  subscript(name: String) -> ExpressionSyntax? {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    return nil
  }

  /// false if the innermost scope has one of that name already.
  mutating func define(_ name: String, _ value: ExpressionSyntax) -> Bool {
    guard scopes[scopes.count - 1][name] == nil else { return false }
    scopes[scopes.count - 1][name] = value
    return true
  }

  mutating func redefine(_ name: String, _ value: ExpressionSyntax) {
    scopes[scopes.count - 1][name] = value
  }

  /// false if the innermost scope has none of that name.
  mutating func undefine(_ name: String) -> Bool {
    scopes[scopes.count - 1].removeValue(forKey: name) != nil
  }

  /// Names in reach that differ from `name` by little: what may have been meant.
  func similar(to name: String) -> String? {
    let names = scopes.flatMap(\.keys)
    return names.filter { $0.lowercased() == name.lowercased() || $0.hasPrefix(name) || name.hasPrefix($0) }.min()
  }
}

extension Parser {
  /// `$name`, replaced by what it stands for.
  mutating func variable() throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    try expect(.dollar, "a variable")
    guard token.kind == .word || token.kind == .number else { throw unexpected("a variable's name") }
    let name = text(token)
    advance()
    let place = span(from: start)
    guard let value = context.scopes[name] else {
      throw SyntaxError("unknown variable '$\(name)'", at: place, hint: hintForUnknown(name))
    }
    context.expanded += value.kind.count
    guard context.expanded <= Self.maximumExpansion else {
      throw SyntaxError(
        "variables stand for more than \(Self.maximumExpansion) values in all", at: place,
        hint: "write a large set's elements into a named set, once")
    }
    return ExpressionSyntax(value.kind, place)
  }

  private func hintForUnknown(_ name: String) -> String {
    // nft's scanner reads `$a-$b` and `$a/24` as variables of the names `a-` and `a/24`.
    let plain = name.prefix { $0 != "-" && $0 != "/" && $0 != "." }
    if plain != name, context.scopes[String(plain)] != nil { return "write a space behind $\(plain)" }
    if let similar = context.scopes.similar(to: name) { return "did you mean $\(similar)?" }
    return "define \(name) = … before its first use"
  }

  /// `define x = …`, `redefine x = …`, `undefine x`; false if none of them is next.
  mutating func definition() throws(SyntaxError) -> Bool {
    if take("undefine") {
      let name = try word("a variable's name")
      guard context.scopes.undefine(name.text) else {
        throw SyntaxError("unknown variable '\(name.text)'", at: name.span)
      }
      try endStatement()
      return true
    }
    let isNew = at("define")
    guard isNew || at("redefine") else { return false }
    advance()
    let name = try word("a variable's name")
    try expect(.assign, "'='")
    let value = try initializer()
    if isNew {
      guard context.scopes.define(name.text, value) else {
        throw SyntaxError(
          "the variable '\(name.text)' is defined already", at: name.span, hint: "use redefine to give it another value"
        )
      }
    } else {
      context.scopes.redefine(name.text, value)
    }
    try endStatement()
    return true
  }

  /// What a variable may hold: constants, lists and sets, but nothing of a packet.
  mutating func initializer() throws(SyntaxError) -> ExpressionSyntax {
    let start = token.start
    if take(.dash) {
      let value: UInt64 = try number("a number")
      return ExpressionSyntax(.word("-\(value)"), span(from: start))
    }
    return try expression(.constant, allowsList: true)
  }
}

extension Parser {
  /// A variable that the caller gives; its value is rule text.
  static func define(_ name: String, _ value: String, in context: Context) -> Context {
    let source = RuleSource(text: value, start: SourceLocation(file: "variable \(name)", line: 1, column: 1))
    let number = context.sources.open(source)
    var parser = Parser(source: number, context: context) { _ in }
    do throws(SyntaxError) {
      let value = try parser.initializer()
      parser.skipSeparators()
      guard parser.at(.end) else { throw parser.unexpected("the end of the value") }
      parser.context.scopes.redefine(name, value)
    } catch {
      parser.record(error)
    }
    return parser.context
  }
}

extension ExpressionSyntax.Kind {
  /// How many values it holds, those within each other not counted.
  fileprivate var count: Int {
    switch self {
    case .set(let elements): elements.count
    case .list(let values), .concatenation(let values): values.count
    default: 1
    }
  }
}
