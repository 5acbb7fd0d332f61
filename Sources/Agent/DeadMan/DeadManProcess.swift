package import History
package import Logging
import Subprocess
package import SystemPackage

/// Takes a change back unless it is told in time; it outlives who started it.
package protocol DeadMan: Sendable {
  /// Returns when it is on disk that the change stays. Throws `DeadManError.tooLate` if it is taken back already; with
  /// any other error too it will not be kept.
  func keep() async throws
  /// Ends it; the change stays as it is. Only for who takes it back, or has told the kernel to keep it.
  func standDown() async
  /// Returns when it has ended, with what it was that ended it: before any order, it is not guarded any more.
  func ended() async -> String
}

package protocol DeadManStarter: Sendable {
  /// Returns when the change in the journal is guarded.
  /// - Parameters:
  ///   - claim: its helper's part goes to the dead-man.
  ///   - deadline: when the change is taken back.
  ///   - trial: the trial which decides whether the change is kept; nil if that is this process's to tell.
  func start(_ claim: ChangeClaim, deadline: ContinuousClock.Instant, trial: UInt64?) async throws -> any DeadMan
}

/// The program itself, executed again in a session of its own.
package struct DeadManProcess: DeadManStarter {
  private let program: FilePath
  private let logger: Logger

  /// - Parameter program: takes the command `dead-man`.
  package init(program: FilePath = "/proc/self/exe", logger: Logger) {
    self.program = program
    self.logger = logger
  }

  /// How long it may take until it guards the change: it reads the journal, and the program may come from the disk.
  private static let patience = Duration.seconds(10)

  package func start(
    _ claim: ChangeClaim, deadline: ContinuousClock.Instant, trial: UInt64?
  ) async throws -> any DeadMan {
    claim.share()
    let deadMan = RunningDeadMan(claim, logger)
    await deadMan.run(
      program,
      ["dead-man", "--state-dir", claim.journal.folder.string, "--node-name", claim.journal.node])
    try await deadMan.arm(.guardUntil(BootClock.time(of: deadline), trial: trial), within: Self.patience)
    return deadMan
  }
}
