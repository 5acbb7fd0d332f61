import CBootClock
import CSignals
package import History
package import Kernel

/// The dead-man's own process: it takes a change back unless it is told in time to keep it.
///
/// It needs nothing of the process that made the change, for that may have died of it, or be cut off. It decides once; but
/// when it has taken a change back unasked, it stays until the other process is gone or has stopped writing.
package struct DeadManWatch {
  private let journal: ChangeJournal
  private let kernel: any TrialKernel
  private let input: Int32
  private let slack: UInt64
  private let read: () -> String?
  private let write: (String) -> Void

  /// - Parameters:
  ///   - input: what `read` reads from, to wait until it can.
  ///   - slack: how long after the deadline a trial may take to end by itself, in nanoseconds: its clock is another one.
  ///   - read: the next line of the input; nil at its end.
  ///   - write: a line to standard output, which nobody may read any more.
  package init(
    journal: ChangeJournal, kernel: any TrialKernel, input: Int32 = 0, slack: UInt64 = 1_000_000_000,
    read: @escaping () -> String?, write: @escaping (String) -> Void
  ) {
    self.journal = journal
    self.kernel = kernel
    self.input = input
    self.slack = slack
    self.read = read
    self.write = write
  }

  /// For the whole process: what a terminal sends, or who stops a service, is not meant for it.
  package static func ignoreSignals() { ignore_signals_of_others() }

  private enum Word {
    case order(DeadManTalk.Order)
    /// The time has come and nobody has told.
    case none
    /// Why nobody will tell.
    case never(String)
  }

  /// Returns when it is decided and done.
  /// - Throws: when the change could not be guarded, or not taken back.
  package func run() async throws {
    let guarded: Guarded
    do {
      guarded = try await prepare()
    } catch {
      answer(.failed("\(error)"))
      throw error
    }
    answer(.armed)
    while true {
      switch wait(until: guarded.deadline) {
      case .order(.keep):
        if keep(guarded) { return }
      case .order(.standDown): return
      case .order(.guardUntil): answer(.failed("it guards a change already"))
      case .none:
        if try await decide(guarded, "it was not confirmed in time") { try await stay(guarded) }
        return
      case .never(let reason): return _ = try await decide(guarded, reason)
      }
    }
  }

  /// What it needs when the time has come: all of it is had before the change.
  private struct Guarded {
    var claim: ChangeClaim
    var inverse: Inverse
    var deadline: UInt64
    var trial: UInt64?
  }

  private func prepare() async throws -> Guarded {
    guard let line = read(), case .guardUntil(let deadline, let trial) = DeadManTalk.Order(line: line) else {
      throw DeadManError.notStarted("it was not told what to guard")
    }
    guard let claim = try journal.claimAsHelper() else {
      throw DeadManError.notStarted("another process works on the change")
    }
    guard case .open(let change) = try claim.find() else {
      throw DeadManError.notStarted("there is no open change in \(journal.folder)")
    }
    let inverse = Inverse(bytes: change.inverse)
    // The sockets are opened, and what reads and writes them has been in memory.
    try await kernel.rehearse(inverse)
    return Guarded(claim: claim, inverse: inverse, deadline: deadline, trial: trial)
  }

  /// A word that comes with the deadline comes too late.
  private func wait(until deadline: UInt64) -> Word {
    switch boot_clock_wait(input, deadline) {
    case 0: return .none
    case 1:
      guard let line = read() else { return .never("the process that made it ended before it was confirmed") }
      return DeadManTalk.Order(line: line).map(Word.order)
        ?? .never("it was told what it does not understand: \(line)")
    case let problem: return .never("it could not wait (errno \(-problem))")
    }
  }

  // MARK: - The decision

  /// - Returns: false if it could not be noted, so that nothing is decided yet.
  private func keep(_ guarded: Guarded) -> Bool {
    do {
      try guarded.claim.mark(.kept)
      answer(.kept)
      return true
    } catch {
      answer(.failed("\(error)"))
      return false
    }
  }

  /// A confirmed trial is what decides; nobody else is left to.
  /// - Returns: whether it was taken back.
  private func decide(_ guarded: Guarded, _ reason: String) async throws -> Bool {
    if let trial = guarded.trial, await isKept(trial, until: guarded.deadline), keep(guarded) { return false }
    try await undo(guarded, reason)
    return true
  }

  /// In nanoseconds.
  private static let pauseBetweenLooks: UInt64 = 500_000_000

  /// A process that is stopped between its last look at the clock and the write itself can write when it goes on, however
  /// late: what comes so is taken back, too.
  private func stay(_ guarded: Guarded) async throws {
    while true {
      let word = wait(until: BootClock.now + Self.pauseBetweenLooks)
      if case .order(.standDown) = word { return }
      do {
        try await kernel.undo(guarded.inverse)
      } catch {
        // It is tried again with the next look, unless this was the last.
        if case .never = word { throw error }
      }
      if case .never = word { return }
    }
  }

  private func isKept(_ trial: UInt64, until deadline: UInt64) async -> Bool {
    // Before the deadline the process that could have confirmed it is gone.
    let end = BootClock.now < deadline ? BootClock.now : deadline + slack
    while true {
      do {
        switch try await kernel.verdict(of: trial) {
        case .kept: return true
        case .gone: return false
        case .armed where BootClock.now >= end: _ = try await kernel.cleanUp(record: .keep)
        case .armed: break
        }
      } catch {
        // Unknown is not kept: the routes go back, and a trial that is not confirmed ends by itself.
        if BootClock.now >= end + slack { return false }
      }
      try? await Task.sleep(for: .milliseconds(2), clock: .continuous)
    }
  }

  private func undo(_ guarded: Guarded, _ reason: String) async throws {
    // From here on nobody may keep it. A disk that fails does not keep the network cut off.
    try? guarded.claim.mark(.undoing(reason))
    for attempt in 1...5 {
      do {
        try await kernel.undo(guarded.inverse)
        try? guarded.claim.mark(.undone(reason))
        return answer(.undone(reason))
      } catch  where attempt < 5 {
        try? await Task.sleep(for: .milliseconds(100 * attempt), clock: .continuous)
      } catch {
        answer(.failed("\(error)"))
        throw error
      }
    }
  }

  private func answer(_ answer: DeadManTalk.Answer) { write(answer.line) }
}
