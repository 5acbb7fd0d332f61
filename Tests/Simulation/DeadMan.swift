/// The process that takes routes back when nobody tells it to leave them. It has a session of its own and outlives the
/// agent; a power loss ends it too. `DeadManWatch`, in virtual time.
final class DeadMan {
  private enum State {
    case armed
    /// The time has come, and the trial stands still.
    case deciding
    /// What the agent changes from here on is taken back, too.
    case staying
    case over
  }

  /// Between two looks for what comes late.
  static let pauseBetweenLooks = Microseconds.milliseconds(500)
  /// How long after the deadline a trial may take to end by itself.
  static let slack = Microseconds.seconds(1)

  private unowned let node: Node
  let agent: AgentProcess
  private let journal: Node.Journal
  private let deadline: Microseconds
  private var state = State.armed
  private var isKept = false

  /// - Parameter deadline: by the node's boot clock.
  init(_ node: Node, for agent: AgentProcess, _ journal: Node.Journal, until deadline: Microseconds) {
    self.node = node
    self.agent = agent
    self.journal = journal
    self.deadline = deadline
    wake(after: node.clock.truth(deadline - node.clock.elapsed)) { [self] in
      if state == .armed { decide("its time is over", until: deadline + DeadMan.slack) }
    }
  }

  /// It has its part of the claim on the node's change as long.
  var isAtWork: Bool { state != .over }

  private func wake(after delay: Microseconds, _ body: @escaping () -> Void) {
    let boot = node.boot
    node.cluster.later(after: delay) { [self] in
      if node.boot == boot, node.isUp, node.deadMan === self { body() }
    }
  }

  // MARK: - What it hears

  /// The pipe to the agent is closed.
  func hearAgentDied() {
    wake(after: node.cluster.random.number(in: 100...3_000)) { [self] in
      switch state {
      case .armed: decide("the agent is gone", until: min(node.clock.elapsed, deadline))
      case .staying: look()
      // It listens again when it has decided.
      case .deciding, .over: break
      }
    }
  }

  /// - Returns: whether the change stays.
  func keep() -> Bool {
    if state == .armed || state == .deciding && isConfirmed { keepChange() }
    return isKept
  }

  func dismiss() { state = .over }

  // MARK: - The decision

  private var isConfirmed: Bool { trial?.isKept == true }

  private var trial: NodeKernel.Trial? {
    guard let trial = node.kernel.trial, trial.number == journal.trial else { return nil }
    return trial
  }

  /// A confirmed trial is what decides.
  /// - Parameter end: when a trial that still stands is ended.
  private func decide(_ reason: String, until end: Microseconds) {
    state = .deciding
    if isConfirmed {
      node.tell("the dead-man finds trial \(journal.trial ?? 0) confirmed, and leaves the routes")
      return keepChange()
    }
    if let ends = trial?.elementEnds, node.cluster.now < ends {
      guard node.clock.elapsed >= end else {
        return wake(after: .milliseconds(2)) { [self] in
          if state == .deciding { decide(reason, until: end) }
        }
      }
      node.kernel.cleanUp(sparesKept: true)
    }
    undo(reason)
  }

  private func keepChange() {
    state = .over
    isKept = true
    node.kernel.openRoutes = nil
    mark(.kept)
  }

  private func undo(_ reason: String) {
    node.tell("the dead-man takes the routes of token \(journal.token) back: \(reason)")
    node.undo(journal)
    mark(.ended(failed: true, reason: reason))
    state = .over
    guard node.cluster.mutation != .lateLook else { return }
    state = .staying
    if agent.isAlive { lookAgain() } else { look() }
  }

  private func mark(_ mark: Node.Journal.Mark) {
    guard node.disk.journal?.token == journal.token else { return }
    node.disk.journal?.mark = mark
    node.disk.sync()
  }

  // MARK: - What comes late

  private func lookAgain() {
    wake(after: DeadMan.pauseBetweenLooks) { [self] in
      if state == .staying { look() }
    }
  }

  private func look() {
    if node.kernel.openRoutes?.token == journal.token { node.tell("the dead-man finds routes that came late") }
    node.undo(journal)
    if agent.isAlive { lookAgain() } else { state = .over }
  }
}

extension Node {
  /// Brings the routes back as they were before this change.
  func undo(_ journal: Journal) {
    // What a machine had before it started anew is gone.
    guard journal.boot == boot, journal.changesRoutes, kernel.routes != journal.routes else { return }
    if kernel.openRoutes?.token != journal.token { kernel.mixed = "routes that were confirmed are taken back" }
    kernel.routes = journal.routes
    kernel.openRoutes = nil
  }
}
