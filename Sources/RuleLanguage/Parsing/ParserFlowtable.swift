extension Parser {
  /// Behind `flowtable` and the table: the name and the block.
  mutating func flowtable(
    _ verb: CommandSyntax.Verb, in reference: TableSyntax.Reference, _ start: Int
  ) throws(SyntaxError) {
    var flowtable = FlowtableSyntax(name: try name("a flowtable's name"), span: span(from: start))
    try expect(.openBrace, "'{'")
    skipSeparators()
    while !at(.closeBrace) {
      if take("hook") {
        flowtable.hook = try word("ingress")
        try expect("priority")
        flowtable.priority = try priority()
      } else if at("devices") || at("device") {
        flowtable.devices += try devices()
      } else if take("flags") {
        flowtable.flags += try wordList("offload")
      } else if take("counter") {
        flowtable.hasCounter = true
      } else {
        throw unexpected("hook, devices, flags, counter or '}'")
      }
      try endStatement()
      skipSeparators()
    }
    advance()
    try endStatement()
    emit(CommandSyntax(verb, .flowtable(reference, flowtable), flowtable.span))
  }
}
