import Agent
import Locking

/// What goes wrong, where and how often; drawn from the seed.
struct Troubles {
  enum Kind: CaseIterable {
    case kill, stopAgent, pause, losePower, cut, slow, foreignCommits, setClock, pauseStore, secondProcess
  }

  /// How many more.
  var left: Int
  /// Once in so many steps.
  var rarity: Int
  /// Those that there are in this schedule.
  var kinds: [Kind]

  init(_ random: inout SeededRandom) {
    left = random.pick([0, 1, 2, 3, 5, 8])
    rarity = random.pick([15, 40, 120])
    let usual: [Kind] = [.kill, .pause, .cut, .foreignCommits, .setClock, .pauseStore]
    kinds = random.once(in: 2) ? usual : Array(Kind.allCases)
    if random.once(in: 3) { kinds = [random.pick(usual)] }
  }
}

extension Cluster {
  /// Perhaps, between two steps of a process.
  func makeTrouble(at process: AgentProcess) {
    guard isTroubled, troubles.left > 0, random.once(in: troubles.rarity) else { return }
    let node = process.node
    let kind = random.pick(troubles.kinds)
    troubles.left -= 1
    switch kind {
    case .kill:
      process.tell("is killed (SIGKILL)")
      process.die()
      restart(node)
    case .stopAgent: process.handle(.stopRequested)
    case .pause: pause(process)
    case .losePower:
      node.losePower()
      later(after: random.number(in: 1_000_000...30_000_000)) { node.start() }
    case .cut: cut(node)
    case .slow:
      node.link.delay = random.pick([20_000, 300_000, 4_000_000])
      node.tell("its network takes up to \(node.link.delay / 1_000) ms")
      later(after: random.number(in: 1_000_000...20_000_000)) { node.link.delay = 2_000 }
    case .foreignCommits: commitForeign(node, random.number(in: 1...20))
    case .setClock: setClock(node)
    case .pauseStore:
      storePaused = max(storePaused, now + someTime())
      tell("etcd is stopped for \((storePaused - now) / 1_000) ms")
    case .secondProcess:
      guard node.processes.count == 1 else { return }
      node.tell("a second process is started beside it")
      node.launch()
    }
  }

  private func someTime() -> Microseconds {
    random.number(in: 10_000...random.pick([500_000, 3_000_000, 12_000_000, 40_000_000]))
  }

  private func pause(_ process: AgentProcess) {
    guard process.node.weakness == .pauses else { return }
    process.pause()
    later(after: someTime()) { process.proceed() }
  }

  private func cut(_ node: Node) {
    let length = someTime()
    let ways = random.number(in: 1...3)
    if ways & 1 != 0 { node.link.outCut = now + length }
    if ways & 2 != 0 { node.link.inCut = now + length }
    node.tell("its network is cut, \(["", "out", "in", "both ways"][ways]), for \(length / 1_000) ms")
  }

  private func setClock(_ node: Node) {
    guard node.weakness == .clockSteps else { return }
    let step = someTime() * (random.once(in: 2) ? 1 : -1)
    node.tell("its wall clock is set by \(step / 1_000) ms")
    node.wallOffset += step
  }

  /// Another program, some of whose commits touch netbaton's table.
  private func commitForeign(_ node: Node, _ count: Int) {
    guard count > 0, node.isUp else { return }
    let scar = random.once(in: 4) ? agenda.count : nil
    node.tell("another program commits" + (scar == nil ? "" : " into netbaton's table"))
    node.kernel.foreignCommit(scar: scar)
    later(after: random.number(in: 100...500_000)) {
      for process in node.processes { self.schedule(after: 0, for: process) { process.handle(.kernelChanged) } }
    }
    later(after: random.number(in: 50...20_000)) { [unowned self] in commitForeign(node, count - 1) }
  }

  /// From here on nothing goes wrong any more.
  func endTroubles() {
    tell("from here on nothing goes wrong any more")
    isTroubled = false
    for node in nodes {
      node.link = Node.Link()
      for process in node.processes { process.proceed() }
      if !node.isUp { node.start() } else if node.processes.isEmpty { node.launch() }
    }
  }
}
