import GRPCCore
import Locking

/// What etcd, or the way to it, answered.
enum EtcdError: Error, Hashable {
  /// Not reached, too late or without a leader. Whether a write took effect is unknown.
  case away(String)
  /// The token of our login has expired.
  case tokenExpired
  /// The lease that a write refers to is not there.
  case leaseGone
  /// The lease of this number is there already.
  case leaseExists
  case refused(String)
  case cancelled

  init(_ error: any Error) {
    guard let error = error as? RPCError else {
      self = error is CancellationError ? .cancelled : .away("\(error)")
      return
    }
    let text = ([error.message] + (error.cause.map { ["\($0)"] } ?? [])).joined(separator: ": ")
    switch error.code {
    // etcd's codes are in its api/v3rpc/rpctypes/error.go.
    case .unauthenticated: self = .tokenExpired
    case .notFound: self = .leaseGone
    case .failedPrecondition where error.message.contains("lease already exists"): self = .leaseExists
    case .permissionDenied: self = .refused("\(text); give the user read and write access to the prefix")
    case .invalidArgument where error.message.contains("revision of auth store is old"): self = .tokenExpired
    case .invalidArgument where error.message.contains("user name is empty"):
      self = .refused("etcd asks for a login; set the user and the password, or a client certificate")
    case .invalidArgument where error.message.contains("authentication failed"):
      self = .refused("etcd does not know this user and password")
    case .invalidArgument, .unimplemented, .outOfRange, .failedPrecondition, .dataLoss:
      self = .refused("\(text) (\(error.code))")
    case .cancelled where Task.isCancelled: self = .cancelled
    default: self = .away("\(text) (\(error.code))")
    }
  }

  func lockError(at settings: EtcdSettings) -> LockError {
    let location = settings.location
    return switch self {
    case .away(let text): .unavailable(store: location, detail: Self.hint(text, settings))
    case .tokenExpired: .refused(store: location, detail: "etcd refuses the login again after a new one; see its log")
    case .leaseGone: .unavailable(store: location, detail: "the lease is gone")
    case .leaseExists: .unavailable(store: location, detail: "the lease exists already")
    case .refused(let text): .refused(store: location, detail: text)
    case .cancelled: .cancelled
    }
  }

  /// What a person can do about it. Only the text tells the transport's failures apart.
  private static func hint(_ text: String, _ settings: EtcdSettings) -> String {
    let at = settings.endpoints.map(\.description).joined(separator: ", ")
    let refused = "nothing listens on \(at): is etcd running, and is this its client port?"
    // How a server ends a connection that it had expected to be, or not to be, TLS; or one without the certificate
    // that it wants, when its alert did not come through.
    let closed =
      settings.tls == nil
      ? "\(at) ended the connection before a word: if it speaks TLS, write etcds://"
      : "\(at) ended the connection before a word: if it speaks no TLS, write etcd://; if it asks for a client "
        + "certificate, name it with --etcd-cert and --etcd-key"
    let hints = [
      ("CERTIFICATE_VERIFY_FAILED", "etcd's certificate is not trusted: name its authority with --etcd-ca"),
      ("unableToValidateCertificate", "etcd's certificate is not for this host: use a name that is in it"),
      ("WRONG_VERSION_NUMBER", "etcd does not speak TLS there: use etcd://"),
      ("CERTIFICATE_REQUIRED", "etcd asks for a client certificate: name it with --etcd-cert and --etcd-key"),
      // Go's answer to a wrong certificate, and up to Go 1.20 to none.
      (
        "BAD_CERTIFICATE",
        "etcd asks for a client certificate that it knows: name it with --etcd-cert and --etcd-key, or see etcd's log"
      ),
      ("UNKNOWN_CA", "etcd does not trust the client certificate's authority"),
      ("Couldn't resolve address", "nothing is known of the host of \(at): is its name right, and does DNS answer?"),
      ("Connection refused", refused),
      ("connection refused", refused),
      ("before completing the HTTP/2 connection preface", closed),
    ]
    let advice = hints.first { text.contains($0.0) }?.1 ?? "etcd at \(at) does not answer: is it up, with a leader?"
    return "\(advice) (\(text))"
  }
}
