/// What a person can do when etcd is not reached.
///
/// Only the transport's text tells its failures apart. It speaks of the transport's own states and source files, so it
/// is left out where it is understood.
struct EtcdAdvice {
  private let settings: EtcdSettings
  /// What is wrong with the dates of etcd's certificate.
  private let dates: String?

  init(_ settings: EtcdSettings, dates: String? = nil) {
    self.settings = settings
    self.dates = dates
  }

  /// Whether we refused etcd's certificate, for whatever reason.
  static func isAboutTrust(_ failure: String) -> Bool { failure.contains("CERTIFICATE_VERIFY_FAILED") }

  private var at: String { settings.endpoints.map(\.description).joined(separator: ", ") }

  /// - Parameter patience: how long all endpoints were tried; nil for one try.
  func text(on failure: String, after patience: Duration?) -> String {
    let time = patience.map { " within \(max(1, $0.components.seconds)) s" } ?? ""
    if failure.contains("timed out") {
      return "no answer from etcd at \(at)\(time): is it up, with a leader, and is this its client port?"
    }
    let known = [
      (EtcdAdvice.ofServer, ofServer), (EtcdAdvice.ofClient, ofClient), (EtcdAdvice.ofConnection, ofConnection),
    ]
    for (words, advice) in known {
      if let word = words.first(where: { failure.contains($0) }) { return advice(word) }
    }
    return "etcd at \(at) does not serve\(time): is it up, with a leader? (\(plain(failure)))"
  }

  // MARK: - What we say of etcd's certificate

  private static let ofServer = [
    "CERTIFICATE_VERIFY_FAILED", "failedToValidateHostname", "unableToValidateCertificate", "WRONG_VERSION_NUMBER",
    "EOF during handshake",
  ]

  private func ofServer(_ word: String) -> String {
    switch word {
    case "CERTIFICATE_VERIFY_FAILED":
      if let dates { return "the certificate of etcd at \(at) \(dates): renew it, or set the clock" }
      let authority = settings.tls?.authority.map { "the authority in \($0)" } ?? "an authority that this system trusts"
      return "the certificate of etcd at \(at) is not of \(authority): name its authority with --etcd-ca "
        + "(`openssl s_client -connect \(settings.endpoints[0])` shows it)"
    case "failedToValidateHostname", "unableToValidateCertificate":
      return "the certificate of etcd at \(at) is for another name: connect by a name or an address that is in it "
        + "(its subjectAltName), or give etcd one that has this name"
    default:
      return "etcd at \(at) does not speak TLS: write etcd://"
    }
  }

  // MARK: - What etcd says of our certificate

  /// The names of TLS alerts (RFC 8446, 6.2), as the TLS library writes them.
  private static let ofClient = [
    "CERTIFICATE_EXPIRED", "UNKNOWN_CA", "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REVOKED", "UNSUPPORTED_CERTIFICATE",
  ]

  private func ofClient(_ word: String) -> String {
    guard let certificate = settings.tls?.certificate else {
      return "etcd at \(at) asks for a client certificate: name it with --etcd-cert and --etcd-key"
    }
    let fault = CertificateDates.fault(ofFile: certificate)
    let authority = "it is not of the authority that etcd trusts (its --trusted-ca-file), or not for clients"
    let reason =
      switch word {
      case _ where fault != nil: "it \(fault ?? ""); renew it, or set the clock"
      case "CERTIFICATE_EXPIRED": "it has expired by etcd's clock; renew it, or set the clocks"
      case "CERTIFICATE_REVOKED": "it was revoked; use another"
      case "UNSUPPORTED_CERTIFICATE": "it is not for clients (extendedKeyUsage clientAuth); use another"
      case "UNKNOWN_CA": "it is not of the authority that etcd trusts (its --trusted-ca-file); use another"
      // Go's answer to any wrong certificate, up to Go 1.20.
      default: "\(authority); etcd's log says which"
      }
    return "etcd at \(at) refuses the client certificate \(certificate): \(reason)"
  }

  // MARK: - The connection itself

  private static let ofConnection = [
    "Couldn't resolve address", "Connection refused", "connection refused",
    "before completing the HTTP/2 connection preface",
  ]

  private func ofConnection(_ word: String) -> String {
    switch word {
    case "Couldn't resolve address":
      return "nothing is known of the host of \(at): is its name right, and does DNS answer?"
    case "Connection refused", "connection refused":
      return "nothing listens on \(at): is etcd running, and is this its client port?"
    default:
      // How a server ends a connection that it had expected to be, or not to be, TLS; or one without the certificate
      // that it wants, when its alert did not come through.
      return settings.tls == nil
        ? "\(at) ended the connection before a word: if it speaks TLS, write etcds://"
        : "\(at) ended the connection before a word: if it speaks no TLS, write etcd://; if it asks for a client "
          + "certificate, name it with --etcd-cert and --etcd-key"
    }
  }

  /// Without where in the transport's sources it happened.
  private func plain(_ failure: String) -> String {
    let parts = failure.split(separator: "OPENSSL_internal:", maxSplits: 1)
    if parts.count == 2 { return "TLS: \(parts[1].prefix { $0.isLetter || $0.isNumber || $0 == "_" })" }
    return failure.replacing("Channel is in a transient failure state and 'wait for ready' isn't enabled. ", with: "")
  }
}
