import Agent
import Locking

/// What `AgentDriver` does for each action.
extension AgentProcess {
  /// What one reading of the kernel says about the wanted spec.
  struct Preparation {
    enum Leftover {
      case unconfirmed, confirmed
    }

    var spec: SpecVersion
    var kernelGeneration: Int
    var rules: NodeKernel.Rules
    var routes: [Int]
    var leftover: Leftover?

    var changesRules: Bool { rules.number != spec.rules || !rules.scars.isEmpty }
    var changesRoutes: Bool { routes != [spec.routes, spec.routes] }
    var isEmpty: Bool { !changesRules && !changesRoutes }
  }

  /// - Parameter spec: nil for the newest.
  func prepare(_ spec: SpecVersion? = nil) -> Preparation {
    let kernel = node.kernel
    return Preparation(
      spec: spec ?? node.wanted, kernelGeneration: kernel.generation, rules: kernel.rules, routes: kernel.routes,
      leftover: kernel.trial.map { $0.isKept ? .confirmed : .unconfirmed })
  }

  private var isJournalAbandoned: Bool { node.disk.journal != nil && node.disk.owner == nil }

  // MARK: - Planning

  func plan() {
    if isJournalAbandoned { return handle(.planned(.unsettled)) }
    if isIntentChecked { return planFromKernel() }
    ask(.view) { [unowned self] answer in
      if case .success(.status(let status, _)) = answer {
        if status.intents.contains(where: { $0.node == node.name && status.isOrphaned($0) }) {
          return handle(.planned(.unsettled))
        }
        isIntentChecked = true
      }
      step { [unowned self] in planFromKernel() }
    }
  }

  private func planFromKernel() {
    let preparation = prepare()
    switch preparation.leftover {
    case .unconfirmed: return handle(.planned(.unsettled))
    case .confirmed: break
    case nil:
      guard !preparation.isEmpty else { return reportInSync(preparation) }
    }
    self.preparation = preparation
    handle(.planned(.changes))
  }

  private func reportInSync(_ preparation: Preparation) {
    ask(.putNode(record("in sync", preparation.spec.name, token: nil))) { [unowned self] _ in
      handle(.planned(.nothing))
    }
  }

  func record(_ outcome: String, _ generation: String, token: UInt64?) -> NodeRecord {
    NodeRecord(node: node.name, generation: generation, version: "1", time: "", outcome: outcome, token: token)
  }

  // MARK: - The baton

  func acquire() {
    guard let preparation else { return handle(.batonRefused("there is no plan")) }
    // From before the question: the answer may have waited for a process that was stopped.
    askedAt = elapsed
    refuse(preparation.spec) { [unowned self] reason in
      if let reason { return handle(.batonRefused(reason)) }
      let attempt = Attempt(
        self, LockRequest(holder: holder, purpose: "", wait: cluster.wait, slots: cluster.slots))
      self.attempt = attempt
      attempt.start()
    }
  }

  /// What failed on one node is not tried again, here or there, until somebody asks for it. And what another process of
  /// this node has begun is not settled yet: if that one is gone, it is ours to settle once its lease has ended.
  private func refuse(_ spec: SpecVersion, _ then: @escaping (String?) -> Void) {
    ask(.view) { [unowned self] answer in
      guard case .success(.status(let status, _)) = answer else { return then("store away") }
      if let failed = status.failed(generation: spec.name), cluster.mutation != .failedGeneration {
        return then("\(spec.name) failed on \(failed.node)")
      }
      if let intent = status.intents.first(where: { $0.node == node.name }) {
        isIntentChecked = false
        return then("the change of token \(intent.token) is not settled")
      }
      then(nil)
    }
  }

  func release() {
    guard let baton, let attempt else { return released() }
    baton.end(.released)
    attempt.leave { [unowned self] in released() }
  }

  private func released() {
    baton = nil
    attempt = nil
    preparation = nil
    handle(.released)
  }

  // MARK: - Applying

