import Agent
import Locking

/// What never must be, and was.
package struct Breach: Sendable, CustomStringConvertible {
  /// The function that found it.
  package var invariant: String
  package var detail: String

  package var description: String { "\(invariant): \(detail)" }
}

extension Cluster {
  func breach(_ invariant: String, _ detail: @autoclosure () -> String) {
    guard breach == nil else { return }
    let found = Breach(invariant: invariant, detail: detail())
    breach = found
    tell("BREACH: \(found)")
  }

  /// After every event.
  func checkInvariants() {
    checkSlots()
    for node in nodes where node.hasChange {
      checkEffect(of: node)
      checkMixture(of: node)
      checkLateConfirmation(of: node)
    }
    if hasFlaws { for node in nodes { checkCutOff(of: node) } }
    checkIntents()
  }

  /// Never have more nodes an unconfirmed change in effect than there are slots.
  private func checkSlots() {
    var count = 0
    for node in nodes where node.hasChange && node.unconfirmed != nil { count += 1 }
    if count > slots { breach("slots", "\(count) nodes have an unconfirmed change in effect, with \(slots) slots") }
  }

  /// What is in effect and not confirmed has a grant that stands, an intent that was written under it and before any halt,
  /// and a journal on disk; and it is of one process.
  private func checkEffect(of node: Node) {
    guard let token = node.unconfirmed else { return }
    if !store.stands(token) {
      breach("grant", "\(node.name) has the change of token \(token) in effect, whose grant is over")
    }
    guard let intent = store.intentLog.last(where: { $0.token == token }) else {
      return breach("intent", "\(node.name) has the change of token \(token) in effect without an intent")
    }
    if let halt = store.halt, halt.modified < intent.revision {
      breach("halt", "\(node.name) has a change in effect whose intent came after the halt")
    }
    if node.disk.synced?.token != token {
      breach("journal", "\(node.name) has the change of token \(token) in effect without a journal on disk")
    }
    if node.isTrying, let trial = node.kernel.trial, let routes = node.kernel.openRoutes {
      if trial.token != routes.token || trial.instance != routes.instance {
        breach("instance", "\(node.name) has changes of two grants in effect")
      }
    }
  }

  /// No intent is written without a valid grant, beside a halt or somebody's abandoned change, or for a generation that
  /// has failed.
  private func checkIntents() {
    guard let newest = store.intentLog.last, let complaint = newest.complaint else { return }
    breach("intent", "the intent of token \(newest.token) was written though \(complaint)")
  }

  /// A kernel never has something put on top of what it was not made for, and never loses what was confirmed.
  private func checkMixture(of node: Node) {
    if let mixed = node.kernel.mixed { breach("mixture", "\(node.name): \(mixed)") }
  }

  /// A trial that was over is never confirmed: once its element is gone by nobody, and before that, when it was over by the
  /// clock, only by a process that was stopped right before it asked for it.
  private func checkLateConfirmation(of node: Node) {
    guard let trial = node.kernel.trial else { return }
    guard let confirmed = trial.confirmed else {
      // A clock that was set there and back leaves no trace but in those who looked meanwhile.
      let overSince = node.isTrying ? nil : trial.overSince ?? now
      node.kernel.trial?.overSince = overSince
      return
    }
    let isLate = trial.overSince.map { confirmed.looked >= $0 } ?? false
    if isLate || confirmed.at > trial.ends {
      breach("late", "\(node.name): trial \(trial.number) was over, and then confirmed")
    }
  }

  /// A change that cuts its node off is gone by its deadline: some 10 s, and a second.
  private func checkCutOff(of node: Node) {
    guard node.suffers({ $0.dropsIn || $0.dropsOut }) else {
      node.cutOffSince = nil
      return
    }
    let since = node.cutOffSince ?? now
    node.cutOffSince = since
    if now - since > .seconds(11) {
      breach("cutOff", "\(node.name) has been cut off by its own change for \((now - since) / 1_000) ms")
    }
  }

  // MARK: - At certain steps

  /// Who is granted the baton is among the oldest in the queue, and tokens of grants grow.
  func checkOrder(of token: UInt64, for process: AgentProcess) {
    guard let index = store.queue.firstIndex(where: { $0.order == token }) else { return }
    if index >= slots { breach("order", "\(process.node.name) holds token \(token) with \(index) before it") }
    if slots == 1, token <= newestGrant { breach("order", "token \(token) was granted after \(newestGrant)") }
    newestGrant = max(newestGrant, token)
  }

  /// Each change of a node has a token above all before it, unless two of its processes may hold a slot each.
  func noteEffect(of token: UInt64, by process: AgentProcess) {
    let node = process.node
    if slots == 1, token < node.kernel.newestToken {
      breach("token", "\(node.name): token \(token) takes effect after \(node.kernel.newestToken)")
    }
    node.kernel.newestToken = token
  }

  /// No write of a change that a dead-man guards is begun after its time. What is stopped between its last look at the time
  /// and the write itself can still come late.
  func checkTime(of change: Change, _ looked: Microseconds) {
    guard looked >= change.deadline else { return }
    breach("deadline", "\(change.node.name) goes on with token \(change.token) after the change's own deadline")
  }

  /// No change is confirmed without its intent.
  func noteConfirmed(_ token: UInt64, on node: Node) {
    node.confirmed = token
    if !store.intentLog.contains(where: { $0.token == token && $0.complaint == nil }) {
      breach("intent", "\(node.name) has confirmed token \(token), which never had a good intent")
    }
  }

  /// What is told of a change is what became of it.
  func checkTruth(of outcome: ChangeMachine.Outcome, _ token: UInt64, on node: Node) {
    let isTold = outcome == .applied
    if isTold != (node.confirmed == token), outcome != .nothingLeft {
      breach("truth", "\(node.name) tells of token \(token): \(outcome), and it was\(isTold ? " not" : "") confirmed")
    }
  }

  /// Once a change is closed, a node has exactly what one spec asks for, apart from what others wrote.
  func checkWhole(_ node: Node) {
    let kernel = node.kernel
    let rules = kernel.trial?.isKept == true ? kernel.trial?.rules.number : kernel.rules.number
    let isWhole = specs.contains { $0.rules == rules && kernel.routes == [$0.routes, $0.routes] }
    if !isWhole {
      breach("whole", "\(node.name) is left with rules \(rules ?? -1) and routes \(kernel.routes)")
    }
  }

  /// When all is well again, nothing is left over, and every node has what the newest spec asks for.
  var isConverged: Bool {
    guard let spec = specs.last, store.halt == nil, store.intents.isEmpty, store.queue.isEmpty else { return false }
    return nodes.allSatisfy { node in
      let kernel = node.kernel
      return kernel.rules.number == spec.rules && kernel.rules.scars.isEmpty && kernel.trial == nil
        && kernel.routes == [spec.routes, spec.routes] && kernel.openRoutes == nil && node.disk.journal == nil
        && node.wanted.generation == spec.generation
    }
  }
}
