import Glibc
package import Locking
import Subprocess
import SystemPackage

/// A program that runs while the baton is held: `netbaton lock run -- COMMAND`.
package struct LockedCommand: Sendable {
  package enum Outcome: Hashable, Sendable {
    case exited(Int32)
    /// It ended by this signal.
    case signalled(Int32)
    /// The baton was lost, and the command was ended for it.
    case lost(BatonError)

    /// What a shell would say; for a lost baton, `EX_TEMPFAIL` of sysexits.h.
    package var status: Int32 {
      switch self {
      case .exited(let status): status
      case .signalled(let signal): 128 + signal
      case .lost: 75
      }
    }
  }

  /// The program, found by PATH when it has no slash, and its arguments.
  package var program: String
  package var arguments: [String]
  /// How long the command has between SIGTERM and SIGKILL, but never more than a quarter of the baton's term. It is
  /// ended this long before the baton's deadline.
  package var grace: Duration
  /// Without a terminal the command has a process group of its own, and signals reach what it started too. On a
  /// terminal it stays in ours, for else it could not read from it.
  package var hasOwnGroup: Bool

  package init(program: String, arguments: [String], grace: Duration = .seconds(2), hasOwnGroup: Bool = isatty(0) == 0)
  {
    self.program = program
    self.arguments = arguments
    self.grace = grace
    self.hasOwnGroup = hasOwnGroup
  }

  /// Runs the command with our standard streams and `NETBATON_TOKEN`, `NETBATON_NODE` and `NETBATON_LOCK` in its
  /// environment. The caller releases the baton.
  /// - Parameter signals: numbers of signals that are passed on to the command.
  /// - Throws: when the program cannot be started.
  package func run(
    with baton: Baton, lock location: String, signals: AsyncStream<Int32>
  ) async throws -> Outcome {
    // Between two renewals two thirds of the term are left at the least: a longer grace would end a healthy command.
    let grace = min(grace, (baton.remaining ?? .zero) / 4)
    let (starts, started) = AsyncStream<pid_t>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let command = Task { try await spawn(baton, location, grace) { started.yield($0) } }
    let (outcome, pid) = await withTaskGroup(of: Optional<pid_t>.self) { group in
      group.addTask {
        // The command has its grace within the term: it is over before another can be granted the baton.
        await baton.runsOut(leaving: grace)
        if !Task.isCancelled { command.cancel() }
        return nil
      }
      group.addTask {
        var running: pid_t?
        for await pid in starts {
          running = pid
          for await signal in signals { send(signal, to: pid) }
        }
        return running
      }
      let outcome = await command.result
      group.cancelAll()
      return (outcome, await group.reduce(nil) { $1 ?? $0 })
    }
    if command.isCancelled {
      if let pid, hasOwnGroup { await endGroup(pid, within: min(grace, baton.remaining ?? grace)) }
      // Whatever is left of the term: the command was ended for it, and nothing is to be done under it any more.
      baton.end(.expired)
      do { try baton.check() } catch { return .lost(error) }
      return .lost(.expired)
    }
    switch try outcome.get() {
    case .exited(let status): return .exited(status)
    case .signaled(let signal): return .signalled(signal)
    }
  }

  private func spawn(
    _ baton: Baton, _ location: String, _ grace: Duration, started: @Sendable (pid_t) -> Void
  ) async throws -> TerminationStatus {
    var options = PlatformOptions()
    // 0: a group of its own, with the process's number (setpgid(2)).
    if hasOwnGroup { options.processGroupID = 0 }
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: hasOwnGroup, allowedDurationToNextStep: grace)]
    let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
    let result = try await Subprocess.run(
      executable, arguments: Arguments(arguments),
      environment: .inherit.updating([
        "NETBATON_TOKEN": "\(baton.token)", "NETBATON_NODE": baton.holder.node, "NETBATON_LOCK": location,
      ]),
      platformOptions: options, input: .currentStandardInput, output: .currentStandardOutput,
      error: .currentStandardError
    ) { execution in
      started(execution.processIdentifier.value)
    }
    return result.terminationStatus
  }

  /// What the command started and left behind goes with it, for it would write without the baton.
  private func endGroup(_ group: pid_t, within time: Duration) async {
    let end = ContinuousClock.now.advanced(by: time)
    // 0 asks whether there is anybody (kill(2)).
    while kill(-group, 0) == 0, ContinuousClock.now < end {
      do { try await Task.sleep(for: .milliseconds(10), clock: .continuous) } catch { break }
    }
    _ = kill(-group, SIGKILL)
  }

  private func send(_ signal: Int32, to pid: pid_t) { _ = kill(hasOwnGroup ? -pid : pid, signal) }
}
