import Probing
import Model
import Logging
import History
import Kernel
import Locking
import Plan
import Spec

/// From the announcement to the confirmation.
extension ChangeWork {
  /// What fails before the change cannot prove anything about it: that is found out while the intent is written.
  func announce() async throws {
    let spec = preparation.spec
    let probes = ProbeSet(parts.terms.probes(for: spec), lock: lockProbe, prober: parts.prober)
    async let failures = isProved ? probes.failuresBefore() : []
    try await parts.lock.put(
      IntentRecord(
        node: baton.holder.node, holder: baton.holder, token: baton.token, generation: spec.digest,
        commit: spec.commit, bound: Int(parts.terms.intentBound(for: spec).components.seconds)),
      again: again, with: baton)
    let before = await failures
    for failure in before {
      // Without the lock's store nothing could be confirmed: it is never let off.
      if failure.place == nil { throw StepFailure("\(failure)", hadEffect: false) }
      parts.logger.warning("this probe fails already and proves nothing", metadata: ["probe": "\(failure)"])
    }
    proof = Proof(probes: probes, before: before)
  }

  private var lockProbe: ProbeSet.Lock? {
    guard parts.terms.provesLock else { return nil }
    let lock = parts.lock
    return ProbeSet.Lock(location: lock.location) { try await lock.probe() }
  }

  /// First the difference goes on record, then the way back: nothing is done that neither tells of.
  func writeJournal() async throws {
    if let record {
      _ = try parts.recorder.ended(record, outcome: .stale, reason: "planned anew", generation: nil)
    }
    // Nothing is in effect of what it guarded, and the way back is another now.
    await deadMan?.standDown()
    deadMan = nil
    let seen = preparation.plan == shown?.plan ? shown?.text : nil
    shown = nil
    record = try await parts.recorder.begin(preparation, shown: seen, event: event, token: baton.token)
    let inverse = try kernel.inverse(
      of: preparation.plan.routes, inPlace: changesTakenBackInPlace, from: preparation.snapshot)
    try claim.begin(header, inverse: inverse.bytes)
    self.inverse = inverse
  }

  private var header: ChangeHeader {
    ChangeHeader(
      node: baton.holder.node, boot: parts.journal.boot, token: baton.token, instance: baton.holder.instance,
      specGeneration: preparation.spec.digest, commit: preparation.spec.commit,
      kernelGeneration: preparation.snapshot.generation, trial: numberOfTrial,
      endsWithTransaction: !isProved && changesTakenBackInPlace.isEmpty)
  }

  /// nil if nothing is tried in the kernel.
  var numberOfTrial: UInt64? { trial.flatMap { $0.tables.isEmpty ? nil : $0.number } }

  /// Without a trial the transaction is the last step, unless routes come after it; but one that removes netbaton's own
  /// record leaves nothing to tell by that it was made.
  private var changesTakenBackInPlace: [Change] {
    if let trial { return trial.inPlace }
    let isLast = preparation.plan.routesAfter.isEmpty && !parts.reconciler.options.removesEverything
    return isLast ? [] : preparation.plan.nftables
  }

  /// The proof's time begins here: whatever delays the change, leaves less of it.
  func startDeadMan() async throws {
    deadline = .now + (try parts.terms.trialTime(for: preparation.spec, left: baton.remaining))
    deadMan = try await parts.deadMan.start(claim, deadline: deadline, trial: numberOfTrial)
  }

  /// What the change may write by: once its time is over, the dead-man takes it back, and nothing may follow.
  private var permit: Baton { deadMan == nil ? baton : baton.limited(to: deadline) }

