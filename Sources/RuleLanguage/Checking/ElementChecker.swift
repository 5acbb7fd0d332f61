import Model

/// Checks a set's elements: what is written becomes first and last value of each.
struct ElementChecker {
  let compiler: RuleCompiler
  let key: [ValueType]
  let data: SetDeclaration.Data?
  /// Intervals are allowed (named sets), or were found (sets without a name).
  var isInterval: Bool
  var isConcatenation = false
  var isNamed = false
  /// Done to each key, for it was taken off the other side.
  var transfer: [(ExpressionSyntax.BinaryOperator, UInt128)] = []
  /// Of a plain key, in bytes; a bit field's is that of the bytes that hold it.
  var size: Int
  /// Some map's data is a range.
  var hasDataInterval = false

  init(compiler: RuleCompiler, key: [ValueType], data: SetDeclaration.Data?, isInterval: Bool) {
    self.compiler = compiler
    self.key = key
    self.data = data
    self.isInterval = isInterval
    size = key.count == 1 ? key[0].size : 0
    if case .values(_, let isInterval)? = data { hasDataInterval = isInterval }
  }

  /// First and last value; `last` is nil for a single one.
  struct Bounds {
    var first: UInt128
    var last: UInt128?
  }

  mutating func check(_ elements: [ElementSyntax]) throws(SyntaxError) -> [SetElement] {
    var result: [SetElement] = []
    result.reserveCapacity(elements.count)
    for element in elements {
      if case .set(let nested) = element.key.kind, element.data == nil {
        result += try check(nested)
      } else {
        result.append(try check(element))
      }
    }
    return result
  }

  private mutating func check(_ element: ElementSyntax) throws(SyntaxError) -> SetElement {
    let details = try self.details(element)
    if case .catchAll = element.key.kind { return SetElement(key: Bytes(), details: details) }
    if !isConcatenation {
      let bounds = try self.bounds(element.key, as: key[0])
      let order: ByteOrder = isInterval ? networkOrder(key[0]) : key[0].order
      return SetElement(
        key: registerBytes(bounds.first, size: size, order: order),
        end: bounds.last.map { registerBytes($0, size: size, order: order) }, details: details)
    }
    return try checkConcatenation(element.key, details)
  }

  private func networkOrder(_ type: ValueType) -> ByteOrder { type.type.isString ? type.order : .network }

  private mutating func checkConcatenation(
    _ syntax: ExpressionSyntax, _ details: SetElementDetails?
  ) throws(SyntaxError) -> SetElement {
    guard case .concatenation(let parts) = syntax.kind, parts.count == key.count else {
      throw SyntaxError("expected \(key.count) values with dots between", at: syntax.span)
    }
    var first: [UInt8] = []
    var last: [UInt8] = []
    var hasRange = false
    for (part, type) in zip(parts, key) {
      let bounds = try self.bounds(part, as: type)
      let order: ByteOrder = isInterval ? networkOrder(type) : type.order
      hasRange = hasRange || bounds.last != nil
      append(bounds.first, type, order, to: &first)
      append(bounds.last ?? bounds.first, type, order, to: &last)
    }
    return SetElement(key: Bytes(first), end: hasRange ? Bytes(last) : nil, details: details)
  }

  private func append(_ value: UInt128, _ type: ValueType, _ order: ByteOrder, to bytes: inout [UInt8]) {
    bytes += registerBytes(value, size: type.size, order: order)
    bytes += repeatElement(0, count: type.slots * 4 - type.size)
  }

  // MARK: Values

  private mutating func bounds(_ syntax: ExpressionSyntax, as type: ValueType) throws(SyntaxError) -> Bounds {
    switch syntax.kind {
    case .range(let from, let through):
      guard !type.type.isString else { throw SyntaxError("names have no order", at: syntax.span) }
      var bounds = Bounds(first: try value(from, as: type), last: try value(through, as: type))
      if let last = bounds.last, bounds.first > last {
        throw SyntaxError("the range ends before it begins", at: syntax.span)
      }
      try requireIntervals(at: syntax.span)
      if bounds.first == bounds.last, !isConcatenation { bounds.last = nil }
      return bounds
    case .prefix(let address, let length):
      guard Int(length) <= type.width else {
        throw SyntaxError("prefix length \(length) is more than \(type.width)", at: syntax.span)
      }
      let rest = lowBits(type.width - Int(length))
      let first = try value(address, as: type) & ~transferred(rest)
      if Int(length) == type.width, isNamed || isConcatenation {
        if !isInterval { try requireIntervals(at: syntax.span) }
        return Bounds(first: first, last: nil)
      }
      try requireIntervals(at: syntax.span)
      return Bounds(first: first, last: first | transferred(rest))
    case .string(let text) where isWildcard(text, type), .word(let text) where isWildcard(text, type):
      return try wildcard(String(text.dropLast()), type, at: syntax.span)
    default: return Bounds(first: try value(syntax, as: type), last: nil)
    }
  }

  private func value(_ syntax: ExpressionSyntax, as type: ValueType) throws(SyntaxError) -> UInt128 {
    transferred(try compiler.literals.value(syntax, as: type))
  }

  private func transferred(_ value: UInt128) -> UInt128 {
    transfer.isEmpty ? value : transfer.reduce(value) { compiler.literals.fold($1.0, $0, $1.1) }
  }

