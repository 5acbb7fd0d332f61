package import Kernel
package import Locking
import Model
package import Plan
package import Spec

/// Brings one node's kernel to what its spec says: reads, plans, applies, and takes back what stayed half done.
package struct Reconciler: Sendable {
  /// How often a change is planned anew because other programs keep committing in between.
  static let attempts = 8

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
    package var snapshot: Snapshot
    package var plan: Plan
  }

  /// Reads the kernel and plans. Nothing is changed.
  /// - Parameter last: what was planned before; where nothing has changed since, its plan stays.
  package func prepare(_ spec: NodeSpec, after last: Preparation? = nil) async throws -> Preparation {
    let scope = ReadScope(
      tables: Set(spec.state.tables.map(\.id)), includesForeignRoutes: true, routeProtocol: options.routeProtocol)
    let snapshot = try await kernel.read(scope)
    if let last, last.snapshot.generation == snapshot.generation, last.snapshot.state == snapshot.state,
      last.spec.digest == spec.digest, last.spec.state == spec.state
    {
      return Preparation(spec: spec, snapshot: snapshot, plan: last.plan)
    }
    return Preparation(spec: spec, snapshot: snapshot, plan: try plan(spec, from: snapshot))
  }

  private func plan(_ spec: NodeSpec, from snapshot: Snapshot) throws(PlanError) -> Plan {
    // A source that selects other nodes alone is no order to remove anything here.
    if spec.documents.isEmpty, !options.removesEverything { return Plan() }
    var options = options
    options.adopt.formUnion(spec.adopt)
    return try Plan(current: snapshot.state, desired: spec.state, options: options)
  }

  /// Applies the plan, or what it has become by now.
  ///
  /// When this throws, the kernel is as it was before, unless the error says that even this could not be had.
  /// - Returns: the generation after it, and what was applied in the end.
  package func apply(_ first: Preparation, with baton: Baton) async throws -> (Preparation, generation: UInt32) {
    var routesDone: [Change] = []
    do {
      return try await settle(first, &routesDone, with: baton)
    } catch let error as ReconcileError where error.isNotTakenBack {
      throw error
    } catch {
      try await takeBack(routesDone, because: error, with: baton)
      throw error
    }
  }

  /// - Parameter routesDone: what was changed before the firewall, in order, also when this throws.
  private func settle(
    _ first: Preparation, _ routesDone: inout [Change], with baton: Baton
  ) async throws -> (Preparation, generation: UInt32) {
    var preparation = first
    for _ in 1..<Reconciler.attempts {
      do {
        return (preparation, try await attempt(preparation, &routesDone, with: baton))
      } catch let error as KernelError where error.asksForNewPlan {
        preparation = try await prepare(preparation.spec)
      }
    }
    do {
      return (preparation, try await attempt(preparation, &routesDone, with: baton))
    } catch let error as KernelError where error.asksForNewPlan {
      throw ReconcileError.neverSettled(attempts: Reconciler.attempts)
    }
  }

  private func attempt(
    _ preparation: Preparation, _ routesDone: inout [Change], with baton: Baton
  ) async throws -> UInt32 {
    try await kernel.apply(routes: preparation.plan.routesBefore, with: baton)
    routesDone += preparation.plan.routesBefore
    let generation = try await kernel.commit(
      preparation.plan.nftables, record: record(of: preparation, token: baton.token),
      from: preparation.snapshot.generation, with: baton)
    try await applyRoutesAfter(preparation, with: baton)
    return generation
  }

  private func record(of preparation: Preparation, token: UInt64) -> RecordUpdate {
    if options.removesEverything { return .remove }
    return .write(
      AppliedRecord(
        specGeneration: preparation.spec.digest, commit: preparation.spec.commit, token: token, node: nodeName))
  }

  /// If the routes fail once the new firewall stands, the old firewall comes back.
  private func applyRoutesAfter(_ preparation: Preparation, with baton: Baton) async throws {
    do {
      try await kernel.apply(routes: preparation.plan.routesAfter, with: baton)
    } catch {
      let cause = error
      do {
        try await restoreFirewall(preparation.snapshot, with: baton)
      } catch {
        throw ReconcileError.notTakenBack(cause: "\(cause)", failure: "\(error)")
      }
      throw ReconcileError.takenBack(cause: "\(cause)")
    }
  }

  private func restoreFirewall(_ old: Snapshot, with baton: Baton) async throws {
    let own = old.state.tables.filter(\.isOwn)
    var options = options
    options.allowsRemoval = true
    options.removesEverything = true
    let now = try await kernel.read(ReadScope(tables: Set(own.map(\.id)), routeProtocol: options.routeProtocol))
    let plan = try Plan(
      current: NetworkState(tables: now.state.tables), desired: NetworkState(tables: own), options: options)
    let record = old.record.map(RecordUpdate.write) ?? .remove
    _ = try await kernel.commit(plan.nftables, record: record, from: now.generation, with: baton)
  }

  private func takeBack(_ routes: [Change], because cause: any Error, with baton: Baton) async throws {
    guard !routes.isEmpty else { return }
    do {
      try await kernel.apply(routes: routes.reversed().compactMap(\.inverse), with: baton)
    } catch {
      throw ReconcileError.notTakenBack(cause: "\(cause)", failure: "\(error)")
    }
  }
}

extension KernelError {
  /// Whether nothing is known to be wrong with the change itself: the kernel is to be read again.
  fileprivate var asksForNewPlan: Bool { cause == .generationMoved || cause == .unknownOutcome }
}

/// Why a change did not come to be.
package enum ReconcileError: Error, Hashable, Sendable {
  /// Other programs commit to nftables faster than a change can be planned.
  case neverSettled(attempts: Int)
  /// It failed in the middle and is undone.
  case takenBack(cause: String)
  /// It failed in the middle, and so did undoing it.
  case notTakenBack(cause: String, failure: String)
}

extension ReconcileError {
  fileprivate var isNotTakenBack: Bool { if case .notTakenBack = self { true } else { false } }
}

extension ReconcileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .neverSettled(let attempts):
      """
      another program changed nftables between planning and applying, \(attempts) times in a row; nothing was \
      changed: find out who commits that often (`nft monitor`), then try again
      """
    case .takenBack(let cause): "\(cause); the change was taken back"
    case .notTakenBack(let cause, let failure):
      "\(cause); taking the change back failed too: \(failure); see `netbaton diff` for what is left of it"
    }
  }
}

extension Reconciler.Preparation {
  /// The difference as a person reads it.
  /// - Parameter elementLimit: how many elements of one set to show; nil for all.
  package func text(elementLimit: Int? = nil) async -> PlanText {
    await PlanText(plan, current: snapshot.state, desired: spec.state, options: .init(elementLimit: elementLimit))
  }

  /// The same for programs.
  package var document: PlanDocument { PlanDocument(plan, current: snapshot.state, desired: spec.state) }
}
