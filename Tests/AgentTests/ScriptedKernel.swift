import Glibc
import Kernel
import Locking
import Model
import Plan
import Support
import Synchronization

/// A kernel of values whose next steps fail as they are told to.
actor ScriptedKernel: TrialKernel {
  enum Event: Hashable, Sendable {
    case commitMoved, commitRefused, commitLost
    case routeRefused(Route)
    /// The trial is over before it is confirmed.
    case confirmedLate
    /// It is confirmed, and nobody hears of it.
    case confirmationLost
    case undoFails
    case cleanUpFails
  }

  private(set) var model = ModelKernel()
  private var script: [Event]
  /// What somebody else does whenever the script says so.
  private let intruder: Table?
  private(set) var commits = 0
  /// By the number that an inverse has for its byte.
  private let ways = Mutex<[(state: NetworkState, tables: Swift.Set<TableID>)]>([])

  init(_ script: [Event] = [], intruder: Table? = nil) {
    self.script = script
    self.intruder = intruder
  }

  func generation() -> UInt32 { model.generation }
  func links() -> Links { Links(interfaces: [:], addresses: []) }
  func routeChanges(routeProtocol: UInt8) -> AsyncStream<Void> { AsyncStream { $0.finish() } }
  func read(_ scope: ReadScope) -> Snapshot { Snapshot(state: model.state, generation: model.generation) }

  /// Whether this is what happens next; it happens once.
  private func takes(_ event: Event) -> Bool {
    guard script.first == event else { return false }
    script.removeFirst()
    return true
  }

  func commit(
    _ changes: [Change], record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> UInt32 {
    try baton.check()
    commits += 1
    if takes(.commitMoved) {
      model.interfere { if let intruder { $0.tables.append(intruder) } }
      throw KernelError(.generationMoved, "somebody was faster")
    }
    if takes(.commitRefused) { throw KernelError(.refused(errno: EPERM), "no") }
    if takes(.commitLost) { throw KernelError(.unknownOutcome, "lost") }
    try model.commit(changes, from: generation)
    return model.generation
  }

  func apply(routes changes: [Change], with baton: Baton) throws {
    try baton.check()
    for change in changes {
      if case .addRoute(let route) = change, takes(.routeRefused(route)) {
        throw KernelError(.refused(errno: ENETUNREACH), "no")
      }
      try model.apply(routes: [change])
    }
  }

  /// What is there before anything happens.
  func begin(with state: NetworkState) throws {
    let plan = try Plan(current: model.state, desired: state)
    try model.commit(plan.nftables, from: model.generation)
    try model.apply(routes: plan.routes)
  }

  /// What a user would write down, without handles.
  var plainState: NetworkState {
    var state = model.state
    for table in state.tables.indices {
      for chain in state.tables[table].chains.indices {
        state.tables[table].chains[chain].handle = nil
        for rule in state.tables[table].chains[chain].rules.indices {
          state.tables[table].chains[chain].rules[rule].handle = nil
        }
      }
    }
    return state
  }

  // MARK: - Trials

  func arm(
    _ plan: TrialPlan, lasting: Duration, record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> ArmedTrial {
    let reached = try commit(
      plan.arm(deadline: .max, timeout: 1000) + plan.inPlace, record: record, from: generation, with: baton)
    return ArmedTrial(number: plan.number, tables: plan.tables, deadline: .max, generation: reached)
  }

  func confirm(_ trial: ArmedTrial, with baton: Baton) throws {
    try baton.check()
    if takes(.confirmedLate) { throw TrialError.tooLate(trial.number) }
    try model.commit(Trial.confirm(trial.number, tables: trial.tables), from: model.generation)
    if takes(.confirmationLost) { throw KernelError(.unknownOutcome, "lost") }
  }

  func promote(record: RecordUpdate, with baton: Baton) throws -> Promotion? {
    try baton.check()
    try model.commit(Trial.promote(model.state.tables), from: model.generation)
    return Promotion(generation: model.generation)
  }

  func cleanUp(record: RecordUpdate) throws -> UInt32? {
    if takes(.cleanUpFails) { throw KernelError(.generationMoved, "somebody was faster all the time") }
    try model.commit(Trial.cleanUp(model.state.tables), from: model.generation)
    return model.generation
  }

  func verdict(of number: UInt64) -> TrialVerdict {
    switch TrialSituation(model.state.tables).trial?.phase {
    case .kept: .kept
    case .armed: .armed
    case .expired, nil: .gone
    }
  }

  // MARK: - The way back

  nonisolated func inverse(of changes: [Change], inPlace: [Change], from snapshot: Snapshot) -> Inverse {
    ways.withLock { ways in
      ways.append((snapshot.state, Swift.Set(inPlace.compactMap(\.tableID))))
      return Inverse(bytes: [UInt8(ways.count - 1)])
    }
  }

  func rehearse(_ inverse: Inverse) {}

  func undo(_ inverse: Inverse) throws {
    if takes(.undoFails) { throw KernelError(.refused(errno: EPERM), "no") }
    let old = ways.withLock { $0[Int(inverse.bytes[0])] }
    model.interfere { state in
      state.routes = old.state.routes
      state.policyRules = old.state.policyRules
      state.tables.removeAll { old.tables.contains($0.id) }
      state.tables += old.state.tables.filter { old.tables.contains($0.id) }
    }
  }
}
