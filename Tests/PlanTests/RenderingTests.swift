import Model
import Testing

@testable import Plan

@Suite struct RenderingTests {
  private func named(_ name: String, _ handle: UInt64? = nil) -> Rule {
    Rule(expressions: [.verdict(.accept)], comment: name, handle: handle)
  }

  private func lines(_ old: [Rule], _ new: [Rule], context: Int = 1) async -> [String] {
    let difference = RulesDifference(old: old, new: new)
    var lines = RuleLines(context: context)
    for rule in difference.removed { lines.remove(rule) }
    for added in difference.added { lines.add(added.rule, before: added.before) }
    return await lines.lines(among: old) { rule, _ in rule.comment ?? "" }.map {
      var line = TextWriter()
      DifferenceLine($0.sign, $0.text).write(to: &line)
      return String(line.text.dropLast())
    }
  }

  private var five: [Rule] { (1...5).map { named("\($0)", UInt64($0)) } }

  @Test func `a new rule stands between its neighbours`() async {
    var new = five
    new.insert(named("new"), at: 2)
    #expect(await lines(five, new) == ["  …", "  2", "+ new", "  3", "  …"])
  }

  @Test func `what goes stands before what comes in its place`() async {
    var new = five
    new[4] = named("new")
    #expect(await lines(five, new, context: 0) == ["  …", "- 5", "+ new"])
  }

  @Test func `a rule that moves goes here and comes there`() async {
    var new = five
    new.append(new.removeFirst())
    #expect(await lines(five, new) == ["- 1", "  2", "  …", "  5", "+ 1"])
  }

  @Test func `a rule that is made again is one change`() async {
    var lines = RuleLines(context: 1)
    lines.remove(five[0])
    lines.add(five[0], before: 2)
    let text = await lines.lines(among: five) { rule, _ in rule.comment ?? "" }
    #expect(text.map(\.sign) == [.change, .context, .context])
  }

  @Test func `a rule whose neighbours are not at hand is shown all the same`() async {
    var lines = RuleLines(context: 1)
    lines.remove(five[0])
    lines.add(named("new"), before: 2)
    #expect(await lines.lines(among: []) { rule, _ in rule.comment ?? "" }.map(\.text) == ["1", "new"])
  }

  private func sample() throws -> (plan: Plan, current: NetworkState, desired: NetworkState) {
    var current = state([inputChain(policy: .accept)], sets: [addressSet("admins", [0xC000_0201])])
    current.routes = [route("10.0.0.0/8", via: "192.0.2.1"), route("10.9.0.0/16")]
    var desired = state([inputChain(policy: .drop)], sets: [addressSet("admins", [])])
    desired.routes = [route("10.0.0.0/8", via: "192.0.2.2"), route("2001:db8::/32", via: "fe80::1", metric: 1024)]
    desired.policyRules = [
      PolicyRule(
        family: .ipv4, priority: 1000, action: .lookup(table: 100), mark: 1,
        origin: SourceLocation(file: "edge.yaml", line: 12, column: 7))
    ]
    return (try Plan(current: current, desired: desired), current, desired)
  }

  @Test func `a plan reads as what nft and ip would list`() async throws {
    let (plan, current, desired) = try sample()
    let text = await PlanText(plan, current: current, desired: desired).text
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines.prefix(7) == [
        "  ip route",
        "~   10.0.0.0/8 via 192.0.2.1 dev eth0 proto 110 -> 10.0.0.0/8 via 192.0.2.2 dev eth0 proto 110",
        "-   10.9.0.0/16 dev eth0 proto 110 scope link",
        "  ip -6 route",
        "+   2001:db8::/32 via fe80::1 dev eth0 proto 110 metric 1024",
        "  ip rule",
        "+   1000: from all fwmark 0x1 lookup 100 proto 110",
      ])
    #expect(lines.contains("~     policy accept -> policy drop"))
    #expect(lines.contains("-     192.0.2.1"))
    #expect(lines.last == "2 to add, 2 to remove, 2 to change")
  }

  @Test func `colour goes round whole lines and nothing else changes`() async throws {
    let (plan, current, desired) = try sample()
    let plain = await PlanText(plan, current: current, desired: desired).text
    let coloured = await PlanText(plan, current: current, desired: desired).coloured
    #expect(coloured.contains("\u{1B}[32m+   2001:db8::/32 via fe80::1 dev eth0 proto 110 metric 1024\u{1B}[0m\n"))
    var stripped = coloured
    for code in ["\u{1B}[32m", "\u{1B}[31m", "\u{1B}[33m", "\u{1B}[0m"] {
      stripped = stripped.split(separator: code, omittingEmptySubsequences: false).joined()
    }
    #expect(stripped == plain)
  }

  @Test func `the JSON says what, where from and where to`() throws {
    let (plan, current, desired) = try sample()
    let document = PlanDocument(plan, current: current, desired: desired)
    #expect(document.steps.map(\.step) == [.routesBefore, .nftables])
    #expect(document.steps.flatMap(\.changes).count == plan.changes.count)
    let policyRule = document.steps.flatMap(\.changes).first { $0.subject == .policyRule }
    #expect(policyRule?.action == .add && policyRule?.origin == "edge.yaml:12:7" && policyRule?.before == nil)
    let json = try document.json()
    #expect(json.contains("\"summary\" : {\n    \"add\" : 2,\n    \"change\" : 2,\n    \"remove\" : 2\n  }"))
    #expect(json.contains("\"before\" : \"policy accept\""))
  }

  /// So many that several cores say them.
  @Test func `thousands of routes stand in their order, each below its command`() async throws {
    var changes: [Change] = []
    for number in 0..<3000 {
      changes.append(.addRoute(route("10.\(number / 256).\(number % 256).0/24", via: "192.0.2.255")))
      changes.append(.removeRoute(route("2001:db8:\(String(number, radix: 16))::/48")))
    }
    changes.append(.addPolicyRule(PolicyRule(family: .ipv4, priority: 5, action: .lookup(table: 254))))
    let plan = Plan(routesBefore: changes)
    let state = NetworkState()
    let lines = await PlanText(plan, current: state, desired: state).text.split(separator: "\n")
    let added = (0..<3000).map {
      "+   10.\($0 / 256).\($0 % 256).0/24 via 192.0.2.255 dev eth0 proto 110"
    }
    let removed = (0..<3000).map {
      "-   2001:db8\($0 == 0 ? "" : ":" + String($0, radix: 16))::/48 dev eth0 proto 110 scope link"
    }
    let rule = ["+   5: from all lookup main proto 110"]
    let expected = [["  ip route"], added, ["  ip -6 route"], removed, ["  ip rule"], rule].flatMap(\.self)
    #expect(lines.dropLast().map(String.init) == expected)
    #expect(lines.last == "3001 to add, 3000 to remove, 0 to change")
  }

  @Test func `nothing to do is no text`() async throws {
    let same = state([inputChain()])
    let plan = try Plan(current: same, desired: same)
    #expect(await PlanText(plan, current: same, desired: same).text.isEmpty)
    #expect("\(PlanSummary(plan))" == "0 to add, 0 to remove, 0 to change")
  }
}
