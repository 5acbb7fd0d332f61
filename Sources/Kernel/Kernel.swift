package import Locking
package import Model
package import Plan

/// What was read, and the generation of nftables that it belongs to.
package struct Snapshot: Sendable {
  package var state: NetworkState
  /// `NFTA_GEN_ID`: raised by every commit of any program in this network namespace.
  package var generation: UInt32
  /// What netbaton says of itself in `table inet netbaton`, which `state` leaves out; nil if it is not there.
  package var record: AppliedRecord?
  /// Interface numbers by name.
  package var interfaces: [String: UInt32]

  package init(
    state: NetworkState, generation: UInt32, record: AppliedRecord? = nil, interfaces: [String: UInt32] = [:]
  ) {
    self.state = state
    self.generation = generation
    self.record = record
    self.interfaces = interfaces
  }
}

/// What was applied last: it is in effect exactly if the rules that it was committed with are.
package struct AppliedRecord: Hashable, Sendable {
  /// Where the change stands; another word than these comes from another version.
  package struct Phase: RawRepresentable, Hashable, Sendable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let applied = Phase(rawValue: "applied")
  }

  /// The digest of the whole spec source.
  package var specGeneration: String
  /// The commit that the source came from, if it is known.
  package var commit: String?
  /// Of the baton under which it was written.
  package var token: UInt64
  package var phase: Phase
  package var node: String
  /// Tells this commit from any other, so that one whose reply was lost can be recognized.
  package var nonce: UInt64

  package init(
    specGeneration: String, commit: String? = nil, token: UInt64, phase: Phase = .applied, node: String,
    nonce: UInt64 = UInt64.random(in: .min ... .max)
  ) {
    self.specGeneration = specGeneration
    self.commit = commit
    self.token = token
    self.phase = phase
    self.node = node
    self.nonce = nonce
  }
}

/// What becomes of `table inet netbaton` in a commit.
package enum RecordUpdate: Hashable, Sendable {
  case keep
  case write(AppliedRecord)
  /// The table goes, with all it holds.
  case remove
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

  /// The node's interfaces and addresses.
  func links() async throws -> Links

  /// One element for each burst of changes that may concern own routes or policy rules, or the node's links.
  func routeChanges(routeProtocol: UInt8) async throws -> AsyncStream<Void>

  /// Commits nftables changes and the record as one transaction, if the generation still is `generation`.
  ///
  /// Without changes nothing is sent and the record stays as it is, unless it is to be removed. Throws `KernelError`
  /// with the change (and so the spec line) that the kernel refused; then nothing of it is in effect. A reply that
  /// was lost is settled by reading the generation and the record again. Throws `BatonError` if the baton allows
  /// nothing any more, right before the send.
  /// - Returns: the generation after the commit.
  func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) async throws -> UInt32

  /// Applies changes of routes and policy rules in order. If one fails, those before it are undone in reverse
  /// and the error names it.
  func apply(routes changes: [Change], with baton: Baton) async throws
}

extension Kernel {
  /// Commits changes and leaves the record as it is.
  package func commit(_ changes: [Change], from generation: UInt32, with baton: Baton) async throws -> UInt32 {
    try await commit(changes, record: .keep, from: generation, with: baton)
  }
}
