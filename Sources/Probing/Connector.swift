import NIOCore
import NIOPosix

/// Makes connections of which nothing is kept.
struct Connector: Sendable {
  let group: MultiThreadedEventLoopGroup

  /// - Parameter host: a name, each of whose addresses is tried, IPv6 first (RFC 8305); or an address.
  /// - Parameter time: for looking the name up and for connecting, together.
  /// - Parameter initialize: on the event loop, for each connection that is begun.
  /// - Parameter body: on the event loop, once with the connection that stands.
  func connect<Value: Sendable>(
    _ host: String, _ port: UInt16, within time: Duration,
    initialize: @escaping @Sendable (any Channel) throws -> Void,
    then body: @escaping @Sendable (any Channel) throws -> EventLoopFuture<Value>
  ) async throws -> Value {
    let loop = group.any()
    // A socket is opened by the thread that asks for it, and belongs to that thread's network namespace.
    return try await loop.flatSubmit {
      let bootstrap = ClientBootstrap(group: loop)
        .connectTimeout(TimeAmount(time))
        .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try initialize(channel) } }
      let connected =
        if let address = try? SocketAddress(ipAddress: host, port: Int(port)) {
          bootstrap.connect(to: address)
        } else {
          bootstrap.connect(host: host, port: Int(port))
        }
      return connected.flatMap { channel in
        do {
          return try body(channel)
        } catch {
          channel.close(promise: nil)
          return loop.makeFailedFuture(error)
        }
      }
    }.get()
  }
}

struct NoAnswer: Error {}
