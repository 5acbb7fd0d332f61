package import Locking
package import Model
package import Plan

/// What was read, and the generation of nftables that it belongs to.
package struct Snapshot: Sendable {
  package var state: NetworkState
  /// `NFTA_GEN_ID`: raised by every commit of any program in this network namespace.
  package var generation: UInt32

  package init(state: NetworkState, generation: UInt32) {
    self.state = state
    self.generation = generation
  }
}

/// What is worth reading: a node may have tables of other programs with a million elements.
package struct ReadScope: Sendable {
  /// These tables, own or not, and every own table; the others by name alone (no chains, sets or rules).
  package var tables: Swift.Set<TableID>
  /// Whether foreign routes and policy rules are read too (to find what stands in the way).
  package var includesForeignRoutes: Bool
  /// `RTPROT_*` that marks own routes and policy rules.
  package var routeProtocol: UInt8

  package init(tables: Swift.Set<TableID> = [], includesForeignRoutes: Bool = false, routeProtocol: UInt8 = 110) {
    self.tables = tables
    self.includesForeignRoutes = includesForeignRoutes
    self.routeProtocol = routeProtocol
  }
}

/// The network of one namespace, as the kernel has it.
package protocol Kernel: Sendable {
  /// Costs some microseconds (`NFT_MSG_GETGEN`).
  func generation() async throws -> UInt32

  /// A state that was whole at one generation; read again from the start if a commit came in between.
  func read(_ scope: ReadScope) async throws -> Snapshot

  /// Commits nftables changes as one transaction, if the generation still is `generation`.
  ///
  /// An empty list sends nothing. Throws with the change (and so the spec line) that the kernel refused; then
  /// nothing of it is in effect. A reply that was lost is settled by reading the generation again.
  /// - Returns: the generation after the commit.
  func commit(_ changes: [Change], from generation: UInt32, with baton: Baton) async throws -> UInt32

  /// Applies changes of routes and policy rules in order. If one fails, those before it are undone in reverse
  /// and the error names it.
  func apply(routes changes: [Change], with baton: Baton) async throws
}
