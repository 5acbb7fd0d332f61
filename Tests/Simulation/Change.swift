import Agent
import Locking

/// One change: `ChangeDriver` and `ChangeWork` in virtual time.
final class Change {
  unowned let process: AgentProcess
  private var machine = ChangeMachine()
  /// Nil for one that an earlier process left open.
  var preparation: AgentProcess.Preparation?
  let token: UInt64
  var generation: String
  var trial: UInt64?
  /// By the node's wall clock.
  var clockEnds: Microseconds = 0
  /// By the boot clock: when the proof must have been given.
  var deadline: Microseconds = 0
  var journal: Node.Journal?
  /// When the intent was written, where this process knows.
  var intent: OpenChange?
  /// Whether the deadline is a dead-man's.
  var hasDeadMan = false
  private var tries: UInt64 = 0
  /// Wall clock less boot clock, at the beginning.
  private let wallOffset: Microseconds
  private let began: Microseconds
  private let isRecovery: Bool

  init(_ process: AgentProcess, _ preparation: AgentProcess.Preparation) {
    self.process = process
    self.preparation = preparation
    token = process.baton?.token ?? 0
    generation = preparation.spec.name
    wallOffset = process.node.wallOffset
    began = process.elapsed
    isRecovery = false
  }

  init(recovering process: AgentProcess) {
    self.process = process
    journal = process.node.disk.journal
    token = journal?.token ?? 0
    generation = journal?.generation ?? ""
    trial = journal?.trial
    wallOffset = process.node.wallOffset
    began = process.elapsed
    isRecovery = true
  }

  var node: Node { process.node }
  var cluster: Cluster { process.cluster }

  var step: ChangeMachine.Step? { machine.step }

  func begin() { feed(.started(outline())) }

  func goOn() {
    guard let journal else { return }
    process.tell("finds the journal of token \(journal.token): \(journal.mark)")
    switch journal.mark {
    case .ended(let failed, let reason): feed(.found(.ended(failed ? .reverted(reason) : .refused(reason))))
    case .kept: feed(.found(.kept))
    case .open: feed(.found(isKept || cluster.mutation == .recovery ? .kept : .open))
    }
  }

  /// Why nothing of this change may be written now: the baton's end, or, once a dead-man guards it, the change's own.
  func objection() -> String? {
    if let objection = process.objection() { return "\(objection)" }
    guard hasDeadMan, process.elapsed >= deadline, cluster.mutation != .changeDeadline else { return nil }
    return "the time of this change is over"
  }

  /// A write that has just been looked at whether it may be made. Where processes are stopped, they are also stopped right
  /// in between.
  /// - Parameter body: gets when that was, by the boot clock.
  func write(_ body: @escaping (Microseconds) -> Void) {
    let looked = process.elapsed
    guard node.weakness == .pauses else { return body(looked) }
    process.step { body(looked) }
  }

  /// What the kernel says of this trial.
  var isKept: Bool { trial != nil && node.kernel.trial?.number == trial && node.kernel.trial?.isKept == true }

  /// A trial's number is another one each time, or a confirmation that was held up could be for either.
  private func outline() -> ChangeMachine.Outline {
    tries += 1
    let hasTrial = preparation?.changesRules ?? false
    trial = hasTrial ? token << 4 | tries : nil
    return .init(isProved: true, hasTrial: hasTrial, needsDeadMan: preparation?.changesRoutes ?? false)
  }

  // MARK: - Driving

  func feed(_ event: ChangeMachine.Event) {
    guard process.change === self else { return }
    for action in machine.handle(event) {
      switch action {
      case .perform(let step): process.step { [self] in perform(step) }
      case .settle(let outcome): process.step { [self] in settle(outcome) }
      case .plan: process.step { [self] in planAnew() }
      case .finish(let outcome): process.finish(outcome, isRecovery: isRecovery)
      }
    }
  }

  func done(_ step: ChangeMachine.Step) { process.step { [self] in feed(.done(step)) } }

  func fail(_ step: ChangeMachine.Step, _ reason: String, hadEffect: Bool) {
    process.tell("step \(step) fails: \(reason)")
    feed(.failed(step, reason: reason, hadEffect: hadEffect))
  }

  private func perform(_ step: ChangeMachine.Step) {
    process.tell("step \(step)")
    switch step {
    case .announce: announce()
    case .journal: writeJournal()
    case .deadMan: startDeadMan()
    case .effect: takeEffect()
    case .prove: prove()
    case .confirm: confirm()
    case .keep: keep()
    case .promote: promote()
    case .revert: revert()
    case .settle: break
    case .close: close()
    }
  }

  private func planAnew() {
    let preparation = process.prepare(self.preparation?.spec)
    self.preparation = preparation
    if preparation.leftover != nil { return feed(.planned(nil)) }
    feed(.planned(preparation.isEmpty ? nil : outline()))
  }

  /// A wall clock that was set, or runs off by more than 1 %.
  func clockDoubt() -> String? {
    let passed = process.elapsed - began
    return abs(node.wallOffset - wallOffset) > passed / 100 + .milliseconds(50) ? "the wall clock was set" : nil
  }
}
