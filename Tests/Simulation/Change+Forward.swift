import Agent
import Locking

/// From the announcement to the journal, and from the proof to the confirmation.
extension Change {
  static let confirmingTime = Microseconds.milliseconds(300)
  static let spareTime = Microseconds.milliseconds(1_500)
  static let shortestTrial = Microseconds.seconds(1)
  static let longestTrial = Microseconds.seconds(10)
  /// In seconds.
  static let intentBound = 15

  func announce() {
    let record = IntentRecord(
      node: node.name, holder: process.holder, token: token, generation: generation, bound: Change.intentBound,
      since: "")
    process.putIntent(record) { [self] result in
      switch result {
      case .success(let revision):
        intent = OpenChange(intent: revision, token: token, halt: 0)
        process.tell("its intent is written, token \(token), \(generation)")
        done(.announce)
      case .failure(let error): fail(.announce, "\(error)", hadEffect: false)
      }
    }
  }

  func writeJournal() {
    // Nothing is in effect of what it guarded, and the way back is another now.
    if hasDeadMan { node.deadMan?.dismiss() }
    hasDeadMan = false
    if cluster.isTroubled, cluster.random.once(in: 300) { return fail(.journal, "the disk is full", hadEffect: false) }
    let journal = Node.Journal(
      token: token, trial: trial, generation: generation, routes: preparation?.routes ?? node.kernel.routes,
      changesRoutes: preparation?.changesRoutes ?? false, boot: node.boot)
    self.journal = journal
    node.disk.journal = journal
    guard cluster.mutation != .journalOrder else { return done(.journal) }
    process.step { [self] in
      node.disk.sync()
      done(.journal)
    }
  }

  /// - Returns: nil if the baton leaves no time for it.
  func trialTime() -> Microseconds? {
    if cluster.mutation == .trialOutlastsLease { return Change.longestTrial }
    let time = min(Change.longestTrial, process.batonLeft - Change.spareTime)
    return time >= Change.shortestTrial ? time : nil
  }

  func startDeadMan() {
    guard let time = trialTime(), let journal else {
      return fail(.deadMan, "the baton leaves no time to prove it", hadEffect: false)
    }
    deadline = process.elapsed + time
    hasDeadMan = true
    guard cluster.mutation != .deadMan else { return done(.deadMan) }
    process.step { [self] in
      node.deadMan = DeadMan(node, for: process, journal, until: deadline)
      done(.deadMan)
    }
  }

  // MARK: - Proof

  /// New connections, until all probes hold or the time is over.
  func prove() {
    let end = deadline - Change.confirmingTime
    guard cluster.mutation != .probe else { return done(.prove) }
    guard process.elapsed < end else { return fail(.prove, "no answer in time", hadEffect: true) }
    var isAnswered = false
    let next = { [self] in
      guard !isAnswered else { return }
      isAnswered = true
      prove()
    }
    if node.hidesTarget {
      return process.timer(after: min(end - process.elapsed, .milliseconds(200)), next)
    }
    // Late answers of an earlier try count too: what they prove is that new connections worked on trial.
    _ = cluster.send(.ping, from: process) { [self] _ in
      guard !isAnswered else { return }
      isAnswered = true
      if process.elapsed < end { done(.prove) } else { fail(.prove, "no answer in time", hadEffect: true) }
    }
    process.timer(after: min(end - process.elapsed, .seconds(1)), next)
  }

  func confirm() {
    if let doubt = clockDoubt() { return fail(.confirm, doubt, hadEffect: false) }
    process.step { [self] in
      if let objection = objection() { return fail(.confirm, objection, hadEffect: true) }
      let isOver = node.wall >= clockEnds && cluster.mutation != .confirmDeadline
      if isOver, !isKept { return fail(.confirm, "too late", hadEffect: true) }
      // Stopped right here, the kernel alone stands between it and a late confirmation.
      let looked = cluster.now
      write { [self] _ in sendConfirmation(looked) }
    }
  }

  private func sendConfirmation(_ looked: Microseconds) {
    let isConfirmed: Bool
    do throws(NodeKernel.Refusal) {
      try node.kernel.confirm(trial ?? 0, at: cluster.now, looked: looked)
      process.tell("trial \(trial ?? 0) is confirmed")
      node.noteKept()
      cluster.noteConfirmed(token, on: node)
      isConfirmed = true
    } catch {
      isConfirmed = false
    }
    // An answer that is lost is settled by reading, which may fail too.
    let isUnknown = cluster.isTroubled && cluster.random.once(in: 100)
    process.step { [self] in
      if isUnknown { return fail(.confirm, "no answer", hadEffect: true) }
      if isConfirmed || isKept { done(.confirm) } else { fail(.confirm, "too late", hadEffect: true) }
    }
  }

  func keep() {
    // With a trial it is decided already.
    if trial == nil {
      if let doubt = clockDoubt() { return fail(.keep, doubt, hadEffect: false) }
      if let objection = objection() { return fail(.keep, objection, hadEffect: false) }
    }
    guard cluster.mutation != .deadMan else {
      node.kernel.openRoutes = nil
      cluster.noteConfirmed(token, on: node)
      return done(.keep)
    }
    process.step { [self] in
      // A dead-man that does not answer is ended: then nobody takes it back but this process, which must not fail too.
      if cluster.isTroubled, cluster.troubles.left == 0, cluster.random.once(in: 100) {
        node.deadMan?.dismiss()
        return fail(.keep, "the dead-man hangs", hadEffect: true)
      }
      guard node.deadMan?.agent === process, node.deadMan?.keep() == true else {
        return fail(.keep, "the dead-man has taken it back", hadEffect: true)
      }
      process.tell("the dead-man keeps the routes")
      cluster.noteConfirmed(token, on: node)
      done(.keep)
    }
  }

  /// First it is noted that it stays: of a trial that was made plain the kernel tells nothing any more.
  func promote() {
    if cluster.mutation != .promoteOrder { mark(.kept) }
    process.promote { [self] reason in
      if let reason { return fail(.promote, reason, hadEffect: false) }
      done(.promote)
    }
  }
}
