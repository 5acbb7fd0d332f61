import Model
import Testing

@testable import RuleLanguage

/// Runs where `NETBATON_CONFORMANCE` names a copy of nftables' test data.
@Suite(.enabled(if: Conformance.root != nil, "NETBATON_CONFORMANCE is not set"))
struct ConformanceParsingTests {
  @Test func everyAcceptedRuleParses() {
    let lines = Conformance.lines().filter(\.mustPass)
    #expect(lines.count > 1000)
    for line in lines {
      let errors = parseErrors(line.isCommand ? line.text : "add rule ip t c \(line.text)")
      #expect(errors.isEmpty, "\(line): \(errors)")
    }
  }

  @Test func everyRulesetParses() {
    let rulesets = Conformance.rulesets()
    #expect(rulesets.count > 100)
    for ruleset in rulesets {
      let errors = parseErrors(ruleset.text)
      #expect(errors.isEmpty, "\(ruleset.path): \(errors)")
    }
  }
}
