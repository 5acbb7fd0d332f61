/// One change under one baton, from the announcement to the record of its end: events in, actions out, no clock and no
/// kernel. `Documentation.docc` has the order with what a crash after each step leaves, and who recovers it.
///
/// At most one step is under way. A step's answer that comes late, when another is under way, means nothing and is
/// ignored; what a step has done is asked of the kernel, never assumed.
package struct ChangeMachine: Sendable {
  package enum Step: String, Hashable, Sendable, CaseIterable {
    /// The probes are run on what is there (which tells those that fail already), and the intent is written.
    case announce
    /// The plan and its inverse go to disk, with file and folder synced.
    case journal
    /// A process of its own gets the inverse and the deadline, for what the kernel does not take back by itself.
    case deadMan
    /// The first step with an effect: routes, and the rules, on trial or in place.
    case effect
    /// The probes over new connections.
    case prove
    /// The tiny transaction that makes the rules on trial stay.
    case confirm
    /// The dead-man is told to leave the rest as it is.
    case keep
    /// The rules are made plain, as if there had been no trial.
    case promote
    /// All that was done is taken back.
    case revert
    /// What came of it goes to the lock's store, and in the same step the intent away.
    case settle
    /// The journal goes.
    case close
  }

  /// What a plan asks for.
  package struct Outline: Hashable, Sendable {
    /// Whether it must be proved before it stays.
    package var isProved: Bool
    /// Whether rules are tried in the kernel, so that confirming them is what decides.
    package var hasTrial: Bool
    /// Whether routes or rules are changed which the kernel does not take back by itself.
    package var needsDeadMan: Bool

    package init(isProved: Bool, hasTrial: Bool, needsDeadMan: Bool) {
      self.isProved = isProved
      self.hasTrial = hasTrial
      self.needsDeadMan = needsDeadMan
    }
  }

  package enum Event: Hashable, Sendable {
    /// The baton is held, and there is something to change.
    case started(Outline)
    /// An earlier process left a change open.
    case found(Found)
    /// Only of `revert`: the kernel, or the dead-man, has the change as confirmed; nothing was taken back.
    case foundKept
    case done(Step)
    /// Only of `effect`: somebody else committed since the plan was made. Nothing is in effect.
    case moved
    /// The answer to `plan`; nil if nothing is left to change.
    case planned(Outline?)
    /// There is no plan any more that could be made: the other answer to `plan`.
    case unplannable(String)
    /// The step under way failed. `hadEffect` is false only where it is certain that nothing was changed by this step.
    case failed(Step, reason: String, hadEffect: Bool)
    /// Only of `prove`: it holds, but who was asked does not want it.
    case declined(String)
    /// The baton has ended, or a clock cannot be trusted: nothing may be confirmed any more.
    case untrusted(String)
  }

  /// What an open journal and the kernel say together.
  package enum Found: Hashable, Sendable {
    /// The kernel has its trial as confirmed, or its dead-man was told to keep it.
    case kept
    case open
    /// It ended so, and the lock's store was not told.
    case ended(Outcome)
  }

  package enum Action: Hashable, Sendable {
    case perform(Step)
    /// Plan anew from what the kernel has.
    case plan
    /// Tell what came of it; `halts`: and stop the fleet.
    case settle(Outcome)
    case finish(Outcome)
  }

  package enum Outcome: Hashable, Sendable {
    case applied
    /// Nothing was left to change when its turn came.
    case nothingLeft
    /// Nothing was changed, or nothing that a packet could have met.
    case refused(String)
    /// It was in effect, and is taken back.
    case reverted(String)
    /// The same, because somebody who looked at it said so: no failure.
    case declined(String)
    /// It may be in effect, and taking it back failed: the journal stays, and the next start goes on with it.
    case stuck(String)

    /// Whether nobody else may go on before this is looked at.
    package var halts: Bool {
      switch self {
      case .applied, .nothingLeft, .refused, .declined: false
      case .reverted, .stuck: true
      }
    }
  }

  /// How often a change is planned anew because other programs keep committing in between.
  package static let attempts = 8

  package private(set) var step: Step?
  private var outline = Outline(isProved: false, hasTrial: false, needsDeadMan: false)
  private var outcome: Outcome?
  private var isPlanning = false
  private var isFinished = false
  private var tries = 1
  /// From here on it stays, whatever else happens.
  private var isDecided = false
  private var doubt: String?

  package init() {}

  package mutating func handle(_ event: Event) -> [Action] {
    guard !isFinished else { return [] }
    switch event {
    case .started(let outline):
      guard step == nil, !isPlanning else { return [] }
      self.outline = outline
      return perform(.announce)
    case .found(let found):
      guard step == nil, !isPlanning else { return [] }
      return goOn(with: found)
    case .foundKept: return step == .revert ? keepAfterAll() : []
    case .done(let done): return done == step ? next(after: done) : []
    case .moved: return step == .effect ? planAnew() : []
    case .planned(let outline): return isPlanning ? planned(outline) : []
    case .unplannable(let reason): return isPlanning ? refuse(reason) : []
    case .failed(let failed, let reason, let hadEffect):
      return failed == step ? fail(failed, reason, hadEffect: hadEffect) : []
    case .declined(let reason): return step == .prove ? decline(reason) : []
    case .untrusted(let reason): return distrust(reason)
    }
  }

  // MARK: - Forward

  private mutating func next(after step: Step) -> [Action] {
    switch step {
    case .announce: return effectful(.journal)
    case .journal: return outline.isProved && outline.needsDeadMan ? effectful(.deadMan) : effectful(.effect)
    case .deadMan: return effectful(.effect)
    case .effect:
      if outline.isProved { return unlessDoubted(.prove) }
      isDecided = true
      return settle(.applied)
    case .prove: return unlessDoubted(outline.hasTrial ? .confirm : .keep)
    case .confirm:
      isDecided = true
      return outline.needsDeadMan ? perform(.keep) : perform(.promote)
    case .keep:
      isDecided = true
      return outline.hasTrial ? perform(.promote) : settle(.applied)
    case .promote: return settle(.applied)
    case .revert: return settle(outcome ?? .reverted("it was not confirmed"))
    case .settle:
      // The journal of what could not be taken back stays: the next pass, or the next process, goes on with it.
      if case .stuck = outcome { return finish() }
      return perform(.close)
    case .close: return finish()
    }
  }

  /// Steps before the first effect: with a doubt, nothing begins.
  private mutating func effectful(_ step: Step) -> [Action] {
    guard let doubt else { return perform(step) }
    return settle(.refused(doubt))
  }

  private mutating func unlessDoubted(_ step: Step) -> [Action] {
    guard let doubt else { return perform(step) }
    return revert(doubt)
  }

  private mutating func perform(_ step: Step) -> [Action] {
    self.step = step
    return [.perform(step)]
  }

  private mutating func settle(_ outcome: Outcome) -> [Action] {
    self.outcome = outcome
    step = .settle
    return [.settle(outcome)]
  }

  private mutating func revert(_ reason: String) -> [Action] {
    outcome = .reverted(reason)
    return perform(.revert)
  }

  private mutating func decline(_ reason: String) -> [Action] {
    outcome = .declined(reason)
    return perform(.revert)
  }

  private mutating func finish() -> [Action] {
    isFinished = true
    step = nil
    return [.finish(outcome ?? .stuck("it ended without an outcome"))]
  }

  // MARK: - What is found

  private mutating func goOn(with found: Found) -> [Action] {
    switch found {
    case .kept:
      isDecided = true
      return settle(.applied)
    case .open: return revert("the process that made this change ended before it was confirmed")
    case .ended(let outcome): return settle(outcome)
    }
  }

  /// The answer to a confirmation was lost, and it had come in time.
  private mutating func keepAfterAll() -> [Action] {
    outcome = nil
    return next(after: outline.hasTrial ? .confirm : .keep)
  }

  // MARK: - Planning anew

  private mutating func planAnew() -> [Action] {
    if let doubt { return settle(.refused(doubt)) }
    tries += 1
    guard tries <= ChangeMachine.attempts else {
      return settle(
        .refused(
          """
          another program changed nftables between planning and applying, \(ChangeMachine.attempts) times in a row; \
          nothing was changed: find out who commits that often (`nft monitor`), then try again
          """))
    }
    step = nil
    isPlanning = true
    return [.plan]
  }

  private mutating func refuse(_ reason: String) -> [Action] {
    isPlanning = false
    return settle(.refused(reason))
  }

  /// The journal is written again: it must say what is about to be done, and not what was.
  private mutating func planned(_ outline: Outline?) -> [Action] {
    isPlanning = false
    guard let outline else { return settle(.nothingLeft) }
    self.outline = outline
    return effectful(.journal)
  }

  // MARK: - Backward

  private mutating func fail(_ step: Step, _ reason: String, hadEffect: Bool) -> [Action] {
    switch step {
    case .announce, .journal, .deadMan: return settle(.refused(reason))
    case .effect:
      return hadEffect ? revert(reason) : settle(.refused(reason))
    case .prove: return revert(reason)
    // What a failed confirmation did, the kernel knows: `revert` leaves alone what it has as confirmed.
    case .confirm: return revert(reason)
    // With a trial that is confirmed, the dead-man finds that by itself.
    case .keep: return outline.hasTrial ? perform(.promote) : revert(reason)
    // It is in effect, and can be made plain at any time.
    case .promote: return settle(.applied)
    case .revert:
      outcome = .stuck("\(outcome?.reason ?? "it failed"); taking it back failed too: \(reason)")
      return settle(outcome ?? .stuck(reason))
    // The journal stays: the next pass, or the next process, tells it.
    case .settle, .close: return finish()
    }
  }

  private mutating func distrust(_ reason: String) -> [Action] {
    guard !isDecided, doubt == nil else { return [] }
    doubt = reason
    // No probe can make it good any more. Every other step is short, or checks for itself.
    return step == .prove ? revert(reason) : []
  }
}

extension ChangeMachine.Outcome {
  package var reason: String? {
    switch self {
    case .applied, .nothingLeft: nil
    case .refused(let reason), .reverted(let reason), .declined(let reason), .stuck(let reason): reason
    }
  }
}
