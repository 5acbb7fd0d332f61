import Netlink

/// Sockets for nftables on a thread that is inside a namespace.
actor NetfilterThread {
  private let thread: BlockingThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  init(namespace: String) throws { thread = try BlockingThread(namespace: namespace) }

  /// Runs `body` with a new socket.
  func run<Result: Sendable>(_ body: @Sendable (inout NetlinkSocket) throws -> Result) throws -> Result {
    var socket = try NetlinkSocket(.netfilter)
    return try body(&socket)
  }
}
