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

  /// Without colours.
  private let differences: [(sign: DifferenceLine.Sign, text: String)]
  private let summary: PlanSummary

  /// - Parameters:
  ///   - current: the state that the plan begins with; its rules are the context.
  ///   - desired: the state that it leads to.
  ///   - names: for interfaces; their numbers are printed where it is nil.
  package init(
    _ plan: Plan, current: NetworkState, desired: NetworkState, names: (any NameResolver)? = nil,
    options: Options = Options()
  ) async {
    let wording = Wording(current: current, desired: desired, names: names)
    var lines = Self.routeLines(plan.routesBefore)
    for group in TableLines.groups(of: plan.nftables) {
      lines += await TableLines(group, current: current, wording: wording, options: options).lines()
    }
    lines += Self.routeLines(plan.routesAfter)
    differences = lines.map { ($0.sign, $0.whole) }
    summary = PlanSummary(plan)
  }

  /// One for each line, without colours; the last is the summary. Empty for an empty plan.
  package var lines: [String] {
    differences.isEmpty ? [] : differences.map(\.text) + ["\(summary)"]
  }

  /// The lines, an empty one before the summary, without a line feed at the end; empty for an empty plan.
  /// - Parameter hasColour: ANSI colours. The command decides: a terminal, and no `NO_COLOR`.
  package func text(hasColour: Bool = false) -> String {
    guard !differences.isEmpty else { return "" }
    let lines = hasColour ? differences.map { $0.sign.coloured($0.text) } : differences.map(\.text)
    return (lines + ["", "\(summary)"]).joined(separator: "\n")
  }

  /// By the command that would list them.
  private static func routeLines(_ changes: [Change]) -> [DifferenceLine] {
    let sections: [(heading: String, isIn: (Change) -> Bool)] = [
      ("ip route", { $0.routeFamily == .ipv4 }), ("ip -6 route", { $0.routeFamily == .ipv6 }),
      ("ip rule", { $0.policyFamily == .ipv4 }), ("ip -6 rule", { $0.policyFamily == .ipv6 }),
    ]
    return sections.flatMap { heading, isIn -> [DifferenceLine] in
      let lines = changes.filter(isIn).flatMap(routeLines)
      return lines.isEmpty ? [] : [DifferenceLine(.context, heading)] + lines
    }
  }

  private static func routeLines(_ change: Change) -> [DifferenceLine] {
    switch change {
    case .addRoute(let route): [DifferenceLine(.add, "\(route)", depth: 1)]
    case .removeRoute(let route): [DifferenceLine(.remove, "\(route)", depth: 1)]
    case .replaceRoute(let from, let to): [DifferenceLine(.change, "\(from) -> \(to)", depth: 1)]
    case .addPolicyRule(let rule): [DifferenceLine(.add, "\(rule)", depth: 1)]
    case .removePolicyRule(let rule): [DifferenceLine(.remove, "\(rule)", depth: 1)]
    default: []
    }
  }
}

extension Change {
  fileprivate var routeFamily: Family? {
    switch self {
    case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route):
      route.key.destination.address.family
    default: nil
    }
  }

  fileprivate var policyFamily: Family? {
    switch self {
    case .addPolicyRule(let rule), .removePolicyRule(let rule): rule.family
    default: nil
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

  var whole: String { "\(sign.rawValue) " + String(repeating: "  ", count: depth) + text }
}

extension DifferenceLine.Sign {
  /// Green, red and yellow, as in other differences.
  func coloured(_ line: String) -> String {
    switch self {
    case .add: "\u{1B}[32m\(line)\u{1B}[0m"
    case .remove: "\u{1B}[31m\(line)\u{1B}[0m"
    case .change: "\u{1B}[33m\(line)\u{1B}[0m"
    case .context: line
    }
  }
}
