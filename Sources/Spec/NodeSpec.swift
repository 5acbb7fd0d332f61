package import Model

/// The node that specs are resolved for.
package struct Node: Sendable {
  package var name: String
  /// `kubernetes.io/hostname` is added if it is not among them.
  package var labels: [String: String]
  /// The first IPv4 address becomes `$node_ipv4`, the first IPv6 address that is not of the link alone `$node_ipv6`.
  package var addresses: [IPAddress]

  package init(name: String, labels: [String: String] = [:], addresses: [IPAddress] = []) {
    self.name = name
    self.labels = labels
    self.addresses = addresses
  }

  /// With those that every node has.
  package var allLabels: [String: String] {
    labels.merging(["kubernetes.io/hostname": name]) { given, _ in given }
  }
}

/// What one node should have, and how that is to be proved.
package struct NodeSpec: Sendable {
  package var state: NetworkState
  /// The specs that select this node, by name, in the source's order.
  ///
  /// If there are none, then the source says nothing about this node: that is no order to remove anything.
  package var documents: [String]
  /// Tables of other programs that may be replaced.
  package var adopt: [TableID]
  package var probes: [Probe]
  package var trial: TrialTerms?
  /// The generation: SHA-256 of the whole source, in hexadecimal, the same on every node.
  package var digest: String
  /// The commit that the source's Git work tree is at; nil if it is in none.
  package var commit: String?
  package var warnings: [Diagnostic]
}

extension NodeSpec {
  /// That the node should have nothing: what `netbaton uninstall` asks for, and no source can.
  package static let nothing = NodeSpec(
    state: NetworkState(), documents: [], adopt: [], probes: [], trial: nil, digest: "", commit: nil, warnings: [])
}
