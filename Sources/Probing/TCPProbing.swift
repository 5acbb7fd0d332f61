import NIOCore

/// One connection, which is closed as soon as it stands.
struct TCPProbing {
  let connector: Connector

  func run(_ host: String, _ port: UInt16, within time: Duration) async -> ProbeResult {
    do {
      try await connector.connect(host, port, within: time) { _ in
      } then: { channel in
        channel.close(promise: nil)
        return channel.eventLoop.makeSucceededVoidFuture()
      }
      return .passed
    } catch {
      return .failed(ConnectionFailure.reason(error, within: time))
    }
  }
}
