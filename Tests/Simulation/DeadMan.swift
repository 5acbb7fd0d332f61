/// The process that takes routes back when nobody tells it to leave them. It has a session of its own and outlives the
/// agent; a power loss ends it too.
final class DeadMan {
  enum State {
    case armed, kept, undone, dismissed
  }

  private unowned let node: Node
  let agent: AgentProcess
  private let journal: Node.Journal
  private(set) var state = State.armed

  /// - Parameter deadline: by the node's boot clock, from now.
  init(_ node: Node, for agent: AgentProcess, _ journal: Node.Journal, in deadline: Microseconds) {
    self.node = node
    self.agent = agent
    self.journal = journal
    schedule(after: node.clock.truth(deadline))
  }

  private func schedule(after delay: Microseconds) {
    let boot = node.boot
    node.cluster.later(after: delay) { [self] in
      if node.boot == boot { act("its time is over") }
    }
  }

  /// The pipe to the agent is closed.
  func hearAgentDied() {
    guard state == .armed else { return }
    schedule(after: node.cluster.random.number(in: 100...3_000))
  }

  /// - Returns: whether the change stays.
  func keep() -> Bool {
    guard state == .armed else { return state == .kept }
    state = .kept
    markKept()
    return true
  }

  func dismiss() {
    if state == .armed { state = .dismissed }
  }

  private func markKept() {
    node.kernel.openRoutes = nil
    guard node.disk.journal?.token == journal.token else { return }
    node.disk.journal?.mark = .kept
    node.disk.sync()
  }

  /// A confirmed trial is what decides.
  private func act(_ reason: String) {
    guard state == .armed, node.deadMan === self, node.isUp else { return }
    if let trial = journal.trial, node.kernel.trial?.number == trial, node.kernel.trial?.isKept == true {
      node.tell("the dead-man finds trial \(trial) confirmed, and leaves the routes")
      state = .kept
      return markKept()
    }
    node.tell("the dead-man takes the routes of token \(journal.token) back: \(reason)")
    state = .undone
    node.undo(journal)
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
