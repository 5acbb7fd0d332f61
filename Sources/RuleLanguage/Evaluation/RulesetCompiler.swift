import Model

/// Turns rule text into the tables that it declares.
package enum RulesetCompiler {
  /// Runs the sources' commands in order on an empty state, as `nft -f` would on an empty kernel.
  ///
  /// - Parameters:
  ///   - variables: nft variables by name; the values are rule text (`{ 192.0.2.0/24, 198.51.100.7 }`). Known in
  ///     all sources; a `define` of the same name in a source is an error there.
  /// - Throws: every error that was found, in the order of the text. Errors of form hide those of meaning, which may
  ///   follow from them.
  package static func compile(
    _ sources: [RuleSource], variables: [String: String] = [:], names: some NameResolver,
    includes: some IncludeResolver
  ) throws(RulesetError) -> Ruleset {
    let texts = SourceList()
    let evaluator = Evaluator(sources: texts, names: names)
    var context = Parser.Context(sources: texts) { (path, file) throws(IncludeError) in
      try includes.files(matching: path, from: file)
    }
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      context = Parser.define(name, value, in: context)
    }
    for source in sources {
      context = Parser.read(source, in: context) { evaluator.run($0) }
    }
    var errors = context.errors
    if errors.isEmpty {
      evaluator.finish()
      errors = evaluator.errors
    }
    guard errors.isEmpty else {
      throw RulesetError(sorted(errors).prefix(Parser.maximumErrors).map { texts.diagnostic($0) })
    }
    return Ruleset(
      tables: evaluator.tables, warnings: sorted(evaluator.warnings).map { texts.diagnostic($0, .warning) })
  }

  private static func sorted(_ errors: [SyntaxError]) -> [SyntaxError] {
    errors.sorted { ($0.span.source, $0.span.start) < ($1.span.source, $1.span.start) }
  }
}
