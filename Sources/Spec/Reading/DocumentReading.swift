import Model
import RuleLanguage

private enum TopKey: String, CaseIterable { case apiVersion, kind, metadata, spec }
private enum MetadataKey: String, CaseIterable { case name, labels, annotations }
private enum SpecKey: String, CaseIterable {
  case nodeSelector, variables, nftables, nftablesFile, routes, routingPolicy, adopt, probes, trial
}

private let topKeys = KeyTable<TopKey>("a spec")
private let metadataKeys = KeyTable<MetadataKey>("metadata")
private let specKeys = KeyTable<SpecKey>("\"spec\"", synonyms: ["routing-policy": .routingPolicy])

extension SpecDecoder {
  static let apiVersion = "netbaton.dev/v1alpha1"
  static let kind = "NodeNetwork"

  /// One document; what it lacks is reported at its root.
  mutating func document(_ root: Int, files: SourceFiles) -> SpecDocument {
    var document = SpecDocument(name: "", origin: tree.location(root))
    var found: [String: Int] = [:]
    fields(of: root, topKeys) { decoder, key, value in
      found[key.rawValue] = value
      switch key {
      case .apiVersion: decoder.constant(value, "apiVersion", SpecDecoder.apiVersion)
      case .kind: decoder.constant(value, "kind", SpecDecoder.kind)
      case .metadata: document.name = decoder.name(in: value)
      case .spec: break
      }
    }
    guard tree.kind(root) == .mapping else { return document }
    for key in TopKey.allCases where found[key.rawValue] == nil {
      error("this document has no \"\(key.rawValue)\"", at: root, hint: SpecDecoder.skeleton)
    }
    guard let spec = found[TopKey.spec.rawValue] else { return document }
    if tree.isNull(spec) {
      error("this spec is empty", at: spec, hint: "nothing is not an order: delete the file to take back what it said")
      return document
    }
    body(spec, into: &document, files: files)
    return document
  }

  private static let skeleton =
    "a spec begins with apiVersion: \(apiVersion), kind: \(kind), metadata: { name: … }, spec:"

  private mutating func constant(_ node: Int, _ key: String, _ value: String) {
    if tree.isScalar(node), tree.string(node) == value { return }
    mismatch(node, key, expected: value)
  }

  /// Object names in Kubernetes' form (RFC 1123 subdomain), for they are shown side by side.
  private mutating func name(in metadata: Int) -> String {
    var name: String?
    var isGiven = false
    fields(of: metadata, metadataKeys) { decoder, key, value in
      switch key {
      case .name:
        isGiven = true
        name = decoder.text(value, "metadata.name")
        guard let text = name else { return }
        let isName =
          text.utf8.count <= 253 && text.utf8.first != 0x2D && text.utf8.last != 0x2D
          && text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
          }
        if !isName { decoder.mismatch(value, "metadata.name", expected: "lower case letters, digits, - and .") }
      case .labels, .annotations:
        decoder.entries(of: value, "metadata.\(key.rawValue)") { decoder, _, value in
          if !decoder.tree.isScalar(value) {
            decoder.mismatch(value, "a \(key.rawValue.dropLast())", expected: "a text")
          }
        }
      }
    }
    if tree.kind(metadata) == .mapping, !isGiven { error("metadata has no \"name\"", at: metadata) }
    return name ?? ""
  }

  private mutating func body(_ node: Int, into document: inout SpecDocument, files: SourceFiles) {
    var text: RuleSource?
    var orders = 0
    fields(of: node, specKeys) { decoder, key, value in
      switch key {
      case .nodeSelector: document.selector = decoder.selector(value)
      case .variables: document.variables = decoder.variables(value)
      case .nftables: text = decoder.ruleText(value)
      case .nftablesFile: document.rules = decoder.ruleFiles(value, files)
      case .routes: decoder.routes(value, into: &document)
      case .routingPolicy: decoder.policy(value, into: &document)
      case .adopt: document.adopt = decoder.adoptions(value)
      case .probes: document.probes = decoder.probes(value)
      case .trial: document.trial = decoder.trial(value)
      }
      if [.nftables, .nftablesFile, .routes, .routingPolicy].contains(key) { orders += 1 }
    }
    if let text { document.rules.append(text) }
    if orders == 0, tree.kind(node) == .mapping {
      error("this spec says nothing", at: node, hint: "it needs nftables, nftablesFile, routes or routingPolicy")
    }
  }

  private mutating func ruleFiles(_ node: Int, _ files: SourceFiles) -> [RuleSource] {
    guard tree.kind(node) == .list else { return ruleFile(node, files).map { [$0] } ?? [] }
    var sources: [RuleSource] = []
    items(of: node, "nftablesFile") { decoder, item in
      if let source = decoder.ruleFile(item, files) { sources.append(source) }
    }
    return sources
  }

  private mutating func ruleFile(_ node: Int, _ files: SourceFiles) -> RuleSource? {
    guard let path = text(node, "nftablesFile") else { return nil }
    do throws(IncludeError) {
      return RuleSource(try files.file(at: path, from: source))
    } catch {
      self.error(error.message, at: node)
      return nil
    }
  }

  private mutating func adoptions(_ node: Int) -> [SpecDocument.Adoption] {
    var adoptions: [SpecDocument.Adoption] = []
    items(of: node, "adopt") { decoder, item in
      let words = decoder.tree.isScalar(item) ? decoder.tree.string(item).split(separator: " ") : []
      guard words.count == 2, let family = Family(keyword: words[0]) else {
        decoder.mismatch(
          item, "a table to adopt", expected: "a family and a name, as in \"inet filter\"",
          hint: "families are ip, ip6, inet, arp, bridge and netdev")
        return
      }
      let table = TableID(family, String(words[1]))
      adoptions.append(SpecDocument.Adoption(table: table, origin: decoder.tree.location(item)))
    }
    return adoptions
  }
}
