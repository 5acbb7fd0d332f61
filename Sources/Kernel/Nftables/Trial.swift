import Glibc
package import Locking
package import Model
import Netlink
package import Plan

/// A change that is in effect and not yet confirmed.
package struct ArmedTrial: Hashable, Sendable {
  package var number: UInt64
  package var tables: [TableID]
  /// When the clock ends it: nanoseconds since 1970.
  package var deadline: UInt64
  /// Of nftables, after it was armed.
  package var generation: UInt32

  package init(number: UInt64, tables: [TableID], deadline: UInt64, generation: UInt32) {
    self.number = number
    self.tables = tables
    self.deadline = deadline
    self.generation = generation
  }
}

/// What a trial asks of the kernel, beside ordinary commits.
package protocol TrialKernel: Kernel {
  /// Puts a plan's tables on trial: the new rules are in effect until they are confirmed, or `lasting` is over. What the
  /// plan makes in place is made in the same transaction, and stays until `undo`; a plan with that alone is an ordinary
  /// transaction.
  ///
  /// The kernel itself ends the trial, by a timer that stops while the machine sleeps and by the wall clock. The baton
  /// must be held for `lasting` and a second more, also when the commit has been made: else the trial is taken away
  /// again, and only the record that was written with it stays. A commit whose replies were lost is settled by reading.
  func arm(
    _ plan: TrialPlan, lasting: Duration, record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) async throws -> ArmedTrial

  /// Makes the new rules stay, in one tiny transaction over all tables; once they do, it may be said again. Throws
  /// `TrialError.tooLate` if the trial is over; then nothing is changed. Lost replies are settled by reading.
  func confirm(_ trial: ArmedTrial, with baton: Baton) async throws

  /// Makes confirmed trials plain: afterwards the rules stand as if they had been applied directly. May be repeated, and
  /// needs nothing but what the kernel has. What the rules' copies counted until the end goes on being counted.
  /// - Returns: nil if there was nothing to do.
  func promote(record: RecordUpdate, with baton: Baton) async throws -> Promotion?

  /// Removes all parts of trials that were not confirmed, which also ends one that still runs. It asks for no baton, for
  /// it only brings back what was in effect before, which the kernel does by itself soon enough. Then connections that
  /// began on trial are cut, where they were marked: what conntrack has let in would pass the old rules too.
  /// - Returns: the generation afterwards; nil if there was nothing to do.
  func cleanUp(record: RecordUpdate) async throws -> UInt32?

  /// How a trial stands. It reads little, and may be asked often.
  func verdict(of number: UInt64) async throws -> TrialVerdict

  /// How changes are taken back that the kernel does not hold on trial; worked out from what was read alone.
  /// - Parameters:
  ///   - changes: planned from `snapshot`; of these, the routes and policy rules count.
  ///   - inPlace: the changes of nftables that are made without a trial.
  func inverse(of changes: [Change], inPlace: [Change], from snapshot: Snapshot) throws -> Inverse

  /// Brings back what was before. It does only what is missing, so it may be said again, also when nothing had been
  /// changed; it asks for no baton, for nothing new comes of it. Throws `UndoError` with all that could not be taken
  /// back.
  func undo(_ inverse: Inverse) async throws

  /// Opens what `undo` needs and reads the inverse, without asking the kernel for much: for who must be quick later.
  func rehearse(_ inverse: Inverse) async throws
}

extension TrialKernel {
  package func rehearse(_ inverse: Inverse) async throws { _ = try await generation() }

  package func inverse(of changes: [Change], inPlace: [Change], from snapshot: Snapshot) throws -> Inverse {
    try Inverse(of: changes, inPlace: inPlace, from: snapshot)
  }
}

package enum TrialVerdict: Hashable, Sendable {
  /// It was confirmed, and is not made plain yet.
  case kept
  /// It can still be confirmed.
  case armed
  /// It is over, or nothing is there of it: it was never armed, or is tidied up, or made plain.
  case gone
}

extension LiveKernel: TrialKernel {
  /// Between the trial's end and the baton's: more than the kernel's clock and a short pause of the machine can take.
  package static let spareTime = Duration.seconds(1)
  /// How often a transaction is made anew because another program committed in between.
  static let attempts = 64

