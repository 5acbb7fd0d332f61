package import Model

/// What must hold over a new connection before a change is confirmed.
package struct Probe: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// A TCP connection to a host name or address.
    case tcp(host: String, port: UInt16)
    /// An HTTP or HTTPS answer with a wanted status; redirections are not followed.
    case http(HTTPProbe)
    /// The next hops of this interface's default routes answer to a neighbour solicitation.
    case gateway(device: String)
  }

  package var kind: Kind
  /// How long one try may take.
  package var timeout: Duration
  package var origin: SourceLocation

  package static let usualTimeout = Duration.seconds(2)

  package init(_ kind: Kind, timeout: Duration = Probe.usualTimeout, origin: SourceLocation) {
    self.kind = kind
    self.timeout = timeout
    self.origin = origin
  }
}

extension Probe: CustomStringConvertible {
  /// As it is written in short: `tcp:192.0.2.10:6443`, `https://192.0.2.10/healthz`, `gateway:eth0`.
  package var description: String {
    switch kind {
    case .tcp(let host, let port): "tcp:\(Probe.bracketed(host)):\(port)"
    case .http(let http): http.url
    case .gateway(let device): "gateway:\(device)"
    }
  }

  static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

package struct HTTPProbe: Hashable, Sendable {
  /// What a server's certificate is checked against.
  package enum Trust: Hashable, Sendable {
    /// The authorities that this machine trusts.
    case system
    /// The authorities in a PEM file of the node.
    case authorities(file: String)
    /// Nothing, as with a kubelet's probes: only that something answers is wanted.
    case nothing
  }

  package var isSecure: Bool
  package var host: String
  package var port: UInt16
  /// With its leading slash, and with the query.
  package var path: String
  /// As with Kubernetes' probes, a redirection counts as an answer.
  package var statuses: ClosedRange<Int>
  package var trust: Trust

  package init(
    isSecure: Bool, host: String, port: UInt16, path: String, statuses: ClosedRange<Int> = 200...399,
    trust: Trust = .system
  ) {
    (self.isSecure, self.host, self.port, self.path) = (isSecure, host, port, path)
    (self.statuses, self.trust) = (statuses, trust)
  }

  package var url: String {
    let usual: UInt16 = isSecure ? 443 : 80
    return "\(isSecure ? "https" : "http")://\(Probe.bracketed(host))\(port == usual ? "" : ":\(port)")\(path)"
  }
}

/// How a spec wants its changes to be held until they are confirmed.
package struct TrialTerms: Hashable, Sendable {
  /// After which a change that was not confirmed is gone again; nil for what the agent's settings say.
  package var deadline: Duration?
  /// What the kernel cannot hold on trial by itself is refused.
  package var isRequired: Bool

  package init(deadline: Duration? = nil, isRequired: Bool = false) {
    self.deadline = deadline
    self.isRequired = isRequired
  }

  /// What several specs say together; nil if there are none.
  init?(strictestOf terms: [TrialTerms]) {
    guard !terms.isEmpty else { return nil }
    self.init(deadline: terms.compactMap(\.deadline).min(), isRequired: terms.contains(where: \.isRequired))
  }
}

/// Whether changes are on trial, as the agent's settings say it.
package enum TrialMode: String, Hashable, Sendable, CaseIterable {
  /// Where something can prove them: a probe, or a lock that is reached over the network.
  case auto
  /// The same, and what the kernel cannot hold on trial by itself is refused.
  case required
  case off
}
