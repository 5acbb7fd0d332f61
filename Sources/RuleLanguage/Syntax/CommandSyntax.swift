package import Model

/// One command of a ruleset. A table's block is handed on as the commands it stands for, declarations before
/// rules (so that a rule may jump to a chain that is declared below it), and a set's elements in chunks, so that no
/// large file is ever whole in memory as a tree.
package struct CommandSyntax: Sendable {
  package enum Verb: String, Hashable, Sendable {
    case add, create, insert, replace, delete, destroy, flush, rename, reset, list
  }

  package enum Subject: Sendable {
    case table(TableSyntax)
    case chain(TableSyntax.Reference, ChainSyntax)
    /// `rename chain t c new`
    case newChainName(TableSyntax.Reference, chain: Word, name: Word)
    case rule(TableSyntax.Reference, chain: Word, RulePositionSyntax?, RuleSyntax?)
    case set(TableSyntax.Reference, SetSyntax)
    case elements(TableSyntax.Reference, set: Word, [ElementSyntax])
    case object(TableSyntax.Reference, ObjectSyntax)
    case flowtable(TableSyntax.Reference, FlowtableSyntax)
    /// nil for every family.
    case ruleset(Family?)
    /// `list` and `reset` of something: it changes nothing and is refused by the evaluation.
    case other(Word)
  }

  package var verb: Verb
  package var subject: Subject
  package var span: Span

  package init(_ verb: Verb, _ subject: Subject, _ span: Span) {
    self.verb = verb
    self.subject = subject
    self.span = span
  }
}

package struct TableSyntax: Sendable {
  package struct Reference: Sendable {
    package var family: Family
    package var name: Word

    package init(family: Family, name: Word) {
      self.family = family
      self.name = name
    }

    package var id: TableID { TableID(family, name.text) }
  }

  package var reference: Reference
  /// `dormant`, `owner`, `persist`
  package var flags: [Word]
  package var comment: Word?

  package init(reference: Reference, flags: [Word] = [], comment: Word? = nil) {
    self.reference = reference
    self.flags = flags
    self.comment = comment
  }
}

/// `handle N`, `position N` (a handle too) or `index N` (counted from 0).
package struct RulePositionSyntax: Sendable {
  package enum Kind: String, Hashable, Sendable { case handle, position, index }

  package var kind: Kind
  package var number: UInt64
  package var span: Span

  package init(kind: Kind, number: UInt64, span: Span) {
    self.kind = kind
    self.number = number
    self.span = span
  }
}
