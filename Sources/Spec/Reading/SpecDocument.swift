import Model
import RuleLanguage

/// One spec as it was written: what does not depend on the node is settled.
struct SpecDocument: Sendable {
  var name: String
  var origin: SourceLocation
  var selector = NodeSelector()
  /// One `define` each, in order, so that one may use those before it.
  var variables: [RuleSource] = []
  /// Rule text, in order: files first, then what stands in the document itself.
  var rules: [RuleSource] = []
  var routes: [Route] = []
  var policyRules: [PolicyRule] = []
  /// Names whose numbers the node knows; rare among routes, and so not a part of each.
  var pendingNames: [PendingName] = []
  var adopt: [Adoption] = []
  var probes: [Probe] = []
  var trial: TrialTerms?

  struct Adoption: Sendable {
    var table: TableID
    var origin: SourceLocation
  }

  /// A name that stands for a number in `routes` or `policyRules`.
  struct PendingName: Sendable {
    enum Target: Sendable {
      case routeTable(Int)
      case policyTable(Int)
      case policyProtocol(Int)
    }

    var target: Target
    var name: String
    var origin: SourceLocation
  }
}
