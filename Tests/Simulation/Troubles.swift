import Agent
import Locking

/// What goes wrong, where and how often; drawn from the seed.
struct Troubles {
  enum Kind: CaseIterable {
    case kill, stopAgent, pause, losePower, cut, slow, foreignCommits, setClock, pauseStore, secondProcess, halt
  }

  /// How many more.
  var left: Int
  /// Once in so many steps.
  var rarity: Int
  /// Those that there are in this schedule.
  var kinds: [Kind]
  /// Whether they come in bunches: who has met one soon meets another, often one like it.
  var isBunched: Bool
  /// Where most of them are met; nil for anywhere. Else a change's short steps would rarely meet any.
  var focus: ChangeMachine.Step?
  var last: Kind

  init(_ random: inout SeededRandom) {
    left = random.pick([0, 1, 2, 3, 5, 8])
    rarity = random.pick([15, 40, 120])
    let usual: [Kind] = [.kill, .pause, .cut, .slow, .foreignCommits, .setClock, .pauseStore]
    kinds = random.once(in: 2) ? usual : Array(Kind.allCases)
    if random.once(in: 3) { kinds = [random.pick(usual)] }
    last = random.pick(kinds)
    isBunched = random.once(in: 2)
    focus = random.once(in: 3) ? random.pick(ChangeMachine.Step.allCases) : nil
  }
}

extension Cluster {
  /// Perhaps, between two steps of a process.
  func makeTrouble(at process: AgentProcess) {
    guard isTroubled, troubles.left > 0 else { return }
    process.luck += 1
    guard random.once(in: rarity(at: process)) else { return }
    process.luck = 0
    let node = process.node
    let kind = troubles.isBunched && random.once(in: 2) ? troubles.last : random.pick(troubles.kinds)
    troubles.last = kind
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
      slow(node)
    case .foreignCommits: commitForeign(node, random.number(in: 1...20))
    case .setClock: setClock(node)
    case .pauseStore:
      storePaused = max(storePaused, now + someTime())
      tell("etcd is stopped for \((storePaused - now) / 1_000) ms")
    case .secondProcess:
      guard node.processes.count == 1 else { return }
      node.tell("a second process is started beside it")
      node.launch()
    case .halt: halt()
    }
  }

  private func rarity(at process: AgentProcess) -> Int {
    if troubles.isBunched, process.luck < 8 { return 4 }
    guard let focus = troubles.focus else { return troubles.rarity }
    return process.change?.step == focus ? 4 : 5 * troubles.rarity
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

  private func slow(_ node: Node) {
    let delay = random.pick([20_000, 300_000, 4_000_000, 8_000_000])
    let ways = random.number(in: 1...3)
    if ways & 1 != 0 { node.link.outDelay = delay }
    if ways & 2 != 0 { node.link.inDelay = delay }
    node.tell("its network takes up to \(delay / 1_000) ms \(["", "out", "in", "each way"][ways])")
    later(after: random.number(in: 1_000_000...20_000_000)) {
      (node.link.outDelay, node.link.inDelay) = (Node.Link().outDelay, Node.Link().inDelay)
    }
  }

  private func setClock(_ node: Node) {
    guard node.weakness == .clockSteps else { return }
    let length = random.number(in: 10_000...random.pick([500_000, 12_000_000, 60_000_000]))
    let step = random.once(in: 2) ? length : -length
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
