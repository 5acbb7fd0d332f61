import Agent
import Locking

/// One process of the agent: the machines, and a thin shell that does what they say, one step an event. Between any two
/// steps it may be stopped or killed.
final class AgentProcess {
  enum State {
    case running, paused, dead
  }

  let node: Node
  let instance: Int
  let holder: Holder
  private(set) var state = State.running
  private var mailbox: [() -> Void] = []

  var agent = AgentMachine()
  var preparation: Preparation?
  var attempt: Attempt?
  var baton: Baton?
  var change: Change?
  /// How many steps it has gone without trouble.
  var luck = 8
  /// It is known that no earlier process of this node left an intent.
  var isIntentChecked = false
  /// Parts of a trial were seen that nobody confirmed.
  var hasLeftovers = false
  /// What has been planned: a pause that began before it is over.
  private var retries = 0

  init(_ node: Node, instance: Int) {
    self.node = node
    self.instance = instance
    holder = Holder(node: node.name, instance: "i\(instance)", pid: 1, version: "1")
  }

  var cluster: Cluster { node.cluster }
  var isAlive: Bool { state != .dead }
  var elapsed: Microseconds { node.clock.elapsed }

  func tell(_ text: @autoclosure () -> String) { node.tell("(\(holder.instance)) \(text())") }

  // MARK: - Life

  func start() {
    tell("begins")
    timer(after: .seconds(300)) { [unowned self] in resync() }
    step { [unowned self] in handle(.specChanged) }
  }

  private func resync() {
    handle(.resyncDue)
    timer(after: .seconds(300)) { [unowned self] in resync() }
  }

  func pause() {
    guard state == .running else { return }
    tell("is stopped (SIGSTOP)")
    state = .paused
  }

  func proceed() {
    guard state == .paused else { return }
    tell("goes on (SIGCONT)")
    state = .running
    let waiting = mailbox
    mailbox = []
    for body in waiting { cluster.schedule(after: 0, for: self, body) }
  }

  /// By SIGKILL, or at its own end.
  func die() {
    guard state != .dead else { return }
    state = .dead
    mailbox = []
    attempt = nil
    change = nil
    baton = nil
    node.processes.removeAll { $0 === self }
    if node.disk.owner === self { node.disk.owner = nil }
    if node.deadMan?.agent === self { node.deadMan?.hearAgentDied() }
  }

  /// What happens to it waits while it is stopped, and is lost on the dead.
  func receive(_ body: @escaping () -> Void) {
    switch state {
    case .running: body()
    case .paused: mailbox.append(body)
    case .dead: break
    }
  }

  // MARK: - Time

  /// Its next step, a moment later; anything may come in between.
  func step(_ body: @escaping () -> Void) {
    let delay = cluster.random.once(in: 60) ? 40_000 : 500
    cluster.schedule(after: cluster.random.number(in: 20...delay), for: self, body)
    cluster.makeTrouble(at: self)
  }

  /// - Parameter delay: by the node's boot clock.
  func timer(after delay: Microseconds, _ body: @escaping () -> Void) {
    cluster.schedule(after: node.clock.truth(delay), for: self, body)
  }

  // MARK: - The agent

  func handle(_ event: AgentMachine.Event) {
    for action in agent.handle(event) {
      switch action {
      case .plan:
        retries += 1
        step { [unowned self] in plan() }
      case .acquire: step { [unowned self] in acquire() }
      case .abandonWait: attempt?.handle(.cancelled)
      case .apply: step { [unowned self] in apply() }
      case .recover: step { [unowned self] in recover() }
      case .release: step { [unowned self] in release() }
      case .retry(let pause):
        tell("tries again in \(pause): \(agent.problem ?? "")")
        let number = retries
        timer(after: pause.microseconds) { [unowned self] in
          if retries == number { handle(.retryDue) }
        }
      case .finish:
        tell("ends")
        die()
        cluster.restart(node)
      }
    }
  }
}
