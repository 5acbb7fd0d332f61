package import Model

/// What a plan may do beyond its own things.
package struct PlanOptions: Hashable, Sendable {
  /// Tables of other programs that are to be replaced, each in the plan's one transaction.
  package var adopt: Swift.Set<TableID>
  /// `RTPROT_*` that marks own routes and policy rules.
  package var routeProtocol: UInt8
  /// The word that removing more than `removalShare` asks for.
  package var allowsRemoval: Bool
  /// In percent of what netbaton owns of a kind: rules and what belongs to them, elements, routes.
  package var removalShare: Int
  /// What a plan may always remove, whatever its share: a table with two rules is not worth a question.
  package var freeRemovals: Int
  /// An empty desired state is taken at its word: all that is owned goes (`netbaton uninstall`).
  package var removesEverything: Bool

  package init(
    adopt: Swift.Set<TableID> = [], routeProtocol: UInt8 = 110, allowsRemoval: Bool = false, removalShare: Int = 50,
    freeRemovals: Int = 10, removesEverything: Bool = false
  ) {
    self.adopt = adopt
    self.routeProtocol = routeProtocol
    self.allowsRemoval = allowsRemoval
    self.removalShare = removalShare
    self.freeRemovals = freeRemovals
    self.removesEverything = removesEverything
  }
}
