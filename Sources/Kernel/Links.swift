package import Model

/// What rule text and specs may ask about a node's links.
package struct Links: Hashable, Sendable {
  /// Interface numbers by name.
  package var interfaces: [String: UInt32]
  /// Addresses of the interfaces that others can reach: no loopback and none of one link alone, in the order of the
  /// interfaces' numbers.
  package var addresses: [IPAddress]

  package init(interfaces: [String: UInt32], addresses: [IPAddress]) {
    self.interfaces = interfaces
    self.addresses = addresses
  }
}
