import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Locking
import Synchronization

typealias EtcdTransport = HTTP2ClientTransport.Posix

/// A connection to one of the endpoints, and to the next when that one fails.
final class EtcdChannel: Sendable {
  /// One connection, which reconnects to its own endpoint by itself.
  struct Connection: Sendable {
    let client: GRPCClient<EtcdTransport>
    let endpoint: EtcdSettings.Endpoint
    fileprivate let running: Task<Void, Never>
    fileprivate let number: Int
  }

  private struct State {
    var number = 0
    var connection: Connection?
    var isClosed = false
  }

  private let settings: EtcdSettings
  private let state = Mutex(State())

  init(_ settings: EtcdSettings) { self.settings = settings }

  deinit { close() }

  func current() throws(EtcdError) -> Connection {
    let result = state.withLock { state -> Result<Connection, EtcdError> in
      if state.isClosed { return .failure(.cancelled) }
      if let connection = state.connection { return .success(connection) }
      let made = Result { () throws(EtcdError) in try open(number: state.number) }
      state.connection = try? made.get()
      return made
    }
    return try result.get()
  }

  /// The next call goes to another endpoint, if there is one and nobody has moved on before.
  func moveOn(from failed: Connection) {
    guard settings.endpoints.count > 1 else { return }
    let old: Connection? = state.withLock { state in
      guard let connection = state.connection, connection.number == failed.number else { return nil }
      state.number += 1
      state.connection = nil
      return connection
    }
    old.map(end)
  }

  func close() {
    let old = state.withLock { state in
      state.isClosed = true
      defer { state.connection = nil }
      return state.connection
    }
    old.map(end)
  }

  private func end(_ connection: Connection) {
    connection.client.beginGracefulShutdown()
    connection.running.cancel()
  }

  private func open(number: Int) throws(EtcdError) -> Connection {
    let endpoint = settings.endpoints[number % settings.endpoints.count]
    if let fault = settings.tls?.fault() { throw .refused(fault) }
    let client: GRPCClient<EtcdTransport>
    do {
      client = GRPCClient(
        transport: try EtcdTransport(
          target: EtcdChannel.target(endpoint),
          transportSecurity: security, config: EtcdChannel.config))
    } catch {
      throw .refused(settings.tls?.refusal("\(error)") ?? "the connection to \(endpoint) cannot be set up: \(error)")
    }
    let running = Task<Void, Never> {
      // It ends when the client is shut down; what happens before is told to each call.
      try? await client.runConnections()
    }
    return Connection(client: client, endpoint: endpoint, running: running, number: number)
  }

  /// An address is no name to look up, and TLS refuses it as a server's name (RFC 6066, 3).
  static func target(_ endpoint: EtcdSettings.Endpoint) -> any ResolvableTarget {
    if endpoint.host.contains(":") { return .ipv6(address: endpoint.host, port: endpoint.port) }
    let isAddress = endpoint.host.allSatisfy { $0.isNumber || $0 == "." }
    return isAddress
      ? .ipv4(address: endpoint.host, port: endpoint.port) : .dns(host: endpoint.host, port: endpoint.port)
  }

  private static var config: EtcdTransport.Config {
    .defaults { config in
      config.backoff.initial = .milliseconds(50)
      config.backoff.max = .seconds(2)
      // etcd answers pings that come more often than each 5 s with GOAWAY (its --grpc-keepalive-min-time).
      config.connection.keepalive = .init(time: .seconds(10), timeout: .seconds(3), allowWithoutCalls: false)
      // Who neither holds nor waits keeps no connection for long; the next call makes another.
      config.connection.maxIdleTime = .seconds(60)
      // Calls are few and each is waited for.
      config.connection.flushCoalescing = nil
    }
  }

  private var security: EtcdTransport.TransportSecurity {
    guard let tls = settings.tls else { return .plaintext }
    return .tls { config in
      if let authority = tls.authority {
        config.trustRoots = .certificates([.file(path: authority, format: .pem)])
      }
      if let certificate = tls.certificate, let key = tls.key {
        config.certificateChain = [.file(path: certificate, format: .pem)]
        config.privateKey = .file(path: key, format: .pem)
      }
    }
  }
}