  func takeEffect() async throws -> ChangeMachine.Event? {
    try checkClocks()
    let plan = preparation.plan
    do {
      try await kernel.apply(routes: plan.routesBefore, with: permit)
    } catch {
      // The kernel's side has undone the routes before the one that failed.
      throw StepFailure(error)
    }
    do {
      generation = try await changeRules()
    } catch let error as KernelError where error.cause == .generationMoved {
      if let inverse, !plan.routesBefore.isEmpty { try await takeBack(inverse) }
      return .moved
    } catch {
      throw StepFailure(error, hadEffect: !plan.routesBefore.isEmpty)
    }
    do {
      try await kernel.apply(routes: plan.routesAfter, with: permit)
    } catch {
      throw StepFailure(error, hadEffect: !(plan.routesBefore.isEmpty && plan.nftables.isEmpty))
    }
    return nil
  }

  private func takeBack(_ inverse: Inverse) async throws {
    do {
      try await kernel.undo(inverse)
    } catch {
      throw StepFailure(error, hadEffect: true)
    }
  }

  /// Most of what other programs commit leaves ours alone: the plan holds as it is then, and so does the way back that is on
  /// disk. To write both anew takes longer than some of them pause.
  /// - Returns: the generation of nftables afterwards.
  private func changeRules() async throws -> UInt32 {
    var tries = 0
    while true {
      do {
        return try await changeRules(from: preparation.snapshot.generation)
      } catch let error as KernelError where error.cause == .generationMoved {
        tries += 1
        guard tries < ChangeMachine.attempts, let generation = await generationOfSameTables() else { throw error }
        preparation.snapshot.generation = generation
      }
    }
  }

  /// - Returns: nil if the plan was made from other tables than the kernel has now.
  private func generationOfSameTables() async -> UInt32? {
    // What cannot be planned now is told when it is planned anew.
    guard let again = try? await parts.reconciler.prepare(preparation.spec) else { return nil }
    let isSame =
      again.leftover == nil && again.plan.nftables == preparation.plan.nftables
      && again.snapshot.state.tables == preparation.snapshot.state.tables
    return isSame ? again.snapshot.generation : nil
  }

  private func changeRules(from generation: UInt32) async throws -> UInt32 {
    guard let trial, !trial.tables.isEmpty else {
      return try await kernel.commit(
        preparation.plan.nftables, record: parts.reconciler.record(of: preparation, token: baton.token),
        from: generation, with: permit)
    }
    if deadMan == nil {
      deadline = .now + (try parts.terms.trialTime(for: preparation.spec, left: baton.remaining))
    }
    let armed = try await kernel.arm(trial, lasting: deadline - .now, record: .keep, from: generation, with: permit)
    self.armed = armed
    return armed.generation
  }

  // MARK: - Proof

  /// - Returns: the event of somebody who does not want it.
  func prove() async throws -> ChangeMachine.Event? {
    guard let proof else { throw StepFailure("there is no proof", hadEffect: true) }
    let end = deadline - ProofTerms.confirmingTime
    let failures = await proof.probes.failures(until: end, without: proof.before)
    if !failures.isEmpty {
      throw StepFailure(failures.map { "\($0)" }.joined(separator: "; "), hadEffect: true)
    }
    switch await parts.consent?.ask(until: end) {
    case .yes, nil: return nil
    case .no(let reason): return .declined(reason)
    case .unanswered(let reason): throw StepFailure(reason, hadEffect: true)
    }
  }

  func confirm() async throws {
    try checkClocks()
    guard let armed else { throw StepFailure("nothing is on trial", hadEffect: true) }
    try await kernel.confirm(armed, with: permit)
  }

  func keep() async throws {
    // With a trial, it is decided already.
    if armed == nil {
      try checkClocks()
      try permit.check()
    }
    try await deadMan?.keep()
  }

  /// From here on the trial's parts do not tell any more that it was confirmed, so that the journal must.
  func promote() async throws {
    try claim.mark(.kept)
    let record = parts.reconciler.record(of: preparation, token: baton.token)
    let promotion = try await kernel.promote(record: record, with: baton)
    parts.tell(promotion)
    generation = promotion?.generation
  }

  private func checkClocks() throws {
    if let reason = clocks.check(.now) { throw StepFailure(reason, hadEffect: false) }
  }
}
