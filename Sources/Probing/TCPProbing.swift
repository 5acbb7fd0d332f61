import NIOCore
import NIOPosix

/// One connection, which is closed as soon as it stands.
struct TCPProbing {
  let group: MultiThreadedEventLoopGroup

  func run(_ host: String, _ port: UInt16, within time: Duration) async -> ProbeResult {
    let bootstrap = ClientBootstrap(group: group).connectTimeout(TimeAmount(time))
    do {
      let channel: any Channel
      if let address = try? SocketAddress(ipAddress: host, port: Int(port)) {
        channel = try await bootstrap.connect(to: address).get()
      } else {
        // Every address of the name is tried, IPv6 first (RFC 8305); the time limit holds for all of them together and
        // for looking them up.
        channel = try await bootstrap.connect(host: host, port: Int(port)).get()
      }
      // That it was closed long ago by the other side is no failure.
      try? await channel.close()
      return .passed
    } catch {
      return .failed(ConnectionFailure.reason(error, within: time))
    }
  }
}
