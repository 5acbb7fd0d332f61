import Model

extension Parser {
  /// `include "path"`: `body` reads what stands in each file, in this place.
  mutating func include(_ body: (inout Parser) throws(SyntaxError) -> Void) throws(SyntaxError) {
    let start = token.start
    try expect("include")
    guard token.kind == .string else { throw unexpected("a path in quotes") }
    let path = text(token)
    advance()
    let place = span(from: start)
    try endStatement()
    guard context.includeDepth < Self.maximumIncludeDepth else {
      throw SyntaxError("files include each other more than \(Self.maximumIncludeDepth) deep", at: place)
    }
    for number in try openIncluded(path, place) {
      var parser = Parser(source: number, context: context, emit: emit)
      parser.context.includeDepth += 1
      parser.depth = depth
      try body(&parser)
      context = parser.context
      context.includeDepth -= 1
    }
  }

  private mutating func openIncluded(_ path: String, _ place: Span) throws(SyntaxError) -> [UInt16] {
    let key = "\(sourceNumber):\(place.start)"
    if let numbers = context.included[key] { return numbers }
    do throws(IncludeError) {
      let sources = try context.includes(path, source.start.file)
      guard context.sources.count + sources.count <= Self.maximumIncludes else {
        throw IncludeError("more than \(Self.maximumIncludes) files are included")
      }
      let numbers = sources.map { context.sources.open($0) }
      context.included[key] = numbers
      return numbers
    } catch {
      throw SyntaxError(error.message, at: place)
    }
  }
}
