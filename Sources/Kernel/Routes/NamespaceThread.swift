package import Netlink

/// Runs code on a thread that is in another network namespace: sockets that it opens, and threads that it starts, are
/// there too.
package actor NamespaceThread {
  private let thread: BlockingThread

  /// - Parameter namespace: a file that names the namespace.
  package init(_ namespace: String) throws(NetlinkError) { thread = try BlockingThread(namespace: namespace) }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  package func run<Value: Sendable>(_ body: @Sendable () -> Value) -> Value { body() }
}
