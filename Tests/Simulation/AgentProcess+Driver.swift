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

  /// The right to work on the node's change. Nobody has it beside a process, or a dead-man, that lives.
  private func claim() -> Bool {
    guard node.isChangeFree || cluster.mutation == .claim else { return false }
    node.disk.owner = self
    return true
  }

  private func giveUpClaim() {
    if node.disk.owner === self { node.disk.owner = nil }
  }

  // MARK: - Planning

  func plan() {
    if node.disk.journal != nil, node.isChangeFree { return handle(.planned(.unsettled)) }
    if isIntentChecked { return planFromKernel() }
    findIntent { [unowned self] found in
      if case .success(.some) = found { return handle(.planned(.unsettled)) }
      if case .success = found { isIntentChecked = true }
      step { [unowned self] in planFromKernel() }
    }
  }

  /// What an earlier process of this node has announced. While another one has the claim, there is nothing to look for.
  private func findIntent(_ then: @escaping (Result<IntentRecord?, LockError>) -> Void) {
    guard claim() else { return then(.success(nil)) }
    ask(.view) { [unowned self] answer in
      giveUpClaim()
      guard case .success(.status(let status, _)) = answer else { return then(.failure(AgentProcess.unavailable)) }
      then(.success(status.intents.first { $0.node == node.name }))
    }
  }

  private func planFromKernel() {
    let preparation = prepare()
    switch preparation.leftover {
    case .unconfirmed:
      guard claim() else { return handle(.planned(.refused("another process has a change on trial"))) }
      giveUpClaim()
      hasLeftovers = true
      return handle(.planned(.unsettled))
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
    refuse(preparation.spec, besides: nil) { [unowned self] reason in
      if let reason { return handle(.batonRefused(reason)) }
      let attempt = Attempt(
        self, LockRequest(holder: holder, purpose: "", wait: cluster.wait, slots: cluster.slots))
      self.attempt = attempt
      attempt.start()
    }
  }

  /// What failed on one node is not tried again, here or there, until somebody asks for it. And nothing is begun beside an
  /// intent that this node has not settled.
  /// - Parameter token: of the own grant, if there is one.
  private func refuse(_ spec: SpecVersion, besides token: UInt64?, _ then: @escaping (String?) -> Void) {
    ask(.view) { [unowned self] answer in
      guard case .success(.status(let status, _)) = answer else { return then("store away") }
      if let intent = status.intents.first(where: { $0.node == node.name && $0.token != token }) {
        isIntentChecked = false
        return then("the change of token \(intent.token) is not settled")
      }
      if let failed = status.failed(generation: spec.name), cluster.mutation != .failedGeneration {
        return then("\(spec.name) failed on \(failed.node)")
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

  /// The claim comes first: no other process of this node changes anything in between, or what is noted as the way back
  /// would be from before that.
  func apply() {
    guard claim() else { return handle(.applyFailed("another process is in the middle of a change")) }
    // It was closed when this was planned; another process has died over it since.
    guard node.disk.journal == nil else { return giveUp(.applyFailed("an earlier change is open")) }
    let preparation = prepare()
    // Another generation may have come while it waited, and the one that it asked for may have failed elsewhere.
    refuse(preparation.spec, besides: baton?.token) { [unowned self] reason in
      if let reason { return giveUp(.applyFailed(reason)) }
      step { [unowned self] in promoteLeftover(preparation) }
    }
  }

  private func promoteLeftover(_ preparation: Preparation) {
    guard preparation.leftover == .confirmed else { return applyPlan(preparation) }
    promote { [unowned self] reason in
      if let reason { return giveUp(.applyFailed(reason)) }
      applyPlan(prepare())
    }
  }

  private func giveUp(_ event: AgentMachine.Event) {
    giveUpClaim()
    handle(event)
  }

  private func applyPlan(_ preparation: Preparation) {
    self.preparation = preparation
    guard !preparation.isEmpty else { return giveUp(.applied) }
    let change = Change(self, preparation)
    self.change = change
    change.begin()
  }

  func finish(_ outcome: ChangeMachine.Outcome, isRecovery: Bool) {
    change = nil
    if node.deadMan?.agent === self { node.deadMan?.dismiss() }
    giveUpClaim()
    tell("the change ends: \(outcome)")
    if isRecovery {
      guard node.disk.journal == nil else { return handle(.recoveryFailed("the journal stays")) }
      return step { [unowned self] in settleIntent() }
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
    guard node.disk.journal != nil, claim() else { return settleIntent() }
    let change = Change(recovering: self)
    self.change = change
    change.goOn()
  }

  /// Without a journal nothing had begun.
  private func settleIntent() {
    findIntent { [unowned self] found in
      switch found {
      case .failure(let error): handle(.recoveryFailed("\(error)"))
      case .success(nil): removeLeftovers()
      case .success(.some(let intent)):
        // As long as the claim is held, nobody announces a change here.
        guard claim() else { return removeLeftovers() }
        settle(record("refused", intent.generation, token: intent.token), halt: nil, with: nil) {
          [unowned self] failure in
          giveUpClaim()
          if let failure { return handle(.recoveryFailed("\(failure)")) }
          removeLeftovers()
        }
      }
    }
  }

  private func removeLeftovers() {
    isIntentChecked = true
    if hasLeftovers, claim() {
      tell("cleans up trial \(node.kernel.trial?.number ?? 0), which has no journal")
      node.kernel.cleanUp(sparesKept: cluster.mutation != .cleanUpSparesKept)
      giveUpClaim()
    }
    hasLeftovers = false
    handle(.recovered)
  }
}
