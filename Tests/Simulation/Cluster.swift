import Locking

/// A cluster in virtual time: nodes, etcd, the network between them, and the people who look after it.
///
/// All that happens comes off one agenda, and all chance from one seed: the same seed is the same story.
final class Cluster {
  static let timeToLive = Microseconds.seconds(10)

  let seed: UInt64
  let mutation: Mutation?
  let clock = VirtualClock()
  var random: SeededRandom
  var agenda = Agenda()
  var store: Store
  var story: Story
  private(set) var nodes: [Node] = []
  let slots: Int
  /// What agents ask for.
  let wait: LockRequest.Wait

  /// By number.
  var rulesFlaws: [Flaw?] = [nil]
  var routesFlaws: [Flaw?] = [nil]
  var hasFlaws = false
  var specs = [SpecVersion(generation: 0, rules: 0, routes: 0)]

  var watches: [Watch] = []
  /// Until when etcd answers nobody, in truth.
  var storePaused: Microseconds = 0
  var troubles: Troubles
  var isTroubled = true
  var breach: Breach?
  /// Kept to the end, so that a late answer finds whom it was for.
  var processes: [AgentProcess] = []
  private var instances = 0
  private var leases = 0
  var newestGrant: UInt64 = 0
  var isVisitDue = false
  /// Of the change that the last halt was about.
  var lastHalted: UInt64?

  struct Watch {
    var process: AgentProcess
    var target: Store.Target
    var tell: (News) -> Void
  }

  enum News {
    case stands, changed, broke
  }

  init(seed: UInt64, mutation: Mutation?, isTold: Bool) {
    self.seed = seed
    self.mutation = mutation
    var random = SeededRandom(seed: seed)
    story = Story(isTold: isTold)
    store = Store(mutation: mutation, drift: random.number(in: -10_000...10_000))
    slots = random.pick([1, 1, 1, 2, 3])
    let count = random.pick([3, 3, 3, 4, 5, 6, 7])
    wait = random.once(in: 4) ? .atMost(.seconds(random.number(in: 2...20))) : .unlimited
    troubles = Troubles(&random)
    self.random = random
    for index in 0..<count {
      nodes.append(
        Node(
          self, index: index, weakness: self.random.pick([.pauses, .pauses, .clockSteps]),
          drift: self.random.number(in: -10_000...10_000), wanted: specs[0]))
      nodes[index].wallOffset = self.random.number(in: 0...100_000_000)
    }
    tell("seed \(seed): \(count) nodes, \(slots) slots, etcd's clock \(store.drift) ppm fast")
  }

  var now: Microseconds { clock.now }

  func tell(_ text: @autoclosure () -> String) { story.tell(at: now, text()) }

  func nextInstance() -> Int {
    instances += 1
    return instances
  }

  func nextLease() -> Int {
    leases += 1
    return leases
  }

  // MARK: - Time

  func schedule(after delay: Microseconds, for process: AgentProcess, _ body: @escaping () -> Void) {
    agenda.add(at: now + delay, for: process, body)
  }

  func later(after delay: Microseconds, _ body: @escaping () -> Void) {
    agenda.add(at: now + delay, for: nil, body)
  }

  /// Something ends then by itself.
  func lookAgain(at time: Microseconds) { agenda.add(at: time, for: nil) {} }

  /// - Returns: false when nothing will ever happen again.
  func advance() -> Bool {
    guard let next = agenda.next() else { return false }
    clock.now = max(now, next.time)
    story.mix(next.time)
    story.mix(next.order)
    if let process = next.process { process.receive(next.body) } else { next.body() }
    return true
  }

  /// Lets go of everything, for what is scheduled holds what it is for.
  func dismantle() {
    agenda = Agenda()
    watches = []
    for process in processes { process.die() }
    processes = []
    for node in nodes { node.deadMan = nil }
    nodes = []
  }

  func restart(_ node: Node) {
    let delay = isTroubled ? random.pick([200_000, 1_000_000, 5_000_000, 20_000_000]) : 200_000
    later(after: random.number(in: 10_000...delay)) {
      if node.isUp, node.processes.isEmpty { node.launch() }
    }
  }
}
