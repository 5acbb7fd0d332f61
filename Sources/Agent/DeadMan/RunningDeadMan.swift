import History
import Logging
import Subprocess
import SystemPackage

/// A dead-man as who started it sees it. One order is under way at a time.
actor RunningDeadMan: DeadMan {
  private enum Message: Sendable {
    case order(DeadManTalk.Order)
    case kill
  }

  private let claim: ChangeClaim
  private let logger: Logger
  private let messages: AsyncStream<Message>
  private let send: AsyncStream<Message>.Continuation
  /// Those that nobody has asked for yet: it may have decided by itself.
  private var answers: [DeadManTalk.Answer] = []
  private var waiting: CheckedContinuation<DeadManTalk.Answer?, Never>?
  /// What ended it.
  private var end: String?
  private var watchers: [CheckedContinuation<String, Never>] = []

  init(_ claim: ChangeClaim, _ logger: Logger) {
    self.claim = claim
    self.logger = logger
    (messages, send) = AsyncStream.makeStream()
  }

  // MARK: - The process

  /// The task is nobody's to cancel: cancelling it would end the process.
  func run(_ program: FilePath, _ arguments: [String]) {
    Task.detached { [messages, send] in
      let end: String
      do {
        var options = PlatformOptions()
        // Neither a terminal's Ctrl-C nor a signal to the agent's group reaches it.
        options.createSession = true
        let result = try await Subprocess.run(
          .path(program),
          arguments: Arguments(executablePathOverride: "netbaton", remainingValues: arguments),
          platformOptions: options, input: .inputWriter,
          output: .sequence, error: .currentStandardError
        ) { execution in
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              for await message in messages {
                switch message {
                // A process that has ended reads nothing; its end is told by its output.
                case .order(let order): _ = try? await execution.standardInputWriter.write(order.line + "\n")
                case .kill: try? execution.send(signal: .kill)
                }
              }
            }
            for try await line in execution.standardOutput.strings() { await self.take(line) }
            send.finish()
            try await group.waitForAll()
          }
        }
        end = "\(result.terminationStatus)"
      } catch {
        end = "\(error)"
      }
      await self.took(end: end)
    }
  }

  private func take(_ line: String) {
    guard let answer = DeadManTalk.Answer(line: line) else {
      logger.warning("the dead-man said what nobody understands", metadata: ["line": "\(line)"])
      return
    }
    if let waiting {
      self.waiting = nil
      waiting.resume(returning: answer)
    } else {
      answers.append(answer)
    }
  }

  private func took(end: String) {
    self.end = end
    send.finish()
    stopWaiting()
    for watcher in watchers { watcher.resume(returning: end) }
    watchers = []
  }

  private func stopWaiting() {
    waiting?.resume(returning: nil)
    waiting = nil
  }

  /// - Returns: nil if it has ended, or none comes in time.
  private func answer(within time: Duration) async -> DeadManTalk.Answer? {
    if !answers.isEmpty { return answers.removeFirst() }
    guard end == nil, waiting == nil else { return nil }
    let timer = Task {
      // Cut short when the answer is there.
      guard (try? await Task.sleep(for: time, clock: .continuous)) != nil else { return }
      stopWaiting()
    }
    defer { timer.cancel() }
    return await withCheckedContinuation { waiting = $0 }
  }

  func ended() async -> String {
    if let end { return end }
    return await withCheckedContinuation { watchers.append($0) }
  }

  /// A process that is stopped, or hangs, decides nothing any more once it is gone.
  private func kill() async {
    send.yield(.kill)
    _ = await ended()
  }

  // MARK: - Orders

  /// How long an answer may take: that it stays is written to the disk first.
  private static let patience = (keep: Duration.seconds(5), end: Duration.seconds(2))

  func arm(_ order: DeadManTalk.Order, within time: Duration) async throws(DeadManError) {
    send.yield(.order(order))
    switch await answer(within: time) {
    case .armed: return
    case .failed(let reason): throw .notStarted(reason)
    default:
      let reason = end ?? "it did not answer within \(time)"
      await kill()
      throw .notStarted(reason)
    }
  }

  func keep() async throws {
    if end == nil { send.yield(.order(.keep)) }
    switch await answer(within: Self.patience.keep) {
    case .kept: return
    case .undone(let reason): throw DeadManError.tooLate(reason)
    default:
      await kill()
      try keepAlone()
    }
  }

  /// It is gone. What it has not decided is ours to decide, for nobody else can any more.
  private func keepAlone() throws {
    guard case .open(let change) = try claim.journal.find() else {
      throw DeadManError.failed("the journal of the change is gone")
    }
    switch change.mark {
    case .kept: return
    case .undoing(let reason), .undone(let reason), .ended(let reason): throw DeadManError.tooLate(reason)
    case nil:
      logger.warning("the dead-man is gone; the change is kept without it", metadata: ["end": "\(end ?? "unknown")"])
      try claim.mark(.kept)
    }
  }

  func standDown() async {
    guard end == nil else { return }
    send.yield(.order(.standDown))
    let timer = Task {
      guard (try? await Task.sleep(for: Self.patience.end, clock: .continuous)) != nil else { return }
      send.yield(.kill)
    }
    _ = await ended()
    timer.cancel()
  }
}
