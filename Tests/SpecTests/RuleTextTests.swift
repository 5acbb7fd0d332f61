import Model
import Spec
import Testing

/// Rules of a chain behind a variable or name, and what the first rule compares with.
private func table(_ name: String, _ address: String) -> String {
  """
  table inet \(name) {
    chain input {
      type filter hook input priority filter; policy drop;
      ip saddr \(address) accept
    }
  }
  """
}

private func block(_ text: String) -> String {
  "nftables: |\n" + text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
}

/// Files, and a place that the error must name.
private let misplaced: [(name: String, files: [String: String], expected: String)] = [
  ("block", ["a.yaml": document(block(table("a", "nonsense!")))], "a.yaml:9:26: error:"),
  ("text on one line", ["a.yaml": document("nftables: table inet a { chain b { nonsense } }")], "a.yaml:5:38: error:"),
  ("rule file", ["a.nft": table("a", "nonsense!")], "a.nft:4:22: error:"),
  (
    "file of a spec", ["a.yaml": document("nftablesFile: a.nft"), "a.nft": table("a", "nonsense!")],
    "a.nft:4:22: error:"
  ),
  (
    "included file", ["a.nft": "include \"parts/b.nft\"\n", "parts/b.nft": table("a", "nonsense!")],
    "parts/b.nft:4:22: error:"
  ),
  (
    "variable", ["a.yaml": document("variables:\n  bad: \"{ 10.0.0.1, 10.0.0.0/99 }\"\n" + block(table("a", "$bad")))],
    "a.yaml:6:"
  ),
  (
    "list in a variable",
    ["a.yaml": document("variables:\n  bad:\n  - 10.0.0.1\n  - 10.0.0.0/99\n" + block(table("a", "$bad")))],
    "a.yaml:8:7"
  ),
  ("include of what is outside", ["a.nft": "include \"../b.nft\""], "a.nft:1:1: error:"),
  ("same table twice", ["a.nft": table("a", "10.0.0.1"), "b.nft": table("a", "10.0.0.2")], "b.nft:1:"),
]

@Suite struct RuleTextTests {
  @Test(arguments: misplaced)
  func errorNamesThePlaceInTheFile(name: String, files: [String: String], expected: String) throws {
    let complaint = try SpecFixture(files).complaint()
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test(arguments: [
    ("$node_ipv4", "192.0.2.1"), ("$label_gateway", "198.51.100.7"), ("$label_example_com_net", "198.51.100.7"),
    ("$one", "192.0.2.9"), ("$two", "192.0.2.9"),
  ])
  func variableIsReplaced(_ variable: String, _ address: String) throws {
    let variables = "variables: { one: 192.0.2.9, two: $one }\n"
    let labels = ["gateway": "198.51.100.7", "example.com/net": "198.51.100.7"]
    let with = try SpecFixture(["a.yaml": document(variables + block(table("a", variable)))]).resolve(labels: labels)
    let plain = try SpecFixture(["a.yaml": document(block(table("a", address)))]).resolve()
    #expect(with.state.tables.first?.chains.first?.rules == plain.state.tables.first?.chains.first?.rules)
    #expect(plain.state.tables.first?.chains.first?.rules.count == 1)
  }

  @Test func documentsWithTablesOfTheirOwnMerge() throws {
    let fixture = try SpecFixture([
      "a.yaml": document(block(table("a", "10.0.0.1")), name: "a"), "b.nft": table("b", "10.0.0.1"),
      "c.yaml": document("nftablesFile: parts/c.nft", name: "c"), "parts/c.nft": table("c", "$node_ipv4"),
    ])
    let spec = try fixture.resolve()
    #expect(spec.state.tables.map(\.id.name).sorted() == ["a", "b", "c"])
    #expect(spec.documents.sorted() == ["a", "b.nft", "c"])
  }

  @Test func flushAtTheHeadOfAFileIsAWarning() throws {
    let spec = try SpecFixture(["a.nft": "flush ruleset\n" + table("a", "10.0.0.1")]).resolve()
    #expect(spec.warnings.count == 1)
  }

  @Test func tableThatIsDeclaredMayBeAdopted() throws {
    let spec = try SpecFixture(["a.yaml": document("adopt: [inet a]\n" + block(table("a", "10.0.0.1")))]).resolve()
    #expect(spec.adopt == [TableID(.inet, "a")])
  }
}

/// The specs in rules/ are what people start from.
@Suite struct RulesFolderTests {
  private static let folder = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/rules"

  @Test(arguments: [
    ("workstation", ["inet workstation"], 0, 0), ("kubernetes-node", ["inet kubernetes_node"], 0, 0),
    ("nat-gateway", ["inet gateway"], 6, 2), ("control-plane", ["inet control_plane"], 0, 0),
  ])
  func compiles(_ name: String, _ tables: [String], _ routes: Int, _ policyRules: Int) throws {
    let labels = [
      "role": "gateway", "node-role.kubernetes.io/worker": "true", "node-role.kubernetes.io/control-plane": "true",
    ]
    let source = try SpecLoader.load(paths: ["\(Self.folder)/\(name).yaml"])
    let spec = try source.resolve(for: Node(name: "node-1", labels: labels), names: FixedNames())
    #expect(spec.state.tables.map(\.id.description) == tables)
    #expect(spec.state.tables.allSatisfy { $0.chains.contains { $0.rules.count > 3 } })
    #expect(spec.state.routes.count == routes)
    #expect(spec.state.policyRules.count == policyRules)
    #expect(spec.warnings.isEmpty)
  }

  @Test func allOfThemCanBeCheckedForEveryNode() throws {
    let source = try SpecLoader.load(paths: [Self.folder])
    #expect(try source.checkAllNodes(like: Node(name: "any"), names: FixedNames()).documents.count == 4)
  }
}
