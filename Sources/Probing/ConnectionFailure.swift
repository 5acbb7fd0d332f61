import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// Why no connection was made, in words.
enum ConnectionFailure {
  static func reason(_ error: any Error, within time: Duration) -> String {
    switch error {
    case let error as NIOConnectionError: reason(error, within: time)
    case let error as IOError: words(error.errnoCode)
    case ChannelError.connectTimeout, is NoAnswer: "no answer within \(time.inWords)"
    case is HTTPParserError: "what answers does not speak HTTP"
    case let error as NIOSSLExtraError where error == .failedToValidateHostname: "its certificate is for another host"
    default: reason("\(error)")
    }
  }

  /// Only the text tells failures of TLS apart.
  private static func reason(_ text: String) -> String {
    let known = [
      ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted: name its authority with `ca`"),
      ("WRONG_VERSION_NUMBER", "what answers does not speak TLS"),
      ("HTTP_REQUEST", "what answers does not speak TLS"),
      ("EOF during handshake", "the connection was closed without an answer"),
      ("uncleanShutdown", "the connection was closed without an answer"),
      ("CERTIFICATE_REQUIRED", "it asks for a client certificate"),
    ]
    return known.first { text.contains($0.0) }?.1 ?? text
  }

  private static func reason(_ error: NIOConnectionError, within time: Duration) -> String {
    var reasons: [String] = []
    for failure in error.connectionErrors {
      let reason = reason(failure.error, within: time)
      if !reasons.contains(reason) { reasons.append(reason) }
    }
    if !reasons.isEmpty { return reasons.joined(separator: "; ") }
    if error.dnsAError != nil || error.dnsAAAAError != nil { return "the name \(error.host) was not found" }
    return "no answer within \(time.inWords)"
  }

  /// What some kinds of routes make of a connection (`fib_props` in net/ipv4/fib_semantics.c).
  private static let routes: [Errno: String] = [
    .invalidArgument: "a blackhole route takes it", .permissionDenied: "a prohibit route, or a rule, refuses it",
  ]

  /// The C library's words, which begin with a capital letter.
  private static func words(_ code: CInt) -> String {
    let error = Errno(rawValue: code)
    let text = error.description.prefix(1).lowercased() + error.description.dropFirst()
    return routes[error].map { "\($0) (\(text))" } ?? text
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
