import Agent
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

  func ask(until deadline: ContinuousClock.Instant) async -> String? {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return await withTaskGroup(of: Answer.self) { group in
      group.addTask { await TerminalConsent.countDown(to: deadline) }
      group.addTask { await TerminalConsent.read() }
      group.addTask {
        for await signal in signals { return .no("it was interrupted by \(signal)") }
        return .none
      }
      defer { group.cancelAll() }
      for await answer in group {
        switch answer {
        case .yes: return nil
        case .no(let reason): return reason
        case .none: continue
        }
      }
      return "nobody answered"
    }
  }

  private enum Answer: Sendable {
    case yes
    case no(String)
    case none
  }

  private static func countDown(to deadline: ContinuousClock.Instant) async -> Answer {
    do {
      while ContinuousClock.now < deadline {
        let left = (deadline - .now).components.seconds
        try say("\rKeep this change? It is taken back in \(left) s. [y/N] ")
        try await Task.sleep(for: .seconds(1), tolerance: .milliseconds(50))
      }
      try say("\n")
    } catch is CancellationError {
      return .none
    } catch {
      return .no("the terminal is gone (\(error))")
    }
    return .no("nobody answered in time")
  }

  private static func say(_ text: String) throws {
    let terminal = try open()
    try terminal.closeAfter { _ = try terminal.writeAll(Array(text.utf8)) }
  }

  private static func read() async -> Answer {
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
      return .none
    } catch {
      return .no("the terminal is gone (\(error))")
    }
  }

  private static func answer(in input: NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> Answer {
    var line = ""
    for try await part in input {
      line += String(buffer: part)
      guard line.contains(where: \.isNewline) else { continue }
      let word = line.prefix { !$0.isNewline }.lowercased().filter { !$0.isWhitespace }
      return ["y", "yes"].contains(word) ? .yes : .no("it was declined")
    }
    return Task.isCancelled ? .none : .no("the terminal is gone")
  }
}
