package import Model

/// Where a family's base chains can be hooked in.
package struct Hooks: Sendable {
  /// `NF_INET_*`, `NF_ARP_*`, `NF_BR_*`, `NF_NETDEV_*`
  package let numbers: SymbolTable
  /// Named priorities (nft(8), "standard priority names").
  package let priorities: SymbolTable
  package let chainTypes: [String]

  package static func of(_ family: Family) -> Hooks {
    switch family {
    case .ipv4, .ipv6: internet
    case .inet: inet
    case .arp: arp
    case .bridge: bridge
    case .netdev: netdev
    }
  }

  private static let internetHooks: KeyValuePairs<String, UInt64> = [
    "prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4,
  ]
  /// linux/netfilter_ipv4.h: `NF_IP_PRI_*`, as two's complement of 64 bits.
  private static let internetPriorities = SymbolTable([
    "raw": negative(300), "mangle": negative(150), "dstnat": negative(100), "filter": 0, "security": 50, "srcnat": 100,
    "out": 100,
  ])
  private static let filterPriority = SymbolTable(["filter": 0])

  private static let internet = Hooks(
    numbers: SymbolTable(internetHooks), priorities: internetPriorities, chainTypes: ["filter", "nat", "route"])
  private static let inet = Hooks(
    numbers: SymbolTable([
      "prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4, "ingress": 5,
    ]), priorities: internetPriorities, chainTypes: ["filter", "nat", "route"])
  private static let arp = Hooks(
    numbers: SymbolTable(["input": 0, "output": 1, "forward": 2]), priorities: filterPriority, chainTypes: ["filter"])
  /// linux/netfilter_bridge.h: `NF_BR_PRI_*`
  private static let bridge = Hooks(
    numbers: SymbolTable(internetHooks),
    priorities: SymbolTable(["dstnat": negative(300), "filter": negative(200), "out": 100, "srcnat": 300]),
    chainTypes: ["filter"])
  private static let netdev = Hooks(
    numbers: SymbolTable(["ingress": 0, "egress": 1]), priorities: filterPriority, chainTypes: ["filter"])

  private static func negative(_ value: Int64) -> UInt64 { UInt64(bitPattern: -value) }

  /// `name` is `filter`, `raw` …; nil if the family has no such name.
  package func priority(_ name: some StringProtocol) -> Int32? {
    guard let value = priorities.value(of: name) else { return nil }
    return Int32(truncatingIfNeeded: Int64(bitPattern: value))
  }
}

extension SymbolTable {
  /// `NFT_LOGLEVEL_*`
  package static let logLevels = SymbolTable([
    "emerg": 0, "alert": 1, "crit": 2, "err": 3, "warn": 4, "notice": 5, "info": 6, "debug": 7, "audit": 8,
  ])
  /// linux/netfilter/nf_log.h: `NF_LOG_*`; `tcp sequence,options` and `ip options` are written in two words.
  package static let logFlags = SymbolTable([
    "tcp sequence": 1, "tcp options": 2, "ip options": 4, "skuid": 8, "ether": 32, "all": 47,
  ])
  /// linux/netfilter/nf_nat.h: `NF_NAT_RANGE_*`
  package static let natFlags = SymbolTable(["random": 4, "fully-random": 16, "persistent": 8])
  /// `NFT_QUEUE_FLAG_*`
  package static let queueFlags = SymbolTable(["bypass": 1, "fanout": 2])
  /// `NF_SYNPROXY_OPT_*`
  package static let synproxyFlags = SymbolTable(["mss": 1, "wscale": 2, "sack-perm": 4, "timestamp": 8])
  /// In seconds.
  package static let limitUnits = SymbolTable([
    "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
  ])
  package static let byteUnits = SymbolTable(["bytes": 1, "kbytes": 1024, "mbytes": 1_048_576])
}
