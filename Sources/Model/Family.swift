/// A table's address family: the values of `NFPROTO_*` in `linux/netfilter.h`.
package enum Family: UInt8, Hashable, Sendable, CaseIterable {
  case inet = 1
  case ipv4 = 2
  case arp = 3
  case netdev = 5
  case bridge = 7
  case ipv6 = 10

  /// The word that nft(8) uses.
  package var keyword: String {
    switch self {
    case .inet: "inet"
    case .ipv4: "ip"
    case .arp: "arp"
    case .netdev: "netdev"
    case .bridge: "bridge"
    case .ipv6: "ip6"
    }
  }

  package init?(keyword: some StringProtocol) {
    guard let family = Family.allCases.first(where: { $0.keyword == keyword }) else { return nil }
    self = family
  }
}

/// What names a table: two families can each have a table of the same name.
package struct TableID: Hashable, Sendable {
  package var family: Family
  package var name: String

  package init(_ family: Family, _ name: String) {
    self.family = family
    self.name = name
  }
}

extension TableID: CustomStringConvertible {
  /// As nft(8) writes it: `inet edge`.
  package var description: String { "\(family.keyword) \(name)" }
}

extension TableID: Comparable {
  package static func < (left: TableID, right: TableID) -> Bool {
    (left.family.rawValue, left.name) < (right.family.rawValue, right.name)
  }
}
