import Agent
import Locking

/// The first step with an effect: routes, the rules on trial, routes.
extension Change {
  func takeEffect() {
    if let doubt = clockDoubt() { return fail(.effect, doubt, hadEffect: false) }
    guard let preparation, preparation.changesRoutes else { return changeRules(hasRoutes: false) }
    if let objection = objection() { return fail(.effect, objection, hadEffect: false) }
    write { [self] looked in
      guard changeRoute(0, preparation, looked) else {
        return fail(.effect, "a route is not as it was", hadEffect: false)
      }
      process.step { [self] in changeRules(hasRoutes: true) }
    }
  }

  /// - Parameter looked: when it was last seen that it may be done, by the boot clock.
  /// - Returns: false if another has changed it since the plan was made: what should be removed is not there, or what
  ///   should be added is.
  private func changeRoute(
    _ index: Int, _ preparation: AgentProcess.Preparation, _ looked: Microseconds
  ) -> Bool {
    guard node.kernel.routes[index] == preparation.routes[index] else { return false }
    node.kernel.routes[index] = preparation.spec.routes
    if node.kernel.openRoutes == nil {
      node.kernel.openRoutes = .init(
        token: token, instance: process.instance, trial: trial,
        ends: cluster.now + node.clock.truth(max(0, deadline - process.elapsed)))
    }
    let isLate = process.elapsed >= deadline
    if isLate, node.kernel.openRoutes?.late == nil { node.kernel.openRoutes?.late = cluster.now }
    process.tell("routes \(preparation.spec.routes) are in place, part \(index + 1)\(isLate ? ", late" : "")")
    cluster.noteEffect(of: token, by: process)
    cluster.checkTime(of: self, looked)
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
      write { [self] _ in arm(preparation, lasting) }
    }
  }

  /// Why a trial of this length cannot be: the baton must last a second longer.
  private func outlasts(_ lasting: Microseconds) -> String? {
    if let objection = objection() { return objection }
    guard cluster.mutation != .trialOutlastsLease else { return nil }
    return process.batonLeft >= lasting + .seconds(1) ? nil : "the trial would outlast the baton"
  }

  private func arm(_ preparation: AgentProcess.Preparation, _ lasting: Microseconds) {
    if node.kernel.generation != preparation.kernelGeneration, cluster.mutation != .generationCompare {
      return moved()
    }
    let ends = cluster.now + node.clock.truth(lasting)
    let elementEnds = cluster.mutation == .timedElement ? Int.max : ends
    let trial = NodeKernel.Trial(
      number: trial ?? 0, token: token, instance: process.instance, ends: ends,
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
      if let objection = objection() { return fail(.effect, objection, hadEffect: true) }
      write { [self] looked in
        guard changeRoute(1, preparation, looked) else {
          return fail(.effect, "a route is not as it was", hadEffect: true)
        }
        done(.effect)
      }
    }
  }
}