  func apply() {
    // Another generation may have come while it waited, and the one that it asked for may have failed elsewhere.
    let spec = node.wanted
    let isKnown = elapsed - askedAt <= .milliseconds(500) && spec.generation == preparation?.spec.generation
    guard !isKnown else { return promoteLeftover(spec) }
    refuse(spec) { [unowned self] reason in
      if let reason { return handle(.applyFailed(reason)) }
      step { [unowned self] in promoteLeftover(spec) }
    }
  }

  /// The journal is claimed before the plan is made: no other process of this node changes anything in between, or what
  /// is noted as the way back would be from before that.
  private func promoteLeftover(_ spec: SpecVersion) {
    guard node.disk.owner == nil else { return handle(.applyFailed("another process is in the middle of a change")) }
    node.disk.owner = self
    let preparation = prepare(spec)
    guard preparation.leftover == .confirmed else { return applyPlan(preparation) }
    promote { [unowned self] reason in
      if let reason { return giveUp(.applyFailed(reason)) }
      applyPlan(prepare(spec))
    }
  }

  private func giveUp(_ event: AgentMachine.Event) {
    if node.disk.owner === self { node.disk.owner = nil }
    handle(event)
  }

  private func applyPlan(_ preparation: Preparation) {
    self.preparation = preparation
    guard !preparation.isEmpty else { return giveUp(.applied) }
    // It was closed when this was planned; another process has died over it since.
    guard node.disk.journal == nil else { return giveUp(.applyFailed("an earlier change is open")) }
    let change = Change(self, preparation)
    self.change = change
    change.begin()
  }

  func finish(_ outcome: ChangeMachine.Outcome, isRecovery: Bool) {
    change = nil
    if node.disk.owner === self { node.disk.owner = nil }
    tell("the change ends: \(outcome)")
    if isRecovery {
      return handle(node.disk.journal == nil ? .recovered : .recoveryFailed("the journal stays"))
    }
    switch outcome {
    case .applied, .nothingLeft: handle(.applied)
    case .refused(let reason), .reverted(let reason), .declined(let reason), .stuck(let reason):
      handle(.applyFailed(reason))
    }
  }

  /// Makes a confirmed trial plain; may be repeated.
  /// - Parameter then: gets why not.
  func promote(_ tries: Int = 64, _ then: @escaping (String?) -> Void) {
    let (generation, scars) = (node.kernel.generation, node.kernel.rules.scars)
    if node.kernel.trial?.isKept != true { return then(nil) }
    step { [unowned self] in
      if let objection = objection() { return then("\(objection)") }
      do throws(NodeKernel.Refusal) {
        let seen = cluster.mutation == .generationCompare ? nil : generation
        try node.kernel.promote(from: seen, scars: scars)
        tell("makes the rules plain: rules \(node.kernel.rules.number)")
        step { then(nil) }
      } catch {
        if tries == 0 { return then("too busy") }
        step { [unowned self] in promote(tries - 1, then) }
      }
    }
  }

  // MARK: - Recovery

  func recover() {
    if node.disk.journal != nil {
      guard node.disk.owner == nil else { return handle(.recoveryFailed("a living process works on the journal")) }
      node.disk.owner = self
      let change = Change(recovering: self)
      self.change = change
      return change.goOn()
    }
    if node.kernel.trial?.isKept == false {
      tell("cleans up trial \(node.kernel.trial?.number ?? 0), which has no journal")
      node.kernel.cleanUp(sparesKept: cluster.mutation != .cleanUpSparesKept)
    }
    settleIntentWithoutJournal()
  }

  /// Without a journal nothing had begun.
  private func settleIntentWithoutJournal() {
    ask(.view) { [unowned self] answer in
      guard case .success(.status(let status, _)) = answer else { return handle(.recoveryFailed("store away")) }
      guard let intent = status.intents.first(where: { $0.node == node.name && status.isOrphaned($0) }) else {
        isIntentChecked = true
        return handle(.recovered)
      }
      settle(record("refused", intent.generation, token: intent.token), halt: nil, with: nil) {
        [unowned self] failure in
        if let failure { return handle(.recoveryFailed("\(failure)")) }
        isIntentChecked = true
        handle(.recovered)
      }
    }
  }
}
