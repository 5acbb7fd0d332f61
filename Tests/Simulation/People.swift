import Agent
import Locking

/// Those who write specs, and who look after a fleet that has stopped.
extension Cluster {
  /// A new generation comes to every node's folder, to each at its own time.
  func push(isFlawed: Bool) {
    let last = specs[specs.count - 1]
    let kinds = random.number(in: 1...3)
    var spec = SpecVersion(generation: specs.count, rules: last.rules, routes: last.routes)
    let flaw = isFlawed ? Flaw(kind: random.pick(Flaw.Kind.allCases), nodes: someNodes()) : nil
    if isFlawed { hasFlaws = true }
    // What was flawed before is put right in any case.
    if kinds & 1 != 0 || rulesFlaws[last.rules] != nil {
      spec.rules = rulesFlaws.count
      rulesFlaws.append(kinds & 1 != 0 ? flaw : nil)
    }
    if kinds & 2 != 0 || routesFlaws[last.routes] != nil {
      spec.routes = routesFlaws.count
      routesFlaws.append(kinds == 2 ? flaw : nil)
    }
    specs.append(spec)
    tell(
      "\(spec.name) is pushed: rules \(spec.rules), routes \(spec.routes)"
        + (flaw.map { ", \($0.kind) on \($0.nodes.sorted().map { "n\($0 + 1)" })" } ?? ""))
    for node in nodes {
      later(after: random.number(in: 10_000...random.pick([200_000, 3_000_000]))) { [unowned self] in
        guard node.wanted.generation < spec.generation else { return }
        node.wanted = spec
        for process in node.processes { schedule(after: 0, for: process) { process.handle(.specChanged) } }
      }
    }
  }

  private func someNodes() -> Set<Int> {
    if random.once(in: 2) { return Set(nodes.indices) }
    var chosen: Set<Int> = [random.number(in: 0...nodes.count - 1)]
    for index in nodes.indices where random.once(in: 3) { chosen.insert(index) }
    return chosen
  }

  /// Somebody stops the fleet, whatever it is at.
  func halt() {
    guard store.halt == nil else { return }
    tell("a person halts the fleet")
    _ = store.apply(.halt(HaltRecord(who: "a person", why: "to look", since: "")), at: now)
    tellWatches()
  }

  /// A halt is seen after a while, looked into, and cleared.
  func noticeHalt() {
    guard store.halt != nil, !isVisitDue else { return }
    isVisitDue = true
    later(after: isTroubled ? random.number(in: 2_000_000...15_000_000) : 2_000_000) { [unowned self] in visit() }
  }

  private func visit() {
    // Whoever asks etcd waits for it.
    guard storePaused <= now else { return later(after: storePaused - now + 1_000) { [unowned self] in visit() } }
    isVisitDue = false
    guard let halt = store.halt?.record else { return }
    if isTroubled, random.once(in: 2) { push(isFlawed: random.once(in: 4)) }
    var gone = nodes.filter { !$0.isUp || ($0.processes.isEmpty && random.once(in: 2)) }.map(\.name)
    // Who is told a second time that a change stands unsettled looks at the node, and gives the change up.
    if let node = halt.node, halt.token == lastHalted { gone.append(node) }
    lastHalted = halt.token
    let request = ResumeRequest(abandon: Set(gone), retry: !isTroubled || random.once(in: 2))
    tell(
      "a person resumes after \(halt.node ?? halt.who)'s \(halt.generation ?? "?")" + (request.retry ? ", retry" : ""))
    store.resume(request)
    tellWatches()
    // Whoever let it go on looks at it again.
    noticeHalt()
  }
}