  private mutating func requireIntervals(at span: Span) throws(SyntaxError) {
    if isInterval { return }
    guard !isNamed else {
      throw SyntaxError("the set has no intervals", at: span, hint: "add flags interval to the set's declaration")
    }
    isInterval = true
  }

  private func isWildcard(_ text: String, _ type: ValueType) -> Bool {
    type.type == .interfaceName && text.hasSuffix("*") && !text.hasSuffix("\\*")
  }

  /// All names that begin so: the bytes after the beginning may be anything.
  private mutating func wildcard(_ text: String, _ type: ValueType, at span: Span) throws(SyntaxError) -> Bounds {
    try requireIntervals(at: span)
    guard !text.isEmpty, let first = LiteralFormats.string(text, capacity: type.size - 1) else {
      throw SyntaxError("expected at most 15 characters before the star", at: span)
    }
    return Bounds(first: first, last: first | ~lowBits(text.utf8.count * 8))
  }

  // MARK: Data

  private mutating func details(_ element: ElementSyntax) throws(SyntaxError) -> SetElementDetails? {
    let isCatchAll = if case .catchAll = element.key.kind { true } else { false }
    let data = try self.data(element)
    guard data != nil || element.options != nil || isCatchAll else { return nil }
    var expressions: [Expression] = []
    for statement in element.options?.statements ?? [] {
      let checker = RuleChecker(compiler: compiler, chain: nil)
      expressions.append(try checker.stateful(statement))
    }
    if let comment = element.options?.comment, comment.text.utf8.count > RuleCompiler.maximumComment {
      throw SyntaxError("comment is longer than 128 bytes", at: comment.span)
    }
    return SetElementDetails(
      data: data, timeout: element.options?.timeout, expiration: element.options?.expires, expressions: expressions,
      comment: element.options?.comment?.text, isCatchAll: isCatchAll)
  }

  private mutating func data(_ element: ElementSyntax) throws(SyntaxError) -> ElementData? {
    guard let kind = data else {
      if let data = element.data {
        throw SyntaxError("a set's element has no data", at: data.span, hint: "declare a map")
      }
      return nil
    }
    guard let syntax = element.data else { throw SyntaxError("the element has no data", at: element.key.span) }
    switch kind {
    case .verdict:
      guard case .verdict(let verdict) = syntax.kind else { throw SyntaxError("expected a verdict", at: syntax.span) }
      return .verdict(try RuleChecker(compiler: compiler, chain: nil).verdict(verdict))
    case .object(let object):
      guard let name = syntax.name else { throw SyntaxError("expected an object's name", at: syntax.span) }
      guard compiler.declarations.hasObject(object, name) else {
        throw SyntaxError("object \(name) does not exist", at: syntax.span)
      }
      return .object(name: name)
    case .values(let types, _): return try values(syntax, types)
    }
  }

  private mutating func values(_ syntax: ExpressionSyntax, _ types: [ValueType]) throws(SyntaxError) -> ElementData {
    var parts = [syntax]
    if case .concatenation(let found) = syntax.kind { parts = found }
    guard parts.count == types.count else {
      throw SyntaxError("expected \(types.count) values, here are \(parts.count)", at: syntax.span)
    }
    var first: [UInt8] = []
    var last: [UInt8] = []
    for (part, type) in zip(parts, types) {
      let bounds = try dataBounds(part, type)
      // The kernel takes data of the declared length alone, and a range is two values.
      if isNamed, !hasDataInterval, bounds.last != nil {
        throw SyntaxError(
          "the map's data are single values", at: syntax.span,
          hint: "declare the data as ranges: interval before their type")
      }
      hasDataInterval = hasDataInterval || bounds.last != nil
      let isAlone = types.count == 1
      for (value, isFirst) in [(bounds.first, true), (bounds.last ?? bounds.first, false)] {
        var bytes = Array(registerBytes(value, size: type.size, order: type.order))
        if !isAlone { bytes += repeatElement(0, count: type.slots * 4 - type.size) }
        if isFirst { first += bytes } else { last += bytes }
      }
    }
    return .value(Bytes(first), end: hasDataInterval ? Bytes(last) : nil)
  }

  private func dataBounds(_ syntax: ExpressionSyntax, _ type: ValueType) throws(SyntaxError) -> Bounds {
    let literals = compiler.literals
    switch syntax.kind {
    case .range(let from, let through):
      let bounds = Bounds(first: try literals.value(from, as: type), last: try literals.value(through, as: type))
      if let last = bounds.last, bounds.first > last {
        throw SyntaxError("the range ends before it begins", at: syntax.span)
      }
      return bounds
    case .prefix(let address, let length):
      guard Int(length) <= type.width else {
        throw SyntaxError("prefix length \(length) is more than \(type.width)", at: syntax.span)
      }
      let rest = lowBits(type.width - Int(length))
      let first = try literals.value(address, as: type) & ~rest
      return Bounds(first: first, last: first | rest)
    default: return Bounds(first: try literals.value(syntax, as: type), last: nil)
    }
  }
}

extension ExpressionSyntax {
  /// A plain word or string.
  var name: String? {
    switch kind {
    case .word(let text), .string(let text): text
    case .number(let number): String(number)
    default: nil
    }
  }
}
