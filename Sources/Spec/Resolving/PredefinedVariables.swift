import Model

/// The variables that every spec's rules have: `$node_name`, `$node_ipv4`, `$node_ipv6` and one a label.
///
/// The label `topology.kubernetes.io/zone` is `$label_topology_kubernetes_io_zone`: whatever cannot stand in a
/// variable's name becomes `_`. Two labels that would share a name have no variable, and neither has an empty one.
enum PredefinedVariables {
  private static let nodeNames = ["node_name", "node_ipv4", "node_ipv6"]
  private static let labelPrefix = "label_"

  static func values(for node: Node) -> [String: String] {
    var values = ["node_name": ruleText(node.name)]
    var taken: Set<String> = []
    for (key, value) in node.allLabels where !value.isEmpty {
      let name = labelPrefix + String(key.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      if taken.insert(name).inserted { values[name] = ruleText(value) } else { values[name] = nil }
    }
    values["node_ipv4"] = node.addresses.first { $0.family == .ipv4 }?.description
    values["node_ipv6"] = node.addresses.first { $0.isRoutableV6 }?.description
    return values
  }

  static func isReserved(_ name: String) -> Bool { nodeNames.contains(name) || name.hasPrefix(labelPrefix) }

  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
    }
  }

  /// A number or an address stands as it is; anything else is quoted, so that no label can add to a rule.
  private static func ruleText(_ value: String) -> String {
    let isNumber = !value.isEmpty && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
    if isNumber || IPPrefix(value) != nil { return value }
    return "\"" + value.filter { $0 != "\"" && $0 != "\n" } + "\""
  }
}

extension IPAddress {
  fileprivate var isRoutableV6: Bool {
    guard case .v6(let high, _) = self else { return false }
    return high >> 54 != 0xFE80 >> 6
  }
}
