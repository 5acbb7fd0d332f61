import EtcdAPI
import GRPCCore
import SwiftProtobuf
import Locking
import Synchronization

/// Calls and streams to etcd: over two connections, in two endpoints' turn, with a login that is renewed.
///
/// A connection dies now and then: etcd's server pings with nearly each data frame, and swift-nio-http2 ends a
/// connection with more than 200 control frames in 30 s. So what must live on (watches, the lease) has a connection
/// of its own with few writes. Calls go over the other one and are repeated; every one of them is such that a second
/// time does nothing more.
final class EtcdClient: Sendable {
  typealias Call = (client: GRPCClient<EtcdTransport>, metadata: Metadata, options: CallOptions)

  let settings: EtcdSettings
  private let calls: EtcdChannel
  private let streams: EtcdChannel
  private let token = Mutex<String?>(nil)

  init(_ settings: EtcdSettings) {
    self.settings = settings
    calls = EtcdChannel(settings)
    streams = EtcdChannel(settings)
  }

  func close() {
    calls.close()
    streams.close()
  }

  /// Repeats a call while etcd is away, on each endpoint in turn.
  /// - Parameter patience: at the least each endpoint is tried, and one of them twice.
  func call<Reply: Sendable>(
    patience: Duration = .seconds(2), _ body: @Sendable (Call) async throws -> Reply
  ) async throws(EtcdError) -> Reply {
    let start = ContinuousClock.now
    var attempt = 0
    var logins = 0
    while true {
      attempt += 1
      let connection = try calls.current()
      do throws(EtcdError) {
        let metadata = try await metadata(over: connection)
        return try await once { try await body((connection.client, metadata, EtcdClient.options)) }
      } catch .tokenExpired where logins == 0 && settings.user != nil {
        logins += 1
        forgetToken()
      } catch .away(let text, _, _) {
        calls.moveOn(from: connection)
        let spent = start.duration(to: .now)
        if attempt > settings.endpoints.count, spent >= patience {
          let isUntrusted = EtcdAdvice.isAboutTrust(text)
          let dates = isUntrusted ? await EtcdChannel.certificateFault(at: connection.endpoint) : nil
          throw .away(text, after: spent, dates: dates)
        }
        // The first repetition at once: most often the connection had just died of old age.
        if attempt > 1 { await pause(.milliseconds(min(500, 10 << attempt))) }
        if Task.isCancelled { throw .cancelled }
      }
    }
  }

  /// Opens a stream on the streams' own connection; its end is the caller's matter.
  func stream<Value: Sendable>(_ body: @Sendable (Call) async throws -> Value) async throws(EtcdError) -> Value {
    let connection = try streams.current()
    do throws(EtcdError) {
      // A stream lives as long as it is wanted: no time limit. With "hasleader", etcd ends it when its member
      // loses the leader, rather than keep silent.
      var metadata = try await metadata(over: connection)
      metadata.addString("true", forKey: "hasleader")
      return try await once { try await body((connection.client, metadata, .defaults)) }
    } catch {
      switch error {
      case .tokenExpired: forgetToken()
      case .away: streams.moveOn(from: connection)
      default: break
      }
      throw error
    }
  }

  private static var options: CallOptions {
    var options = CallOptions.defaults
    options.timeout = .seconds(3)
    // The history's pages are larger than the default of 4 MB allows.
    options.maxResponseMessageBytes = 64 << 20
    return options
  }

  private func once<Value: Sendable>(_ body: () async throws -> Value) async throws(EtcdError) -> Value {
    do {
      return try await body()
    } catch {
      throw EtcdError(error)
    }
  }

  private func pause(_ time: Duration) async {
    // Cut short by cancellation, which the caller looks for.
    try? await Task.sleep(for: time, clock: .continuous)
  }

  // MARK: - Login

  private func forgetToken() { token.withLock { $0 = nil } }

  private func metadata(over connection: EtcdChannel.Connection) async throws(EtcdError) -> Metadata {
    guard let user = settings.user else { return [:] }
    if let known = token.withLock({ $0 }) { return ["token": .string(known)] }
    let request = Etcdserverpb_AuthenticateRequest.with {
      $0.name = user.name
      $0.password = user.password
    }
    let reply = try await once {
      try await Etcdserverpb_Auth.Client(wrapping: connection.client)
        .authenticate(request, options: EtcdClient.options)
    }
    token.withLock { $0 = reply.token }
    return ["token": .string(reply.token)]
  }
}
