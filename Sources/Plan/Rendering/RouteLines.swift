import Model

/// Changes of routes and policy rules as lines, by the command that would list them.
enum RouteLines {
  /// As they are listed, one after another.
  private static let commands = ["ip route", "ip -6 route", "ip rule", "ip -6 rule"]

  /// Straight into bytes, on all cores: there may be a hundred thousand lines.
  static func write(_ changes: [Change], to writer: inout TextWriter) async {
    let parts = await changes.partsOnAllCores { (part: ArraySlice<Change>) -> [TextWriter] in
      var texts = commands.map { _ in TextWriter() }
      for change in part { write(change, to: &texts) }
      return texts
    }
    writer.reserve(parts.reduce(256) { $0 + $1.reduce(0) { $0 + $1.utf8.count } })
    for (index, command) in commands.enumerated() where parts.contains(where: { !$0[index].utf8.isEmpty }) {
      DifferenceLine(.context, command).write(to: &writer)
      for part in parts { writer.put(part[index]) }
    }
  }

  /// - Parameter texts: one for each command.
  private static func write(_ change: Change, to texts: inout [TextWriter]) {
    switch change {
    case .addRoute(let route): texts[index(of: route)].line(.add) { route.write(to: &$0) }
    case .removeRoute(let route): texts[index(of: route)].line(.remove) { route.write(to: &$0) }
    case .replaceRoute(let from, let to):
      texts[index(of: to)].line(.change) {
        from.write(to: &$0)
        $0.put(" -> ")
        to.write(to: &$0)
      }
    case .addPolicyRule(let rule): texts[index(of: rule)].line(.add) { $0.put("\(rule)") }
    case .removePolicyRule(let rule): texts[index(of: rule)].line(.remove) { $0.put("\(rule)") }
    default: break
    }
  }

  private static func index(of route: Route) -> Int { route.key.destination.address.family == .ipv6 ? 1 : 0 }

  private static func index(of rule: PolicyRule) -> Int { rule.family == .ipv6 ? 3 : 2 }
}

extension TextWriter {
  /// As `DifferenceLine` writes it.
  fileprivate mutating func line(_ sign: DifferenceLine.Sign, _ body: (inout TextWriter) -> Void) {
    put(sign.rawValue)
    put("   ")
    body(&self)
    put("\n")
  }
}
