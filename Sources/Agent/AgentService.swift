package import Kernel
package import Logging
import ServiceLifecycle
package import SystemPackage

/// The agent as a long-lived service: it listens, and lets the machine decide and the driver act.
package struct AgentService: Service {
  package struct Timing: Sendable {
    /// How often nftables' generation is read; a read costs some microseconds.
    package var poll: Duration
    /// After which everything is looked at again though nothing was noticed.
    package var resync: Duration
    /// How long the spec folder must be quiet before it is read: an edit is often several writes.
    package var quiet: Duration

    package init(
      poll: Duration = .milliseconds(500), resync: Duration = .seconds(300), quiet: Duration = .milliseconds(100)
    ) {
      self.poll = poll
      self.resync = resync
      self.quiet = quiet
    }
  }

  private let driver: AgentDriver
  private let specPaths: [FilePath]
  private let kernel: any Kernel
  private let routeProtocol: UInt8
  private let reloads: AsyncStream<Void>
  private let timing: Timing
  private let logger: Logger

  /// - Parameter reloads: one element for each wish to look at everything again (SIGHUP).
  package init(
    driver: AgentDriver, specPaths: [FilePath], kernel: any Kernel, routeProtocol: UInt8,
    reloads: AsyncStream<Void>, timing: Timing, logger: Logger
  ) {
    self.driver = driver
    self.specPaths = specPaths
    self.kernel = kernel
    self.routeProtocol = routeProtocol
    self.reloads = reloads
    self.timing = timing
    self.logger = logger
  }

  package func run() async throws {
    let (events, sink) = AsyncStream.makeStream(of: AgentMachine.Event.self)
    let folders = try FolderMonitor(paths: specPaths)
    let routes = try await kernel.routeChanges(routeProtocol: routeProtocol)
    await withThrowingTaskGroup { group in
      group.addTask { try await watchSpecs(folders, sink) }
      group.addTask { try await pollGeneration(sink) }
      group.addTask { try await watchRoutes(routes, sink) }
      group.addTask { try await resync(sink) }
      group.addTask { await reload(sink) }
      group.addTask {
        try? await gracefulShutdown()
        sink.yield(.stopRequested)
      }
      sink.yield(await driver.loadSpec() ? .specChanged : .resyncDue)
      await drive(events, sink)
      group.cancelAll()
    }
  }

  private func watchSpecs(_ folders: FolderMonitor, _ sink: AsyncStream<AgentMachine.Event>.Continuation) async throws {
    for await _ in folders.changes {
      try await Task.sleep(for: timing.quiet)
      if await driver.loadSpec() { sink.yield(.specChanged) }
    }
  }

  /// A subscription to nftables' notifications would slow every other writer on the node, so its number is read.
  private func pollGeneration(_ sink: AsyncStream<AgentMachine.Event>.Continuation) async throws {
    var isFailing = false
    while true {
      try await Task.sleep(for: timing.poll)
      do {
        if try await driver.kernelMoved() { sink.yield(.kernelChanged) }
        isFailing = false
      } catch {
        if !isFailing { logger.error("nftables' generation cannot be read", metadata: ["error": "\(error)"]) }
        isFailing = true
      }
    }
  }

  /// A routing daemon may change thousands of routes at a time: one look serves them all.
  private func watchRoutes(
    _ routes: AsyncStream<Void>, _ sink: AsyncStream<AgentMachine.Event>.Continuation
  ) async throws {
    var changes = routes
    while true {
      for await _ in changes {
        try await Task.sleep(for: timing.poll)
        sink.yield(.kernelChanged)
      }
      try Task.checkCancellation()
      logger.error(
        "changes of routes are not heard of any more; listening anew", metadata: ["after": "\(timing.resync)"])
      try await Task.sleep(for: timing.resync)
      do {
        changes = try await kernel.routeChanges(routeProtocol: routeProtocol)
      } catch {
        logger.error("routes cannot be listened to", metadata: ["error": "\(error)"])
      }
    }
  }

  private func resync(_ sink: AsyncStream<AgentMachine.Event>.Continuation) async throws {
    while true {
      try await Task.sleep(for: timing.resync)
      await driver.forgetIntentCheck()
      sink.yield(await driver.loadSpec() ? .specChanged : .resyncDue)
    }
  }

  private func reload(_ sink: AsyncStream<AgentMachine.Event>.Continuation) async {
    for await _ in reloads {
      logger.info("reload")
      sink.yield(await driver.loadSpec() ? .specChanged : .resyncDue)
    }
  }

  /// Actions run beside this loop, so that a stop is heard while the baton is waited for.
  private func drive(
    _ events: AsyncStream<AgentMachine.Event>, _ sink: AsyncStream<AgentMachine.Event>.Continuation
  ) async {
    var machine = AgentMachine()
    var wait: Task<Void, Never>?
    var retry: Task<Void, Never>?
    let driver = driver
    for await event in events {
      for action in machine.handle(event) {
        switch action {
        case .plan:
          retry?.cancel()
          Task { sink.yield(await driver.plan()) }
        case .acquire: wait = Task { sink.yield(await driver.acquire()) }
        case .abandonWait: wait?.cancel()
        case .apply: Task { sink.yield(await driver.apply()) }
        case .recover: Task { sink.yield(await driver.recover()) }
        case .release: Task { sink.yield(await driver.release()) }
        case .retry(let pause):
          logger.info("trying again later", metadata: ["after": "\(pause)", "problem": "\(machine.problem ?? "")"])
          retry = Task {
            // Cut short when a plan comes first.
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            sink.yield(.retryDue)
          }
        case .finish: return
        }
      }
    }
  }
}
