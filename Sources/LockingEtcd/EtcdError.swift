import GRPCCore
import Locking

/// What etcd, or the way to it, answered.
enum EtcdError: Error, Hashable {
  /// Not reached, too late or without a leader. Whether a write took effect is unknown. With how long it was tried, if
  /// more than once, and what is wrong with the dates of a certificate that was refused.
  case away(String, after: Duration? = nil, dates: String? = nil)
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
    case .away(let text, let patience, let dates):
      .unavailable(store: location, detail: EtcdAdvice(settings, dates: dates).text(on: text, after: patience))
    case .tokenExpired: .refused(store: location, detail: "etcd refuses the login again after a new one; see its log")
    case .leaseGone: .unavailable(store: location, detail: "the lease is gone")
    case .leaseExists: .unavailable(store: location, detail: "the lease exists already")
    case .refused(let text): .refused(store: location, detail: text)
    case .cancelled: .cancelled
    }
  }
}
