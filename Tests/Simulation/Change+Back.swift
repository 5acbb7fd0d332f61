import Agent
import Locking

/// From a doubt to the state before, and what is told in the end.
extension Change {
  func revert() {
    process.tell("takes token \(token) back")
    guard let journal else { return fail(.revert, "there is no way back on record", hadEffect: true) }
    if trial != nil { node.kernel.cleanUp(sparesKept: cluster.mutation != .cleanUpSparesKept) }
    process.step { [self] in
      if isKept {
        node.noteKept()
        return feed(.foundKept)
      }
      process.step { [self] in
        if journal.changesRoutes, cluster.isTroubled, cluster.random.once(in: 200) {
          node.stuck = token
          return fail(.revert, "the kernel refuses", hadEffect: true)
        }
        node.undo(journal)
        node.stuck = nil
        done(.revert)
      }
    }
  }

  func settle(_ outcome: ChangeMachine.Outcome) {
    switch outcome {
    case .applied: mark(.kept)
    // Whoever finds it goes on taking it back.
    case .stuck: mark(.open)
    default: mark(.ended(failed: outcome.halts, reason: outcome.reason ?? ""))
    }
    let end = process.elapsed + .seconds(10)
    process.step { [self] in tell(outcome, until: end, with: process.objection() == nil ? process.grant : nil) }
  }

  private func tell(_ outcome: ChangeMachine.Outcome, until end: Microseconds, with grant: StoreRequest.Grant?) {
    let word =
      switch outcome {
      case .applied: NodeRecord.applied
      case .nothingLeft: NodeRecord.inSync
      case .refused: "refused"
      case .declined: "declined"
      case .reverted: NodeRecord.failed
      case .stuck: NodeRecord.stuck
      }
    let halt =
      outcome.halts
      ? HaltRecord(
        who: node.name, why: "the change failed and was taken back", since: "", node: node.name,
        generation: generation, cause: outcome.reason, token: token)
      : nil
    let record = process.record(word, generation, token: token)
    let known = grant == nil ? nil : intent
    // What was before the machine started anew, nobody can know for sure.
    if journal == nil || journal?.boot == node.boot { cluster.checkTruth(of: outcome, token, on: node) }
    process.settle(record, halt: halt, with: grant, known: known) { [self] error in
      guard let error else {
        process.tell("settled: \(word)")
        return done(.settle)
      }
      if case .lost = error, grant != nil { return tell(outcome, until: end, with: nil) }
      guard case .unavailable = error, process.elapsed < end else {
        return fail(.settle, "\(error)", hadEffect: false)
      }
      process.timer(after: .milliseconds(500)) { [self] in tell(outcome, until: end, with: grant) }
    }
  }

  func mark(_ mark: Node.Journal.Mark) {
    guard node.disk.journal?.token == token, node.disk.owner === process else { return }
    node.disk.journal?.mark = mark
    node.disk.sync()
  }

  func close() {
    if node.deadMan?.agent === process { node.deadMan?.dismiss() }
    process.step { [self] in
      if node.disk.journal?.token == token {
        node.disk.journal = nil
        node.disk.sync()
      }
      if node.disk.journal == nil { cluster.checkWhole(node) }
      done(.close)
    }
  }
}
