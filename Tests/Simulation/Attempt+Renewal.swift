import Locking

/// Keeps the lease alive over a stream: what is sent on it arrives in order or not at all.
extension Attempt {
  func keep(_ lease: Lease) {
    guard lease.isRenewed, !lease.isGone else { return }
    let pause = process.node.clock.now.duration(to: lease.machine.nextRenewal).microseconds
    let stream = lease.stream
    process.timer(after: max(0, pause)) { [self] in
      guard lease.isRenewed, !lease.isGone, stream == lease.stream else { return }
      renew(lease)
    }
  }

  private func renew(_ lease: Lease) {
    let now = process.node.clock.now
    guard !lease.machine.isStuck(at: now) else { return reopen(lease) }
    lease.machine.sent(at: now)
    cluster.renew(lease, of: process) { [self] timeToLive in answered(lease, timeToLive) }
    keep(lease)
  }

  private func reopen(_ lease: Lease) {
    lease.machine.streamBroke()
    lease.stream += 1
    lease.isStreamBroken = false
    lease.failures += 1
    process.timer(after: .milliseconds(min(1_000, 50 << min(lease.failures, 5)))) { [self] in keep(lease) }
  }

  private func answered(_ lease: Lease, _ timeToLive: Microseconds) {
    guard lease.machine.answered(timeToLive: timeToLive.duration) else {
      guard !lease.isGone else { return }
      lease.isGone = true
      return handle(.placeGone("etcd does not have its lease any more"))
    }
    lease.failures = 0
    if cluster.mutation == .deadlineFromAnswer {
      let now = process.node.clock.now
      term?.renew(until: now.advanced(by: lease.machine.timeToLive - lease.machine.margin))
    } else {
      term?.renew(until: lease.machine.deadline)
    }
  }
}
