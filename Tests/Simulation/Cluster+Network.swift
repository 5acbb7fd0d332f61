import Locking

/// Between the nodes and etcd.
extension Cluster {
  enum Fate {
    case sent
    /// Its connection broke, and its sender knows.
    case broken
  }

  private func wayOut(_ node: Node) -> Microseconds { random.number(in: 100...node.link.outDelay) }
  private func wayIn(_ node: Node) -> Microseconds { random.number(in: 100...node.link.inDelay) }
  private func isCutOut(_ node: Node) -> Bool { node.link.outCut > now || node.dropsOut }
  private func isCutIn(_ node: Node) -> Bool { node.link.inCut > now || node.dropsIn }

  /// A request that may be lost, arrive late, or arrive twice; so may its answer, but for the last.
  func send(
    _ request: StoreRequest, from process: AgentProcess, _ answer: @escaping (StoreReply) -> Void
  ) -> Fate {
    let node = process.node
    let fate = isTroubled ? random.number(in: 1...100) : 100
    guard !isCutOut(node) else { return .sent }
    guard fate != 1 else { return .broken }
    later(after: wayOut(node)) { [unowned self] in
      arrive(request) { [unowned self] reply in
        guard fate > 2, !isCutIn(node) else { return }
        schedule(after: wayIn(node), for: process) { answer(reply) }
      }
    }
    if fate >= 3, fate <= 5 {
      later(after: random.number(in: 100...random.pick([3_000, 30_000, 30_000, 5_000_000]))) { [unowned self] in
        arrive(request) { _ in }
      }
    }
    return fate == 2 ? .broken : .sent
  }

  /// etcd that is stopped takes what came meanwhile when it goes on.
  private func arrive(_ request: StoreRequest, _ answer: @escaping (StoreReply) -> Void) {
    guard storePaused <= now else {
      let wait = storePaused - now + random.number(in: 0...2_000)
      return later(after: wait) { [unowned self] in arrive(request, answer) }
    }
    let reply = store.apply(request, at: now)
    switch request {
    case .grantLease(let id), .renewLease(let id): expectEnd(of: id)
    default: break
    }
    tellWatches()
    answer(reply)
  }

  private func expectEnd(of id: Int) {
    guard let lease = store.leases.first(where: { $0.id == id }) else { return }
    later(after: lease.ends - now + random.number(in: 0...500_000)) { [unowned self] in endLease(id) }
  }

  private func endLease(_ id: Int) {
    guard let lease = store.leases.first(where: { $0.id == id }), lease.ends <= now else { return }
    guard storePaused <= now else { return later(after: storePaused - now + 1_000) { [unowned self] in endLease(id) } }
    tell("etcd: lease \(id) ends")
    store.endLease(id)
    tellWatches()
  }

  // MARK: - Streams

  func renew(_ lease: Attempt.Lease, of process: AgentProcess, _ answer: @escaping (Microseconds) -> Void) {
    let (node, stream) = (process.node, lease.stream)
    guard !lease.isStreamBroken else { return }
    guard !isCutOut(node) else {
      lease.isStreamBroken = true
      return
    }
    lease.lastArrival = max(lease.lastArrival + 1, now + wayOut(node))
    later(after: lease.lastArrival - now) { [unowned self] in
      arrive(.renewLease(lease.id)) { [unowned self] reply in
        guard stream == lease.stream, !lease.isStreamBroken, case .timeToLive(let left) = reply else { return }
        guard !isCutIn(node) else {
          lease.isStreamBroken = true
          return
        }
        lease.lastAnswer = max(lease.lastAnswer + 1, now + wayIn(node))
        schedule(after: lease.lastAnswer - now, for: process) {
          if stream == lease.stream { answer(left) }
        }
      }
    }
  }

  func watch(_ target: Store.Target, by process: AgentProcess, _ tell: @escaping (News) -> Void) {
    let node = process.node
    watches.removeAll { $0.process === process }
    guard !isCutOut(node) else { return breakOff(process, tell) }
    later(after: wayOut(node)) { [unowned self] in
      guard storePaused <= now, !isCutIn(node) else { return breakOff(process, tell) }
      watches.append(Watch(process: process, target: target, tell: tell))
      schedule(after: wayIn(node), for: process) { tell(.stands) }
    }
  }

  /// The silence is noticed in the end, and means that anything may have changed.
  private func breakOff(_ process: AgentProcess, _ tell: @escaping (News) -> Void) {
    schedule(after: .seconds(3), for: process) { tell(.broke) }
  }

  func tellWatches() {
    for target in store.takeTouched() {
      for watch in watches {
        let isMeant =
          switch (target, watch.target) {
          case (.place, .queue), (.obstacles, .obstacles): true
          case (.place(let gone), .place(let watched)): gone == watched
          default: false
          }
        guard isMeant else { continue }
        let node = watch.process.node
        if isCutIn(node) {
          watches.removeAll { $0.process === watch.process }
          breakOff(watch.process, watch.tell)
        } else {
          schedule(after: wayIn(node), for: watch.process) { watch.tell(.changed) }
        }
      }
    }
  }
}
