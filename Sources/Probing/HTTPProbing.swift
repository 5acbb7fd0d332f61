import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Spec

/// One GET over a connection of its own, of which the answer's first line is read.
///
/// No client with a pool: what keeps connections for later is what a probe must never meet.
struct HTTPProbing {
  let connector: Connector

  func run(_ probe: HTTPProbe, within time: Duration) async -> ProbeResult {
    do {
      let tls = probe.isSecure ? try TLS(probe) : nil
      let end = NIODeadline.now() + TimeAmount(time)
      let status = try await connector.connect(probe.host, probe.port, within: time) { channel in
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(tls.handler()) }
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(Question(probe, channel.eventLoop))
      } then: { channel in
        // On the event loop, before anything can have been read.
        try channel.pipeline.syncOperations.handler(type: Question.self).ask(over: channel, until: end)
      }
      guard let status else { return .failed("the connection was closed without an answer") }
      if probe.statuses.contains(status) { return .passed }
      return .failed("HTTP status \(status), wanted \(HTTPProbing.words(probe.statuses))")
    } catch {
      return .failed(ConnectionFailure.reason(error, within: time))
    }
  }

  private static func words(_ statuses: ClosedRange<Int>) -> String {
    statuses.count == 1 ? "\(statuses.lowerBound)" : "\(statuses.lowerBound)-\(statuses.upperBound)"
  }
}

/// A connection's only question, and its answer's status.
private final class Question: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let probe: HTTPProbe
  /// nil if there was none before the connection's end.
  private let answer: EventLoopPromise<Int?>

  init(_ probe: HTTPProbe, _ loop: any EventLoop) {
    self.probe = probe
    answer = loop.makePromise()
  }

  func ask(over channel: any Channel, until end: NIODeadline) -> EventLoopFuture<Int?> {
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    let answer = answer
    let patience = channel.eventLoop.scheduleTask(deadline: end) {
      answer.fail(NoAnswer())
      channel.close(promise: nil)
    }
    answer.futureResult.whenComplete { _ in patience.cancel() }
    return answer.futureResult
  }

  private var head: HTTPRequestHead {
    let usual: UInt16 = probe.isSecure ? 443 : 80
    let host = probe.host.contains(":") ? "[\(probe.host)]" : probe.host
    let headers: HTTPHeaders = [
      "Host": probe.port == usual ? host : "\(host):\(probe.port)", "User-Agent": "netbaton", "Accept": "*/*",
      "Connection": "close",
    ]
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: probe.path, headers: headers)
  }

  // Only the first of these has an effect on the promise.

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    answer.succeed(Int(head.status.code))
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(error)
    context.close(promise: nil)
  }

  func handlerRemoved(context: ChannelHandlerContext) { answer.succeed(nil) }
}

/// What an HTTPS probe's server is checked against.
private struct TLS: Sendable {
  private let context: NIOSSLContext
  /// nil for an address, which is no server name (RFC 6066, 3); the certificate is checked against the address then.
  private let serverName: String?

  init(_ probe: HTTPProbe) throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    // For an orderly end there is no time.
    configuration.shutdownTimeout = .milliseconds(100)
    switch probe.trust {
    case .system: break
    case .nothing: configuration.certificateVerification = .none
    case .authorities(let file):
      do {
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
      } catch {
        throw UnreadableAuthorities(file: file)
      }
    }
    context = try NIOSSLContext(configuration: configuration)
    let isAddress = (try? SocketAddress(ipAddress: probe.host, port: 0)) != nil
    serverName = isAddress ? nil : probe.host
  }

  func handler() throws -> NIOSSLClientHandler {
    try NIOSSLClientHandler(context: context, serverHostname: serverName)
  }

  private struct UnreadableAuthorities: Error, CustomStringConvertible {
    var file: String
    var description: String { "\(file) is no readable PEM file with certificates" }
  }
}
