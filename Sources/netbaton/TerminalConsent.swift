import Agent
import Glibc
import NIOCore
import NIOPosix
import SystemPackage
import UnixSignals

/// Asks the person at the terminal whether a change may stay, and counts down meanwhile.
///
/// It is asked on the controlling terminal itself: over the connection that the change may have cut, and not from a pipe
/// that always says yes.
struct TerminalConsent: Consent {
  private static let path: FilePath = "/dev/tty"

  /// Throws if there is no terminal: an answer that nobody can give would take every change back.
  init() throws {
    do {
      try TerminalConsent.open().close()
    } catch {
      throw UsageError("--confirm-within asks at a terminal, and there is none (\(error)); leave it out, or use probes")
    }
  }

  private static func open() throws -> SystemPackage.FileDescriptor {
    try SystemPackage.FileDescriptor.open(path, .readWrite, options: [.nonBlocking, .closeOnExec])
  }

  func ask(until deadline: ContinuousClock.Instant) async -> ConsentAnswer {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    do {
      // Before the question can be seen: whoever answers at once is heard.
      try TerminalConsent.forgetWhatWasTyped()
    } catch {
      return .unanswered("the terminal is gone (\(error))")
    }
    return await withTaskGroup(of: ConsentAnswer?.self) { group in
      group.addTask { await TerminalConsent.countDown(to: deadline) }
      group.addTask { await TerminalConsent.read() }
      group.addTask {
        // A terminal that hangs up may have been cut off by the change.
        for await signal in signals {
          return signal == .sighup ? .unanswered("the terminal is gone") : .no("interrupted")
        }
        return nil
      }
      defer { group.cancelAll() }
      for await answer in group { if let answer { return answer } }
      return .unanswered("nobody answered")
    }
  }

  /// What was typed before the question is no answer to it.
  private static func forgetWhatWasTyped() throws {
    let terminal = try open()
    try terminal.closeAfter {
      guard tcflush(terminal.rawValue, TCIFLUSH) == 0 else { throw Errno(rawValue: errno) }
    }
  }

  private static func countDown(to deadline: ContinuousClock.Instant) async -> ConsentAnswer? {
    do {
      while ContinuousClock.now < deadline {
        let left = (deadline - .now).components.seconds
        try say("\rKeep this change? It is taken back in \(left) s. [y/N] ")
        try await Task.sleep(for: .seconds(1), tolerance: .milliseconds(50))
      }
      try say("\n")
    } catch is CancellationError {
      return nil
    } catch {
      return .unanswered("the terminal is gone (\(error))")
    }
    return .unanswered("nobody answered in time")
  }

  private static func say(_ text: String) throws {
    let terminal = try open()
    try terminal.closeAfter { _ = try terminal.writeAll(Array(text.utf8)) }
  }

  private static func read() async -> ConsentAnswer? {
    do {
      let terminal = try open()
      let channel = try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .takingOwnershipOfDescriptor(input: terminal.rawValue) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
          }
        }
      return try await channel.executeThenClose { input, _ in try await answer(in: input) }
    } catch is CancellationError {
      return nil
    } catch {
      return .unanswered("the terminal is gone (\(error))")
    }
  }

  private static func answer(in input: NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> ConsentAnswer? {
    var line = ""
    for try await part in input {
      line += String(buffer: part)
      guard line.contains(where: \.isNewline) else { continue }
      let word = line.prefix { !$0.isNewline }.lowercased().filter { !$0.isWhitespace }
      return ["y", "yes"].contains(word) ? .yes : .no("it was declined")
    }
    return Task.isCancelled ? nil : .unanswered("the terminal is gone")
  }
}
