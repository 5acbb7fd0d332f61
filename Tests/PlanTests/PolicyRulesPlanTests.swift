import Model
import Plan
import Support
import Testing

@Suite struct PolicyRulesPlanTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let current: String
    let desired: String
    /// Signed.
    let changes: [String]
    var testDescription: String { "\(current) to \(desired)" }

    init(_ current: String, _ desired: String, _ changes: String...) {
      (self.current, self.desired, self.changes) = (current, desired, changes)
    }
  }

  /// A letter is a rule; a capital one is of another priority than a small one.
  private func rule(_ letter: Character) -> PolicyRule {
    let table = UInt32(letter.asciiValue ?? 0)
    return PolicyRule(family: .ipv4, priority: letter.isUppercase ? 200 : 100, action: .lookup(table: table))
  }

  private func rules(_ letters: String) -> [PolicyRule] { letters.map(rule) }

  /// Those of one priority have an order, which what is added alone cannot make.
  @Test(arguments: [
    Case("abc", "abc"), Case("ab", "abc", "+c"), Case("abc", "ac", "-b"), Case("abc", "bc", "-a"),
    Case("b", "ab", "+a", "+b", "-b"), Case("ab", "ba", "+a", "-a"), Case("abc", "acb", "+b", "-b"),
    Case("abc", "adc", "+d", "+c", "-b", "-c"), Case("aA", "Aa"), Case("aAB", "BaA", "+A", "-A"),
    Case("aa", "a", "-a"), Case("aba", "ab", "-a"),
  ])
  func `rules of one priority are compared in their order`(test: Case) throws {
    let desired = NetworkState(policyRules: rules(test.desired))
    let plan = try Plan(current: NetworkState(policyRules: rules(test.current)), desired: desired)
    let expected = test.changes.map { text -> Change in
      let rule = rule(text.last ?? " ")
      return text.hasPrefix("+") ? .addPolicyRule(rule) : .removePolicyRule(rule)
    }
    #expect(plan.changes == expected)
  }

  @Test func `what only moves is not removed`() throws {
    let letters = "abcdefghijklmnopqrstuvwxyz"
    let plan = try Plan(
      current: NetworkState(policyRules: rules(letters)),
      desired: NetworkState(policyRules: rules(String(letters.reversed()))))
    #expect(plan.changeCount == 50)
  }
}
