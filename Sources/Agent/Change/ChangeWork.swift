import Probing
import Spec
import Model
import Logging
package import History
import Kernel
package import Locking
package import Plan

/// Does what `ChangeMachine` asks for, for one change: each answer is what the kernel and the store said.
package actor ChangeWork: ChangeSteps {
  let parts: ChangeParts
  let baton: Baton
  let claim: ChangeClaim
  let event: HistoryRecord.Event
  /// Whether a generation that has failed may be tried: a person says so, an agent never does.
  let again: Bool
  /// What is applied in the end: another program's commit may change the plan on the way.
  package internal(set) var preparation: Reconciler.Preparation
  /// What went wrong first, as it was thrown.
  package private(set) var cause: (any Error)?
  /// Whether the lock's store knows what came of it.
  package internal(set) var isTold = false
  /// Of nftables, after the change.
  package internal(set) var generation: UInt32?
  /// The words that somebody has seen already; those of a large change are let go once they are on record.
  var shown: (text: PlanText, plan: Plan)?
  /// The newest of the history.
  var record: HistoryRecord?

  var trial: TrialPlan?
  var armed: ArmedTrial?
  var inverse: Inverse?
  var deadMan: (any DeadMan)?
  /// When the proof must have been given.
  var deadline = ContinuousClock.now
  var proof: Proof?
  let clocks: ClockWatch
  private var tries: UInt64 = 0

  /// - Parameters:
  ///   - again: whether the generation may be tried although it has failed.
  ///   - shown: what somebody has been shown, and the plan that it was for.
  package init(
    _ parts: ChangeParts, _ preparation: Reconciler.Preparation, _ claim: ChangeClaim, with baton: Baton,
    event: HistoryRecord.Event, again: Bool = false, shown: (text: PlanText, plan: Plan)? = nil
  ) {
    self.parts = parts
    self.claim = claim
    self.baton = baton
    self.event = event
    self.again = again
    self.preparation = preparation
    self.shown = shown
    clocks = ClockWatch(.now)
  }

  /// Carries the change through.
  package func run() async -> ChangeMachine.Outcome {
    do {
      let outcome = await ChangeDriver(self).change(try outline(), with: baton)
      // Where the journal stays, whoever settles it next needs the dead-man's part of the claim.
      await deadMan?.standDown()
      return outcome
    } catch {
      return .refused("\(error)")
    }
  }

  var kernel: any TrialKernel { parts.kernel }
  var isProved: Bool { parts.terms.isProved(preparation.spec) }

  /// What the plan asks for. Makes a trial's number, too: another one each time, or a confirmation that was held up could
  /// be for either.
  private func outline() throws -> ChangeMachine.Outline {
    trial = nil
    try parts.terms.checkProof(of: preparation.spec)
    guard isProved else { return .init(isProved: false, hasTrial: false, needsDeadMan: false) }
    tries += 1
    let trial = TrialPlan(preparation, number: baton.token << 4 | tries)
    try parts.terms.check(trial, for: preparation.spec)
    self.trial = trial
    return .init(
      isProved: true, hasTrial: !trial.tables.isEmpty,
      needsDeadMan: !preparation.plan.routes.isEmpty || !trial.inPlace.isEmpty)
  }

  package func carryOut(_ action: ChangeMachine.Action) async -> ChangeMachine.Event {
    switch action {
    case .perform(let step): await answer(step) { try await self.perform(step) }
    case .settle(let outcome): await answer(.settle) { try await self.settle(outcome) }
    case .plan: await planAnew()
    case .finish: .done(.close)
    }
  }

  private func perform(_ step: ChangeMachine.Step) async throws -> ChangeMachine.Event? {
    switch step {
    case .announce: try await announce()
    case .journal: try await writeJournal()
    case .deadMan: try await startDeadMan()
    case .effect: return try await takeEffect()
    case .prove: return try await prove()
    case .confirm: try await confirm()
    case .keep: try await keep()
    case .promote: try await promote()
    case .revert: return try await revert()
    case .settle: break
    case .close: try await close()
    }
    return nil
  }

  private func answer(
    _ step: ChangeMachine.Step, _ body: () async throws -> ChangeMachine.Event?
  ) async -> ChangeMachine.Event {
    parts.logger.debug("a step begins", metadata: ["step": "\(step)", "token": "\(baton.token)"])
    do {
      return try await body() ?? .done(step)
    } catch {
      let failure = error as? StepFailure ?? StepFailure(error)
      cause = cause ?? failure.cause
      // Whoever asked for the change is told in its outcome.
      parts.logger.debug("a step failed", metadata: ["step": "\(step)", "error": "\(failure.reason)"])
      return .failed(step, reason: failure.reason, hadEffect: failure.hadEffect)
    }
  }

  private func planAnew() async -> ChangeMachine.Event {
    do {
      preparation = try await parts.reconciler.prepare(preparation.spec)
      return .planned(preparation.plan.isEmpty ? nil : try outline())
    } catch {
      cause = error
      return .unplannable("\(error)")
    }
  }
}

/// What must hold for the change to stay.
struct Proof {
  var probes: ProbeSet
  /// What failed before it was made.
  var before: [ProbeFailure]
}
