package import Model

/// Rules in nft's own language, as `nft -s list ruleset` prints them: without what counters have counted.
package struct RuleText: Sendable {
  private let family: Family
  private let values: ValueText
  private let sets: [String: SetDefinition]

  /// - Parameters:
  ///   - family: the table's.
  ///   - sets: the table's sets, whose types say how constants beside them are written.
  ///   - names: for interface names; numbers are printed where it is nil.
  ///   - showsProtocolNumbers: `nft -p`: 6 and not tcp, where a protocol is a value.
  package init(
    family: Family, sets: [SetDefinition] = [], names: (any NameResolver)? = nil, showsProtocolNumbers: Bool = false
  ) {
    self.family = family
    self.sets = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    values = ValueText(names: names, showsProtocolNumbers: showsProtocolNumbers)
  }

  /// One line. What the language has no words for stands as its bytecode after a `#`.
  package func text(of rule: Rule) -> String {
    var raiser = RuleRaiser(family: family, values: values, sets: sets)
    return raiser.raise(rule.expressions) + Self.comment(rule)
  }

  /// ` comment "…"`
  static func comment(_ rule: Rule) -> String { rule.comment.map { " comment \"\($0)\"" } ?? "" }
}
