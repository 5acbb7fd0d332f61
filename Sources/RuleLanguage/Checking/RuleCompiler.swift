package import Model

/// Compiles one table's rules, sets and objects: from the syntax tree to what the kernel takes, as nft(8) lowers it.
///
/// Errors are thrown as `SyntaxError`, with the place and what was expected.
package struct RuleCompiler {
  /// In bytes: `NFTNL_UDATA_COMMENT_MAXLEN` (libnftnl/udata.h).
  static let maximumComment = 128

  let family: Family
  let declarations: any Declarations
  let literals: LiteralResolver

  package init(family: Family, declarations: any Declarations, names: any NameResolver) {
    self.family = family
    self.declarations = declarations
    literals = LiteralResolver(names: names)
  }

  /// - Parameter chain: where the chain is hooked in; nil for a chain that is only jumped to.
  package func compile(_ rule: RuleSyntax, in chain: BaseChain?) throws(SyntaxError) -> CompiledRule {
    var checker = RuleChecker(compiler: self, chain: chain)
    for statement in rule.statements {
      if let before = checker.terminated {
        throw SyntaxError("statement after a terminal statement has no effect", at: statement.span, hint: before)
      }
      try checker.check(statement)
      if checker.cannotBeTurned {
        throw SyntaxError(
          "the kernel cannot compute with a value of this length", at: statement.span,
          hint: "expected 1, 2, 4 or 8 bytes")
      }
      if checker.exceedsRegisters {
        throw SyntaxError("the statement needs more than the kernel's registers hold", at: statement.span)
      }
    }
    checker.finishMerging()
    // As long as it is, without the room that it grew into: there may be tens of thousands of rules.
    let expressions = checker.prefix + checker.output
    if let comment = rule.comment, comment.text.utf8.count > RuleCompiler.maximumComment {
      throw SyntaxError("comment is longer than 128 bytes", at: comment.span)
    }
    return CompiledRule(
      rule: Rule(expressions: expressions, comment: rule.comment?.text), sets: checker.declaredSets)
  }

  /// The set or map without elements.
  package func declare(_ set: SetSyntax) throws(SyntaxError) -> SetDeclaration {
    try SetDeclarationChecker(compiler: self).declare(set)
  }

  /// The elements in the order written, intervals as first and last value. `normalize` puts a set's elements together.
  package func elements(
    _ elements: [ElementSyntax], of set: SetDeclaration
  ) throws(SyntaxError) -> [SetElement] {
    var checker = ElementChecker(compiler: self, key: set.key, data: set.data, isInterval: set.isInterval)
    checker.isConcatenation = set.key.count > 1
    checker.isNamed = true
    return try checker.check(elements)
  }

  package func object(_ object: ObjectSyntax) throws(SyntaxError) -> StatefulObject {
    try ObjectChecker(family: family).check(object)
  }

  /// Without rules.
  package func chain(_ chain: ChainSyntax) throws(SyntaxError) -> Chain {
    try ChainChecker(family: family).check(chain)
  }

  package func flowtable(_ flowtable: FlowtableSyntax) throws(SyntaxError) -> Flowtable {
    try ChainChecker(family: family).check(flowtable)
  }
}
