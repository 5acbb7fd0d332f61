package import Kernel
import Model
package import Plan
package import Spec

/// Reads what one node's kernel has and plans the way to what its spec says.
package struct Reconciler: Sendable {
  package var kernel: any Kernel
  package var nodeName: String
  /// `adopt` is the spec's.
  package var options: PlanOptions

  package init(kernel: any Kernel, nodeName: String, options: PlanOptions) {
    self.kernel = kernel
    self.nodeName = nodeName
    self.options = options
  }

  /// What was read and what should be done about it.
  package struct Preparation: Sendable {
    package var spec: NodeSpec
    /// With the tables as the user wrote them, whatever a trial makes of them.
    package var snapshot: Snapshot
    package var plan: Plan
    /// What must be settled before the plan can be carried out: it was made as if this were done.
    package var leftover: Leftover?
  }

  /// Parts of a trial that are in the kernel.
  package enum Leftover: Hashable, Sendable {
    /// They are in effect for good, and have to be made plain.
    case confirmed
    /// They are in effect for some time at most, and have to be removed, unless the change is still somebody's work.
    case unconfirmed
  }

  /// Reads the kernel and plans. Nothing is changed.
  /// - Parameter last: what was planned before; where nothing has changed since, its plan stays.
  package func prepare(_ spec: NodeSpec, after last: Preparation? = nil) async throws -> Preparation {
    let scope = ReadScope(
      tables: Set(spec.state.tables.map(\.id)), includesForeignRoutes: true, routeProtocol: options.routeProtocol)
    var snapshot = try await kernel.read(scope)
    let situation = TrialSituation(snapshot.state.tables)
    snapshot.state.tables = situation.settled
    let leftover = situation.trial.map { $0.phase == .kept ? Leftover.confirmed : .unconfirmed }
    if let last, last.snapshot.generation == snapshot.generation, last.snapshot.state == snapshot.state,
      last.spec.digest == spec.digest, last.spec.state == spec.state
    {
      return Preparation(spec: spec, snapshot: snapshot, plan: last.plan, leftover: leftover)
    }
    return Preparation(spec: spec, snapshot: snapshot, plan: try plan(spec, from: snapshot), leftover: leftover)
  }

  private func plan(_ spec: NodeSpec, from snapshot: Snapshot) throws(PlanError) -> Plan {
    // A source that selects other nodes alone is no order to remove anything here.
    if spec.documents.isEmpty, !options.removesEverything { return Plan() }
    var options = options
    options.adopt.formUnion(spec.adopt)
    return try Plan(current: snapshot.state, desired: spec.state, options: options)
  }

  /// What netbaton says of itself in the kernel once this is applied.
  func record(of preparation: Preparation, token: UInt64) -> RecordUpdate {
    if options.removesEverything { return .remove }
    return .write(
      AppliedRecord(
        specGeneration: preparation.spec.digest, commit: preparation.spec.commit, token: token, node: nodeName))
  }
}

extension Reconciler.Preparation {
  /// Whether nothing has to be done.
  package var isEmpty: Bool { plan.isEmpty && leftover == nil }

  /// The difference as a person reads it.
  /// - Parameter elementLimit: how many elements of one set to show; nil for all.
  package func text(elementLimit: Int? = nil) async -> PlanText {
    await PlanText(plan, current: snapshot.state, desired: spec.state, options: .init(elementLimit: elementLimit))
  }

  /// The same for programs.
  package var document: PlanDocument { PlanDocument(plan, current: snapshot.state, desired: spec.state) }
}
