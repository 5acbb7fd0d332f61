import Model

/// Policy rules have no name: two that say the same are the same. The kernel asks those of one priority in the order in
/// which they came, and puts each new one behind them: what stays is what the desired ones begin with, and all after it
/// is made again.
struct PolicyRulesDifference {
  private(set) var additions: [Change] = []
  private(set) var removals: [Change] = []

  init(current: [PolicyRule], desired: [PolicyRule], options: PlanOptions) throws(PlanError) {
    let wanted = try PolicyRulesDifference.wanted(desired, beside: current, options)
    var lists: [PolicyPlace: [PolicyRule]] = [:]
    for (_, plain) in wanted { lists[PolicyPlace(plain), default: []].append(plain) }
    var kept: [PolicyPlace: Int] = [:]
    for rule in current where rule.routeProtocol == options.routeProtocol {
      let place = PolicyPlace(rule)
      let (list, next) = (lists[place] ?? [], kept[place] ?? 0)
      if next < list.count, list[next] == rule.plain(routeProtocol: options.routeProtocol) {
        kept[place] = next + 1
      } else {
        removals.append(.removePolicyRule(rule))
      }
    }
    var seen: [PolicyPlace: Int] = [:]
    for (rule, _) in wanted {
      let position = seen[PolicyPlace(rule), default: 0]
      seen[PolicyPlace(rule)] = position + 1
      if position >= kept[PolicyPlace(rule)] ?? 0 { additions.append(.addPolicyRule(rule)) }
    }
  }

  /// The desired rules in their order, each as it is written and as it is compared.
  private static func wanted(
    _ desired: [PolicyRule], beside current: [PolicyRule], _ options: PlanOptions
  ) throws(PlanError) -> [(rule: PolicyRule, plain: PolicyRule)] {
    var own: Swift.Set<PolicyRule> = []
    var foreign: [PolicyRule: PolicyRule] = [:]
    for rule in current {
      let plain = rule.plain(routeProtocol: options.routeProtocol)
      if rule.routeProtocol == options.routeProtocol { own.insert(plain) } else { foreign[plain] = rule }
    }
    var seen: [PolicyRule: PolicyRule] = [:]
    var wanted: [(rule: PolicyRule, plain: PolicyRule)] = []
    for var rule in desired {
      rule.routeProtocol = options.routeProtocol
      let plain = rule.plain(routeProtocol: options.routeProtocol)
      if let other = seen.updateValue(rule, forKey: plain) { throw .policyRuleTwice(rule, other: other) }
      // The kernel does not tell policy rules apart by who made them.
      if !own.contains(plain), let other = foreign[plain] { throw .foreignPolicyRule(other, wanted: rule) }
      wanted.append((rule, plain))
    }
    return wanted
  }
}

/// Where policy rules have an order.
private struct PolicyPlace: Hashable {
  let family: Family
  let priority: UInt32

  init(_ rule: PolicyRule) { (family, priority) = (rule.family, rule.priority) }
}

extension PolicyRule {
  /// With what the kernel leaves out or fills in made alike.
  fileprivate func plain(routeProtocol: UInt8) -> PolicyRule {
    var rule = self
    rule.routeProtocol = routeProtocol
    if from?.isDefault == true { rule.from = nil }
    if to?.isDefault == true { rule.to = nil }
    if mark == nil, (markMask ?? 0) == 0 { rule.markMask = nil }
    if mark != nil, markMask == nil { rule.markMask = .max }
    return rule
  }
}
