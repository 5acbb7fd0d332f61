import ArgumentParser
import Model
import RuleLanguage
import Spec

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the specs and says what is wrong with them; needs no privileges.",
    discussion: """
      For pull requests and editors. Interfaces are not looked up: a spec may be for another node than this one.
      Exits 0 if all is well, 2 if not.
      """)

  @OptionGroup var specs: SpecFlags
  @OptionGroup var common: CommonFlags

  @Flag(help: "Check every document, and that no two that may select one node claim the same thing.")
  var allNodes = false

  func run() async throws {
    try await reporting {
      let settings = try Settings(common, environment: environment())
      let source = try SpecLoader.load(paths: try settings.specs(specs.file))
      let names = AnyNode(HostFile.names([:]))
      if allNodes {
        let node = Node(name: settings.nodeName, labels: try settings.labels(), addresses: AnyNode.addresses)
        let (documents, warnings) = try source.checkAllNodes(like: node, names: names)
        for warning in warnings { Output.error(warning.description) }
        try Output.line("ok: \(documents.count) specs, generation \(source.digest)")
      } else {
        let node = Node(name: settings.nodeName, labels: try settings.labels(), addresses: AnyNode.addresses)
        let spec = try source.resolve(for: node, names: names)
        for warning in spec.warnings { Output.error(warning.description) }
        try Output.line("ok: \(spec.summary) for node \(node.name), generation \(spec.digest)")
      }
    }
  }
}

/// Takes every interface for existing: which ones a node has is only known there.
struct AnyNode: NameResolver {
  private let system: SystemNames

  init(_ system: SystemNames) { self.system = system }

  /// Stand for `$node_ipv4` and `$node_ipv6`: of the blocks for documentation (RFC 5737, RFC 3849).
  static let addresses = [IPAddress.v4(0xC000_0201), IPAddress.v6(high: 0x2001_0DB8 << 32, low: 1)]

  func interfaceIndex(_ name: String) -> UInt32? { 1 }
  func interfaceName(_ index: UInt32) -> String? { nil }
  func secondsEastOfUTC(at localTime: Int64?) -> Int64 { system.secondsEastOfUTC(at: localTime) }
  func userID(_ name: String) -> UInt32? { system.userID(name) }
  func groupID(_ name: String) -> UInt32? { system.groupID(name) }
  func servicePort(_ name: String) -> UInt16? { system.servicePort(name) }
  func protocolNumber(_ name: String) -> UInt8? { system.protocolNumber(name) }
  func number(of name: String, in file: String) -> UInt32? { system.number(of: name, in: file) }
}

extension NodeSpec {
  /// What it declares, in words.
  var summary: String {
    let rules = state.tables.reduce(0) { $0 + $1.chains.reduce(0) { $0 + $1.rules.count } }
    return """
      \(state.tables.count) tables with \(rules) rules, \(state.routes.count) routes, \(state.policyRules.count) policy \
      rules
      """
  }
}
