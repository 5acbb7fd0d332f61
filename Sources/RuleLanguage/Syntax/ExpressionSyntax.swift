/// An expression as it was written; variables are already replaced by their values.
package struct ExpressionSyntax: Sendable {
  package var kind: Kind
  package var span: Span

  package init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
  }

  /// Leaves are stored in place, so that a set's elements take no allocation each.
  package enum Kind: Sendable {
    /// Anything bare but a plain number: a symbol, an address, a time, a name.
    case word(String)
    /// Decimal or hexadecimal.
    case number(UInt64)
    /// In quotes, which are taken off; a trailing `*` stays.
    case string(String)
    /// `@name`
    case setReference(String)
    /// `*` as a set's catch-all element.
    case catchAll
    /// What a packet, its connection or the machine has: `ip saddr`, `meta mark`.
    indirect case selector(SelectorSyntax)
    /// `a . b`
    case concatenation([ExpressionSyntax])
    /// `a, b` without braces: flags.
    case list([ExpressionSyntax])
    /// `a-b`
    indirect case range(ExpressionSyntax, ExpressionSyntax)
    /// `a/length`
    indirect case prefix(ExpressionSyntax, length: UInt32)
    /// `a & b`, also as words (`and`)
    indirect case binary(BinaryOperator, ExpressionSyntax, ExpressionSyntax)
    /// `( … )`
    indirect case parenthesized(ExpressionSyntax)
    /// `{ … }`
    case set([ElementSyntax])
    /// `key map { … }` or `key map @name`
    indirect case map(key: ExpressionSyntax, ExpressionSyntax)
    /// The data of a verdict map's element.
    indirect case verdict(VerdictSyntax)
  }

  package enum BinaryOperator: String, Hashable, Sendable {
    case and = "&"
    case or = "|"
    case xor = "^"
    case shiftLeft = "<<"
    case shiftRight = ">>"
  }
}

/// One element of a set or map: `key [options] [: data]`.
package struct ElementSyntax: Sendable {
  package var key: ExpressionSyntax
  package var data: ExpressionSyntax?
  /// nil for most elements.
  package var options: ElementOptionsSyntax?

  package init(key: ExpressionSyntax, data: ExpressionSyntax? = nil, options: ElementOptionsSyntax? = nil) {
    self.key = key
    self.data = data
    self.options = options
  }

  package var span: Span { data.map { key.span.joined($0.span) } ?? key.span }
}

/// What few elements have; behind a reference to keep elements small.
package final class ElementOptionsSyntax: Sendable {
  /// In milliseconds.
  package let timeout: UInt64?
  /// In milliseconds.
  package let expires: UInt64?
  package let comment: Word?
  /// `counter`, `limit` and the like.
  package let statements: [StatementSyntax]

  package init(
    timeout: UInt64? = nil, expires: UInt64? = nil, comment: Word? = nil, statements: [StatementSyntax] = []
  ) {
    self.timeout = timeout
    self.expires = expires
    self.comment = comment
    self.statements = statements
  }
}
