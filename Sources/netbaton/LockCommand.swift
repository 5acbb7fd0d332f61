import Agent
import ArgumentParser
import LockedCommand
import Locking
import Logging
import UnixSignals

struct LockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock",
    abstract: "The baton itself.",
    subcommands: [LockStatusCommand.self, LockRunCommand.self])
}

struct LockStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows who holds the baton and who waits for it, since when and what for.")

  @OptionGroup var common: CommonFlags

  func run() async throws {
    try await reporting {
      let lock = try Wiring(common).lock()
      let status = try await lock.status()
      await lock.close()
      for line in StatusText.lines(status, of: lock.location) { try Output.line(line) }
    }
  }
}

struct LockRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a command while holding the baton.",
    discussion: """
      The command gets NETBATON_TOKEN, a number that grows with each grant. If the baton is lost, the command is ended. \
      Exits with the command's own status, or 128 and the signal's number.
      """)

  @OptionGroup var common: CommonFlags

  @Option(help: "How long to wait for the baton, such as 30s or 5m (default: until it comes; 0s: do not wait).")
  var wait: String?

  @Option(help: "How many may hold the baton at a time; everybody in a group must say the same.")
  var slots: String?

  @Option(help: "What the baton is wanted for, for others to read (default: the command).")
  var purpose: String?

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
  var command: [String] = []

  func run() async throws {
    try await reporting {
      guard !command.isEmpty else { throw UsageError("say which command to run: netbaton lock run -- COMMAND") }
      let wiring = try Wiring(common)
      let lock = try wiring.lock()
      let recorder = wiring.recorder()
      let request = LockRequest(
        holder: wiring.holder, purpose: purpose ?? command.joined(separator: " "), wait: try LockRequest.Wait(wait),
        slots: try wiring.settings.slots(slots))
      throw ExitCode(try await run(command, under: lock, request, recorder))
    }
  }

  private func run(
    _ words: [String], under lock: any LockBackend, _ request: LockRequest, _ recorder: ChangeRecorder
  ) async throws -> Int32 {
    let (numbers, sink) = AsyncStream.makeStream(of: Int32.self)
    let acquiring = Task { try await lock.acquire(request) { recorder.log($0) } }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let listening = Task {
      for await signal in signals {
        // Before the grant a signal ends the wait; after it, it is the command's.
        acquiring.cancel()
        sink.yield(signal.rawValue)
      }
    }
    defer { listening.cancel() }
    let baton = try await acquiring.value
    let command = LockedCommand(program: words[0], arguments: Array(words.dropFirst()))
    let outcome: Result<LockedCommand.Outcome, any Error>
    do {
      outcome = .success(try await command.run(with: baton, lock: lock.location, signals: numbers))
    } catch {
      outcome = .failure(error)
    }
    do {
      try await lock.release(baton)
    } catch {
      recorder.logger.warning("the baton could not be given back", metadata: ["error": "\(error)"])
    }
    await lock.close()
    return try outcome.get().status
  }
}
