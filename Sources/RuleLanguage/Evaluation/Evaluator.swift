import Model

/// Runs commands on tables that begin empty, and keeps what is wrong with them.
final class Evaluator {
  let sources: SourceList
  let names: any NameResolver
  private(set) var errors: [SyntaxError] = []
  private(set) var warnings: [SyntaxError] = []
  private var states: [TableID: TableState] = [:]
  private var order: [TableID] = []

  init(sources: SourceList, names: any NameResolver) {
    self.sources = sources
    self.names = names
  }

  /// In the order in which they were added.
  var tables: [Table] { order.compactMap { states[$0]?.table } }

  func run(_ command: CommandSyntax) {
    guard errors.count < Parser.maximumErrors else { return }
    do throws(SyntaxError) {
      try execute(command)
    } catch {
      fail(error)
    }
  }

  func finish() {
    guard errors.isEmpty else { return }
    for id in order {
      guard let state = states[id] else { continue }
      normalizeSets(state)
      markUpdatedSets(state)
      ReferenceCheck(state: state, sources: sources).run { fail($0) }
    }
  }

  func fail(_ error: SyntaxError) { errors.append(error) }

  func location(_ span: Span) -> SourceLocation { sources.location(of: span) }

  private func execute(_ command: CommandSyntax) throws(SyntaxError) {
    switch command.subject {
    case .table(let table): try run(command, table)
    case .ruleset(let family): flushRuleset(family, command.span)
    case .other(let word):
      throw SyntaxError(
        "'\(command.verb.rawValue) \(word.text)' declares nothing", at: command.span,
        hint: "remove it: rules here say what the node should have")
    case .chain(let reference, let chain): try run(command, chain, in: try state(reference, command.verb))
    case .newChainName(let reference, let chain, let name):
      try rename(chain, to: name, in: try state(reference, command.verb))
    case .rule(let reference, let chain, let position, let rule):
      try run(command, rule, chain: chain, position, in: try state(reference, command.verb))
    case .set(let reference, let set): try run(command, set, in: try state(reference, command.verb))
    case .elements(let reference, let set, let elements):
      try run(command, elements, of: set, in: try state(reference, command.verb))
    case .object(let reference, let object): try run(command, object, in: try state(reference, command.verb))
    case .flowtable(let reference, let flowtable):
      try run(command, flowtable, in: try state(reference, command.verb))
    }
  }

  /// nil where the table is missing and `destroy` does not mind.
  private func state(
    _ reference: TableSyntax.Reference, _ verb: CommandSyntax.Verb
  ) throws(SyntaxError) -> TableState? {
    if let state = states[reference.id] { return state }
    if verb == .destroy { return nil }
    throw SyntaxError(
      "table \(reference.id) does not exist", at: reference.name.span,
      hint: "declare it first: table \(reference.id) { … }")
  }

  // MARK: Tables

  private func run(_ command: CommandSyntax, _ table: TableSyntax) throws(SyntaxError) {
    let id = table.reference.id
    let span = table.reference.name.span
    switch command.verb {
    case .add, .create:
      if let state = states[id] {
        guard command.verb == .add else { throw SyntaxError("table \(id) exists already", at: span) }
        try set(table, state)
      } else {
        guard id.name.utf8.count < maximumNameLength else {
          throw SyntaxError("the table's name is too long", at: span)
        }
        let state = TableState(id: id, origin: location(span))
        states[id] = state
        order.append(id)
        try set(table, state)
      }
    case .delete, .destroy:
      guard states.removeValue(forKey: id) != nil else {
        if command.verb == .destroy { return }
        throw SyntaxError(
          "table \(id) does not exist", at: span, hint: "netbaton starts from nothing: write table \(id) before")
      }
      order.removeAll { $0 == id }
    case .flush:
      guard let state = states[id] else {
        throw SyntaxError(
          "table \(id) does not exist", at: span, hint: "netbaton starts from nothing: write table \(id) before")
      }
      state.withChains { $0.changeAll { $0.rules = [] } }
    default: throw unsupported(command)
    }
  }

  private func set(_ table: TableSyntax, _ state: TableState) throws(SyntaxError) {
    for flag in table.flags {
      switch flag.text {
      case "dormant": state.flags.insert(.dormant)
      case "owner", "persist":
        throw SyntaxError("the table flag '\(flag.text)' binds a table to the program that wrote it", at: flag.span)
      default: throw SyntaxError("unknown table flag '\(flag.text)'", at: flag.span, hint: "expected dormant")
      }
    }
    if let comment = table.comment {
      try checkComment(comment)
      state.comment = comment.text
    }
  }

  private func flushRuleset(_ family: Family?, _ span: Span) {
    warnings.append(
      SyntaxError(
        "flush ruleset has no effect on other tables", at: span,
        hint: "only the tables that are declared here are replaced"))
    for id in order where family == nil || id.family == family { states[id] = nil }
    order.removeAll { states[$0] == nil }
  }

  func unsupported(_ command: CommandSyntax) -> SyntaxError {
    SyntaxError("'\(command.verb.rawValue)' cannot be used here", at: command.span)
  }

  /// nft's `NFT_USERDATA_COMMENT_MAXLEN`, less the closing zero.
  func checkComment(_ comment: Word?) throws(SyntaxError) {
    guard let comment, comment.text.utf8.count > RuleCompiler.maximumComment else { return }
    throw SyntaxError("the comment is longer than 128 bytes", at: comment.span)
  }

  func compiler(_ state: TableState) -> RuleCompiler {
    RuleCompiler(family: state.id.family, declarations: state, names: names)
  }

  /// `NFT_NAME_MAXLEN`
  var maximumNameLength: Int { 256 }
}
