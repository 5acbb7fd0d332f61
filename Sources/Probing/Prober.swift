package import Spec

/// What came of one try of a probe.
package enum ProbeResult: Hashable, Sendable {
  case passed
  /// Why, in a few words without a full stop: "connection refused".
  case failed(String)
}

/// Runs probes against the network.
package protocol Prober: Sendable {
  /// One try over a new connection: neither a connection nor an address nor a neighbour that was known before may make
  /// it pass, for rules that cut off what is new let pass what is established.
  /// - Parameter time: it answers by then, whatever the network does.
  func run(_ probe: Probe, within time: Duration) async -> ProbeResult
}

/// A probe that did not pass, for people.
package struct ProbeFailure: Hashable, Sendable {
  /// Its number in its `ProbeSet`.
  package var number: Int
  /// `tcp:192.0.2.10:6443`, or the lock's location.
  package var name: String
  /// Where it is asked for: a place in a spec or in the settings, or a flag; nil for the lock.
  package var place: String?
  package var reason: String
}

extension ProbeFailure: CustomStringConvertible {
  package var description: String { "\(name)\(place.map { " (\($0))" } ?? ""): \(reason)" }
}

extension Duration {
  /// `2 s`, `1.5 s`, `350 ms`
  var inWords: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    guard milliseconds >= 1000 else { return "\(milliseconds) ms" }
    let tenths = milliseconds % 1000 / 100
    return tenths == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds / 1000).\(tenths) s"
  }
}
