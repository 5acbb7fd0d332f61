import NIOCore
import NIOPosix
import SystemPackage

/// Why no connection was made, in words.
enum ConnectionFailure {
  static func reason(_ error: any Error, within time: Duration) -> String {
    switch error {
    case let error as NIOConnectionError: reason(error, within: time)
    case let error as IOError: words(error.errnoCode)
    case ChannelError.connectTimeout: "no answer within \(time.inWords)"
    default: "\(error)"
    }
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

  /// The C library's words, which begin with a capital letter.
  private static func words(_ code: CInt) -> String {
    let text = Errno(rawValue: code).description
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
