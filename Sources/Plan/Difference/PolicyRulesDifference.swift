import Model

/// Policy rules have no name: two that say the same are the same.
struct PolicyRulesDifference {
  private(set) var additions: [Change] = []
  private(set) var removals: [Change] = []

  init(current: [PolicyRule], desired: [PolicyRule], options: PlanOptions) throws(PlanError) {
    var own: [PolicyRule: PolicyRule] = [:]
    var foreign: [PolicyRule: PolicyRule] = [:]
    for rule in current {
      let plain = rule.plain(routeProtocol: options.routeProtocol)
      if rule.routeProtocol == options.routeProtocol { own[plain] = rule } else { foreign[plain] = rule }
    }
    var wanted: [PolicyRule: PolicyRule] = [:]
    for var rule in desired {
      rule.routeProtocol = options.routeProtocol
      let plain = rule.plain(routeProtocol: options.routeProtocol)
      if let other = wanted.updateValue(rule, forKey: plain) { throw .policyRuleTwice(rule, other: other) }
      if own.removeValue(forKey: plain) != nil { continue }
      // The kernel does not tell policy rules apart by who made them.
      if let other = foreign[plain] { throw .foreignPolicyRule(other, wanted: rule) }
      additions.append(.addPolicyRule(rule))
    }
    for rule in current where rule.routeProtocol == options.routeProtocol {
      let plain = rule.plain(routeProtocol: options.routeProtocol)
      if own[plain] != nil || wanted[plain] == nil { removals.append(.removePolicyRule(rule)) }
    }
  }
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
