import Kernel
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// TCP servers and clients in a network namespace.
struct TestServers: Sendable {
  enum Behaviour: Sendable {
    /// Says nothing.
    case silence
    /// Ends the connection as soon as something comes.
    case hangUp
    case echo
    /// Says this once something has come, and ends the connection.
    case words(String)
  }

  let group: MultiThreadedEventLoopGroup

  init(_ namespace: String) async throws {
    group = try await NamespaceThread(namespace).run { MultiThreadedEventLoopGroup(numberOfThreads: 1) }
  }

  /// For IPv4 and IPv6 alike unless told otherwise.
  @discardableResult
  func listen(
    _ port: Int, _ behaviour: Behaviour, on host: String = "::", tls: NIOSSLContext? = nil
  ) async throws -> Connections {
    let connections = Connections()
    // A socket belongs to the namespace of the thread that opens it.
    _ = try await group.any().flatSubmit { [group] in
      let bootstrap = ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
          connections.add(channel.remoteAddress?.port)
          return channel.eventLoop.makeCompletedFuture {
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            try channel.pipeline.syncOperations.addHandler(Peer(behaviour))
          }
        }
      return bootstrap.bind(host: host, port: port)
    }.get()
    return connections
  }
}

/// A connection to an echo server, which stays.
actor EchoConnection {
  private let channel: any Channel
  private let answers: AsyncStream<String>

  init(_ clients: TestServers, _ host: String, _ port: Int) async throws {
    let (answers, received) = AsyncStream.makeStream(of: String.self)
    self.answers = answers
    let address = try SocketAddress(ipAddress: host, port: port)
    channel = try await clients.group.any().flatSubmit {
      let bootstrap = ClientBootstrap(group: clients.group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Listener(received))
          }
        }
      return bootstrap.connect(to: address)
    }.get()
  }

  func isEchoed(_ text: String) async throws -> Bool {
    try await channel.writeAndFlush(ByteBuffer(string: text))
    for await answer in answers { return answer == text }
    return false
  }

  private final class Listener: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let received: AsyncStream<String>.Continuation

    init(_ received: AsyncStream<String>.Continuation) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received.yield(String(buffer: unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) { received.finish() }
  }
}

/// The ports that connections came from.
final class Connections: Sendable {
  private let ports = Mutex<[Int]>([])

  func add(_ port: Int?) { ports.withLock { $0.append(port ?? 0) } }
  var sources: [Int] { ports.withLock { $0 } }
}

private final class Peer: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let behaviour: TestServers.Behaviour

  init(_ behaviour: TestServers.Behaviour) { self.behaviour = behaviour }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch behaviour {
    case .silence: break
    case .hangUp: context.close(promise: nil)
    case .echo: context.writeAndFlush(data, promise: nil)
    case .words(let text):
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