  package func arm(
    _ plan: TrialPlan, lasting: Duration, record: RecordUpdate, from generation: UInt32, with baton: Baton
  ) throws -> ArmedTrial {
    let inPlace = plan.inPlace
    guard !plan.tables.isEmpty else {
      guard !inPlace.isEmpty else { throw TrialError.nothingToTry }
      let reached = try commit(inPlace, record: record, from: generation, with: baton)
      return ArmedTrial(
        number: plan.number, tables: [], deadline: Self.wallClock + lasting.nanoseconds, generation: reached)
    }
    try Self.check(baton, lasting)
    let deadline = Self.wallClock + lasting.nanoseconds
    let changes = inPlace + plan.arm(deadline: deadline, timeout: lasting.nanoseconds / 1_000_000)
    var reached = generation
    do {
      reached = try withNetfilter { socket in
        try socket.commit(changes, record: record, from: generation) { try Self.check(baton, lasting) }
      }
    } catch let error as KernelError where error.cause == .unknownOutcome {
      guard let found = try standing(plan.number) else { throw error }
      reached = found
    }
    do {
      try Self.check(baton, lasting)
    } catch {
      // The commit took so long that the trial could outlast the baton.
      _ = try cleanUp(record: .keep)
      throw error
    }
    return ArmedTrial(number: plan.number, tables: plan.tables, deadline: deadline, generation: reached)
  }

  package func confirm(_ trial: ArmedTrial, with baton: Baton) throws {
    guard !trial.tables.isEmpty else { return try baton.check() }
    do {
      try withNetfilter { socket in
        try socket.send(Trial.confirm(trial.number, tables: trial.tables)) {
          try baton.check()
          // The element can outlive the clock's end: timers stop while the machine sleeps, and the clock can be set.
          if Self.wallClock >= trial.deadline { throw TrialError.tooLate(trial.number) }
        }
      }
    } catch let error as TrialError {
      if try phase(of: trial.number) != .kept { throw error }
    } catch let error as KernelError {
      switch (error.cause, try phase(of: trial.number)) {
      case (.refused(ENOENT), .kept), (.unknownOutcome, .kept): return
      case (.refused(ENOENT), _), (.unknownOutcome, .expired), (.unknownOutcome, nil):
        throw TrialError.tooLate(trial.number)
      default: throw error
      }
    }
  }

  package func cleanUp(record: RecordUpdate) throws -> UInt32? {
    var witnesses: [TrialWitness] = []
    let generation = try settle(record, permit: {}) { tables in
      witnesses += Trial.witnesses(of: tables)
      return Trial.cleanUp(tables)
    }
    if !witnesses.isEmpty {
      _ = try withNetfilter { (socket) throws(NetlinkError) in try socket.cutConnections(seenBy: witnesses) }
    }
    return generation
  }

  /// Reads, works out and commits until nothing is left to do.
  /// - Parameter told: gets each removed rule that counts as it was in the end.
  func settle(
    _ record: RecordUpdate, permit: () throws -> Void, changes: ([Table]) -> [Change],
    told: ((Rule, TableID) -> Void)? = nil
  ) throws -> UInt32? {
    var reached: UInt32?
    for _ in 0..<Self.attempts {
      let ruleset = try withNetfilter { (socket) throws(NetlinkError) in try socket.readRuleset(ReadScope()) }
      let changes = changes(ruleset.tables)
      if changes.isEmpty { return reached }
      do {
        return try withNetfilter { socket in
          try socket.commit(changes, record: record, from: ruleset.generation, told: told, permit: permit)
        }
      } catch let error as KernelError where error.cause == .generationMoved {
        continue
      } catch let error as KernelError where error.cause == .unknownOutcome {
        // If it was committed after all, the next look finds nothing to do, whatever others have committed since.
        reached = max(ruleset.generation &+ 1, 1)
      }
    }
    throw TrialError.busy(attempts: Self.attempts)
  }

  /// - Returns: the generation, if parts of the trial are there.
  private func standing(_ number: UInt64) throws -> UInt32? {
    let ruleset = try withNetfilter { (socket) throws(NetlinkError) in try socket.readRuleset(ReadScope()) }
    return ruleset.tables.contains { TrialView($0).trial?.number == number } ? ruleset.generation : nil
  }

  /// nil if there are no parts of it.
  private func phase(of number: UInt64) throws -> TrialState.Phase? {
    let ruleset = try withNetfilter { (socket) throws(NetlinkError) in try socket.readRuleset(ReadScope()) }
    return ruleset.tables.lazy.compactMap { TrialView($0).trial }.first { $0.number == number }?.phase
  }

  private static func check(_ baton: Baton, _ lasting: Duration) throws {
    try baton.check()
    let remaining = baton.remaining
    guard let remaining, remaining >= lasting + spareTime else {
      throw TrialError.outlastsBaton(remaining: remaining, lasting: lasting)
    }
  }

  /// Nanoseconds since 1970, as `meta time` counts them (`ktime_get_real_ns` in net/netfilter/nft_meta.c).
  private static var wallClock: UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}

extension Duration {
  /// At least 0.
  fileprivate var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
  }
}
