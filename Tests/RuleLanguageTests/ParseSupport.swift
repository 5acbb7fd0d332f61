import Model

@testable import RuleLanguage

/// What the parser makes of a text, with nothing to include.
func parse(_ text: String) -> (commands: [CommandSyntax], context: Parser.Context) {
  final class Commands { var all: [CommandSyntax] = [] }
  let commands = Commands()
  let source = RuleSource(text: text, start: SourceLocation(file: "test.nft", line: 1, column: 1))
  let context = Parser.Context { (path, _) throws(IncludeError) in throw IncludeError("no file '\(path)'") }
  let after = Parser.read(source, in: context) { commands.all.append($0) }
  return (commands.all, after)
}

/// `line:column: message`, in the order of the text.
func parseErrors(_ text: String) -> [String] {
  let context = parse(text).context
  return context.errors.map { error in
    let place = context.sources.location(of: error.span)
    return "\(place.line):\(place.column): \(error.message)\(error.hint.map { " (\($0))" } ?? "")"
  }
}
