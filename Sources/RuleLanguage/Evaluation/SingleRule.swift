package import Model

extension RulesetCompiler {
  /// Compiles one rule, as `add rule` would add it after `setup`.
  ///
  /// - Parameters:
  ///   - setup: declares the table, the chain and all that the rule refers to; includes are refused.
  ///   - rule: without a command before it; errors in it are placed in a file called `rule`.
  package static func compileRule(
    setup: RuleSource?, family: Family, table: String, chain: String, rule: String, names: some NameResolver
  ) throws(RulesetError) -> Rule {
    let command = "add rule \(family.keyword) \(table) \(chain) "
    // The command in front is not the user's: the rule itself begins in column 1.
    let start = SourceLocation(file: "rule", line: 1, column: 1 - Int32(clamping: command.unicodeScalars.count))
    let source = RuleSource(text: command + rule, start: start)
    let ruleset = try compile([setup, source].compactMap(\.self), names: names, includes: NoIncludes())
    let chains = ruleset.tables.first { $0.id == TableID(family, table) }?.chains ?? []
    guard let compiled = chains.first(where: { $0.name == chain })?.rules.last else {
      throw RulesetError([Diagnostic(.error, "the text is not a rule", at: start, excerpt: rule)])
    }
    return compiled
  }
}

/// One rule has no place to include from.
private struct NoIncludes: IncludeResolver {
  func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] {
    throw IncludeError("include is not possible here")
  }
}
