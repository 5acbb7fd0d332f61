package import Model
package import RuleLanguage

/// A plan as a difference: the lines that `nft` and `ip` would print, with `+`, `-` and `~` before those that come,
/// go and change.
package struct PlanText: Sendable {
  package struct Options: Hashable, Sendable {
    /// How many unchanged rules to show on either side of a change.
    package var context: Int
    /// How many elements of one set to show; nil for all.
    package var elementLimit: Int?

    package init(context: Int = 1, elementLimit: Int? = nil) {
      self.context = context
      self.elementLimit = elementLimit
    }
  }

  /// The lines, an empty one and the summary, without a line feed at the end; empty for an empty plan.
  package let text: String

  /// - Parameters:
  ///   - current: the state that the plan begins with; its rules are the context.
  ///   - desired: the state that it leads to.
  ///   - names: for interfaces; their numbers are printed where it is nil.
  package init(
    _ plan: Plan, current: NetworkState, desired: NetworkState, names: (any NameResolver)? = nil,
    options: Options = Options()
  ) async {
    let wording = Wording(current: current, desired: desired, names: names)
    var lines = await Self.routeLines(plan.routesBefore)
    for group in TableLines.groups(of: plan.nftables) {
      lines += await TableLines(group, current: current, wording: wording, options: options).lines()
    }
    lines += await Self.routeLines(plan.routesAfter)
    text = lines.isEmpty ? "" : Self.joined(lines) + "\n\(PlanSummary(plan))"
  }

  private static func joined(_ lines: [DifferenceLine]) -> String {
    var text = ""
    text.reserveCapacity(lines.reduce(64) { $0 + $1.text.utf8.count + 2 * $1.depth + 3 })
    for line in lines { line.write(to: &text) }
    return text
  }

  /// The same with ANSI colours: green, red and yellow, as in other differences.
  package var coloured: String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.first.flatMap { DifferenceLine.Sign(rawValue: String($0)) }?.coloured(line) ?? String(line)
    }.joined(separator: "\n")
  }

  /// By the command that would list them.
  private static func routeLines(_ changes: [Change]) async -> [DifferenceLine] {
    var sections: [Section: [Change]] = [:]
    for change in changes {
      if let section = Section(change) { sections[section, default: []].append(change) }
    }
    var lines: [DifferenceLine] = []
    for section in Section.allCases {
      guard let changes = sections[section] else { continue }
      lines.append(DifferenceLine(.context, section.rawValue))
      lines += await changes.mapOnAllCores(routeLine)
    }
    return lines
  }

  private enum Section: String, CaseIterable {
    case routes4 = "ip route"
    case routes6 = "ip -6 route"
    case rules4 = "ip rule"
    case rules6 = "ip -6 rule"

    init?(_ change: Change) {
      switch change {
      case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route):
        self = route.key.destination.address.family == .ipv6 ? .routes6 : .routes4
      case .addPolicyRule(let rule), .removePolicyRule(let rule): self = rule.family == .ipv6 ? .rules6 : .rules4
      default: return nil
      }
    }
  }

  @Sendable private static func routeLine(_ change: Change) -> DifferenceLine {
    switch change {
    case .addRoute(let route): DifferenceLine(.add, "\(route)", depth: 1)
    case .removeRoute(let route): DifferenceLine(.remove, "\(route)", depth: 1)
    case .replaceRoute(let from, let to): DifferenceLine(.change, "\(from) -> \(to)", depth: 1)
    case .addPolicyRule(let rule): DifferenceLine(.add, "\(rule)", depth: 1)
    case .removePolicyRule(let rule): DifferenceLine(.remove, "\(rule)", depth: 1)
    default: DifferenceLine(.context, "")
    }
  }
}

/// A line of a difference: a sign, two columns for each step in, the text.
struct DifferenceLine: Equatable {
  enum Sign: String { case add = "+", remove = "-", change = "~", context = " " }

  var sign: Sign
  var text: String
  var depth: Int

  init(_ sign: Sign, _ text: String, depth: Int = 0) {
    self.sign = sign
    self.text = text
    self.depth = depth
  }

  /// With a line feed.
  func write(to lines: inout String) {
    lines += sign.rawValue
    for _ in 0...depth * 2 { lines += " " }
    lines += text
    lines += "\n"
  }
}

extension DifferenceLine.Sign {
  fileprivate func coloured(_ line: Substring) -> String {
    switch self {
    case .add: "\u{1B}[32m\(line)\u{1B}[0m"
    case .remove: "\u{1B}[31m\(line)\u{1B}[0m"
    case .change: "\u{1B}[33m\(line)\u{1B}[0m"
    case .context: String(line)
    }
  }
}
