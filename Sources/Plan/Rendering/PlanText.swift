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
    var writer = TextWriter()
    await RouteLines.write(plan.routesBefore, to: &writer)
    for group in TableLines.groups(of: plan.nftables) {
      let lines = await TableLines(group, current: current, wording: wording, options: options).lines()
      writer.reserve(lines.reduce(64) { $0 + $1.text.utf8.count + 2 * $1.depth + 3 })
      for line in lines { line.write(to: &writer) }
    }
    await RouteLines.write(plan.routesAfter, to: &writer)
    if !writer.utf8.isEmpty { writer.put("\n\(PlanSummary(plan))") }
    text = writer.text
  }

  /// The same with ANSI colours: green, red and yellow, as in other differences.
  package var coloured: String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.first.flatMap { DifferenceLine.Sign(rawValue: String($0)) }?.coloured(line) ?? String(line)
    }.joined(separator: "\n")
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
  func write(to lines: inout TextWriter) {
    lines.put(sign.rawValue)
    lines.put(spaces: 1 + depth * 2)
    lines.put(text)
    lines.put("\n")
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
