import Agent
import Locking

/// The first step with an effect: routes, the rules on trial, routes.
extension Change {
  func takeEffect() {
    if let doubt = clockDoubt() { return fail(.effect, doubt, hadEffect: false) }
    guard let preparation, preparation.changesRoutes else { return changeRules(hasRoutes: false) }
    if let objection = process.objection() { return fail(.effect, "\(objection)", hadEffect: false) }
    guard changeRoute(0, preparation) else { return fail(.effect, "a route is not as it was", hadEffect: false) }
    process.step { [self] in changeRules(hasRoutes: true) }
  }

  /// - Returns: false if another has changed it since the plan was made: what should be removed is not there, or what
  ///   should be added is.
  private func changeRoute(_ index: Int, _ preparation: AgentProcess.Preparation) -> Bool {
    guard node.kernel.routes[index] == preparation.routes[index] else { return false }
    node.kernel.routes[index] = preparation.spec.routes
    if node.kernel.openRoutes == nil {
      node.kernel.openRoutes = .init(token: token, instance: process.instance, began: cluster.now, trial: trial)
    }
    process.tell("routes \(preparation.spec.routes) are in place, part \(index + 1)")
    cluster.noteEffect(of: token, by: process)
    return true
  }

  private func changeRules(hasRoutes: Bool) {
    guard let preparation else { return }
    guard trial != nil else { return changeRoutesAfter(preparation) }
    if !hasDeadMan {
      guard let time = trialTime() else { return fail(.effect, "the baton leaves no time", hadEffect: hasRoutes) }
      deadline = process.elapsed + time
    }
    let lasting = deadline - process.elapsed
    if let reason = outlasts(lasting) { return fail(.effect, reason, hadEffect: hasRoutes) }
    clockEnds = node.wall + lasting
    process.step { [self] in
      if let reason = outlasts(lasting) { return fail(.effect, reason, hadEffect: hasRoutes) }
      // Stopped right here, it arms late.
      if node.weakness == .pauses {
        process.step { [self] in arm(preparation, lasting) }
      } else {
        arm(preparation, lasting)
      }
    }
  }

  /// Why a trial of this length cannot be: the baton must last a second longer.
  private func outlasts(_ lasting: Microseconds) -> String? {
    if let objection = process.objection() { return "\(objection)" }
    guard cluster.mutation != .trialOutlastsLease else { return nil }
    return process.batonLeft >= lasting + .seconds(1) ? nil : "the trial would outlast the baton"
  }

  private func arm(_ preparation: AgentProcess.Preparation, _ lasting: Microseconds) {
    if node.kernel.generation != preparation.kernelGeneration, cluster.mutation != .generationCompare {
      return moved()
    }
    let elementEnds = cluster.mutation == .timedElement ? Int.max : cluster.now + node.clock.truth(lasting)
    let trial = NodeKernel.Trial(
      number: trial ?? 0, token: token, instance: process.instance, began: cluster.now,
      rules: .init(number: preparation.spec.rules), elementEnds: elementEnds,
      clockEnds: cluster.mutation == .metaTime ? Int.max : clockEnds)
    node.kernel.arm(trial, from: preparation.rules)
    process.tell("arms trial \(trial.number) of rules \(preparation.spec.rules) for \(lasting / 1_000) ms")
    cluster.noteEffect(of: token, by: process)
    if elementEnds != Int.max { cluster.lookAgain(at: elementEnds) }
    process.step { [self] in
      if let reason = outlasts(lasting) {
        node.kernel.cleanUp(sparesKept: true)
        return fail(.effect, reason, hadEffect: preparation.changesRoutes)
      }
      changeRoutesAfter(preparation)
    }
  }

  private func moved() {
    process.tell("another program has committed meanwhile")
    process.step { [self] in
      if let journal { node.undo(journal) }
      process.step { [self] in feed(.moved) }
    }
  }

  private func changeRoutesAfter(_ preparation: AgentProcess.Preparation) {
    guard preparation.changesRoutes else { return done(.effect) }
    process.step { [self] in
      if let objection = process.objection() { return fail(.effect, "\(objection)", hadEffect: true) }
      guard changeRoute(1, preparation) else { return fail(.effect, "a route is not as it was", hadEffect: true) }
      done(.effect)
    }
  }
}
