import Locking

/// One machine of the cluster: its kernel, disk and clocks, and the processes on it.
final class Node {
  /// What may go wrong with it beside crashes and the network. Never both: a pause between the last look at the clock and
  /// the system call, with a clock that is set back in the same moment, is more than any lock or timer can hold.
  enum Weakness {
    case pauses, clockSteps
  }

  struct Link {
    /// Until when nothing goes through, in truth.
    var outCut: Microseconds = 0
    var inCut: Microseconds = 0
    /// Of each message's way at most.
    var outDelay: Microseconds = 2_000
    var inDelay: Microseconds = 2_000
  }

  /// Which change is under way, and how to take it back.
  struct Journal: Equatable {
    enum Mark: Equatable {
      case open, kept
      case ended(failed: Bool, reason: String)
    }

    var token: UInt64
    var trial: UInt64?
    var generation: String
    /// As they were before.
    var routes: [Int]
    var changesRoutes: Bool
    var boot: Int
    var mark = Mark.open
  }

  struct Disk {
    /// What a reader sees, and what is there after a power loss.
    var journal: Journal?
    var synced: Journal?
    /// Whose lock is on it; it ends with its process.
    var owner: AgentProcess?

    mutating func sync() { synced = journal }
  }

  unowned let cluster: Cluster
  let index: Int
  let name: String
  let weakness: Weakness
  private(set) var clock: BootClock
  private(set) var boot = 1
  /// Wall clock less boot clock.
  var wallOffset: Microseconds = 0
  var kernel = NodeKernel()
  var disk = Disk()
  var deadMan: DeadMan?
  var link = Link()
  var processes: [AgentProcess] = []
  /// What stands in the spec folder.
  var wanted: SpecVersion
  var isUp = true
  /// The token of a change that the kernel refused to take back.
  var stuck: UInt64?
  /// The token of the last change that was confirmed.
  var confirmed: UInt64 = 0
  /// Since when its own rules or routes keep it from the store.
  var cutOffSince: Microseconds?

  init(_ cluster: Cluster, index: Int, weakness: Weakness, drift: Int, wanted: SpecVersion) {
    self.cluster = cluster
    self.index = index
    name = "n\(index + 1)"
    self.weakness = weakness
    self.wanted = wanted
    clock = BootClock(clock: cluster.clock, started: 0, drift: drift)
  }

  var wall: Microseconds { clock.elapsed + wallOffset }
  /// Whether there is more to look at than rules and routes that are in force: this is asked after every event.
  var hasChange: Bool { kernel.trial != nil || kernel.openRoutes != nil || kernel.mixed != nil }
  var rulesInEffect: Int {
    kernel.trial == nil ? kernel.rules.number : kernel.rulesInEffect(at: cluster.now, wall: wall)
  }
  var isTrying: Bool { kernel.trial != nil && kernel.isTrying(at: cluster.now, wall: wall) }

  /// What somebody without knowledge of trials and journals would find unproved.
  ///
  /// Two things cannot be helped: routes that came from a process which was stopped between its last look at the time and
  /// the write stay until the dead-man looks again; and routes that cannot be taken back stay, while the fleet halts.
  var unconfirmed: UInt64? {
    if isTrying { return kernel.trial?.token }
    guard let routes = kernel.openRoutes, routes.token != stuck else { return nil }
    if let late = routes.late, weakness == .pauses {
      // A look can wait for a trial's end first.
      let look = max(late, routes.ends + DeadMan.slack) + DeadMan.pauseBetweenLooks + .milliseconds(50)
      if cluster.now <= look { return nil }
    }
    return routes.token
  }

  /// Whether rules or routes in effect have a flaw of this sort here.
  func suffers(_ test: (Flaw) -> Bool) -> Bool {
    guard cluster.hasFlaws else { return false }
    if let flaw = cluster.rulesFlaws[rulesInEffect], flaw.nodes.contains(index), test(flaw) { return true }
    for number in kernel.routes {
      if let flaw = cluster.routesFlaws[number], flaw.nodes.contains(index), test(flaw) { return true }
    }
    return false
  }

  /// Nobody works on its change: neither a process of the agent nor a dead-man.
  var isChangeFree: Bool { disk.owner == nil && deadMan?.isAtWork != true }

  var dropsOut: Bool { suffers(\.dropsOut) }
  var dropsIn: Bool { suffers(\.dropsIn) }
  var hidesTarget: Bool { suffers { $0.kind == .hidesTarget } }

  func tell(_ text: @autoclosure () -> String) { cluster.story.tell(at: cluster.now, "\(name): \(text())") }

  // MARK: - Power

  func losePower() {
    guard isUp else { return }
    tell("loses its power")
    isUp = false
    for process in processes { process.die() }
    processes = []
    deadMan = nil
    kernel = NodeKernel()
    disk.journal = disk.synced
    disk.owner = nil
  }

  func start() {
    guard !isUp else { return }
    boot += 1
    isUp = true
    let wall = self.wall
    clock = BootClock(clock: cluster.clock, started: cluster.now, drift: clock.drift)
    wallOffset = wall
    tell("starts, its kernel empty")
    launch()
  }

  /// A process of the agent; there may be an earlier one that hangs.
  func launch() {
    guard isUp else { return }
    let process = AgentProcess(self, instance: cluster.nextInstance())
    processes.append(process)
    cluster.processes.append(process)
    process.start()
  }

  /// A trial that is confirmed keeps the routes that were changed with it.
  func noteKept() {
    if let open = kernel.openRoutes, let trial = open.trial, kernel.trial?.number == trial, kernel.trial?.isKept == true
    {
      kernel.openRoutes = nil
    }
  }
}
