import Model
import Spec
import Testing

private let refused: [(name: String, text: String, expected: String)] = [
  ("alias", "a: &x 1\nb: *x", "a.yaml:1:4: error: anchors are refused"),
  ("alias alone", "a: *x", "a.yaml:1:4: error: aliases are refused"),
  ("tag", "a: !!str 1", "a.yaml:1:4: error: tags are refused"),
  ("merge key", document("<<: {}"), "a.yaml:5:3: error: \"spec\" has no key \"<<\""),
  ("tab", "a:\n\tb: 1", "a.yaml:2:1: error: YAML: found character that cannot start any token"),
  ("open quote", "a: \"b", "error: YAML:"),
  ("control character", "a: \u{1}", "a.yaml:1:4: error: YAML: control characters are not allowed"),
  ("list as key", "? [a]\n: b", "a.yaml:1:3: error: a key must be a word"),
  ("scalar document", "hello", "a.yaml:1:1: error: a spec must be a mapping, not \"hello\""),
  ("no keys", "{}", "a.yaml:1:1: error: this document has no \"apiVersion\""),
  (
    "wrong kind", document("routes: []").replacing("NodeNetwork", with: "ConfigMap"),
    "2:7: error: kind must be NodeNetwork"
  ),
  ("wrong version", document("routes: []").replacing("v1alpha1", with: "v2"), "1:13: error: apiVersion must be"),
  ("empty spec", document(""), "a.yaml:4:6: error: this spec is empty"),
  ("idle spec", document("variables: {}"), "a.yaml:5:3: error: this spec says nothing"),
  ("unknown key", document("rotues: []"), "a.yaml:5:3: error: \"spec\" has no key \"rotues\""),
  ("suggestion", document("rotues: []"), "did you mean \"routes\"?"),
  ("all keys", document("firewall: []"), "known are: nodeSelector, variables, nftables,"),
  ("key given twice", document("routes: []\nroutes: []"), "a.yaml:6:3: error: \"routes\" is given twice in \"spec\""),
  ("number as name", document("routes: []", name: "12"), "quote it: \"12\""),
  ("bad name", document("routes: []", name: "A_b"), "a.yaml:3:19: error: metadata.name must be lower case"),
  ("routes as mapping", document("routes: {}"), "a.yaml:5:11: error: routes must be a list, not a mapping"),
  ("list as rules", document("nftables: []"), "a.yaml:5:13: error: nftables must be rules as a text, not a list"),
  ("blank rules", document("nftables: ' '"), "a.yaml:5:13: error: nftables is empty"),
  ("folded rules", document("nftables: >\n  table ip a {\n  }"), "error: rules of several lines must stand in a block"),
  ("variable's name", document("variables: { 1a: x }\nroutes: []"), "error: a variable's name must be letters"),
  ("reserved variable", document("variables: { node_name: x }\nroutes: []"), "the variable node_name is predefined"),
  ("reserved label", document("variables: { label_x: x }\nroutes: []"), "the variable label_x is predefined"),
  ("empty variable", document("variables: { x: [] }\nroutes: []"), "the variable x is an empty list"),
  ("adopted family", document("adopt: [inet]\nroutes: []"), "a table to adopt must be a family and a name"),
  (
    "adopted and not declared", document("adopt: [inet a]\nroutes: []"),
    "5:11: error: this spec adopts table inet a and"
  ),
  ("probe", document("probes: [{ tcp: nowhere }]\nroutes: []"), "error: tcp must be HOST:PORT"),
  (
    "two probes in one", document("probes: [{ tcp: 'a:1', gateway: b }]\nroutes: []"),
    "a probe is one of tcp, http and gateway"
  ),
  ("trial", document("trial: { deadline: 2h }\nroutes: []"), "error: the trial's deadline must be a time such as 30s"),
  (
    "operator", document("nodeSelector: { matchExpressions: [{ key: a, operator: in, values: [b] }] }"),
    "did you mean \"In\"?"
  ),
  (
    "Exists with values", document("nodeSelector: { matchExpressions: [{ key: a, operator: Exists, values: [b] }] }"),
    "error: Exists takes no values"
  ),
  (
    "number as label", document("nodeSelector: { matchLabels: { rack: 7 } }"), "error: a label's value must be a text"
  ),
  (
    "Kubernetes' own nodeSelector", document("nodeSelector: { role: edge }"), "known are: matchLabels, matchExpressions"
  ),
]

@Suite struct YAMLTests {
  @Test(arguments: refused)
  func isRefused(name: String, text: String, expected: String) throws {
    let complaint = try SpecFixture(["a.yaml": text]).complaint()
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test func severalMistakesAreToldAtOnce() throws {
    let routes = "routes:\n- { to: x, dev: eth0 }\n- { to: 10.0.0.0/8 }\n- { vai: 192.0.2.1 }"
    let complaint = try SpecFixture(["a.yaml": document(routes)]).complaint()
    #expect(complaint.split(separator: "\n").count { $0.contains(": error: ") } == 3, "\(complaint)")
  }

  @Test func oneMistakeInEachRouteIsCutShort() throws {
    let routes = "routes:\n" + String(repeating: "- { too: 10.0.0.0/8 }\n", count: 1000)
    let complaint = try SpecFixture(["a.yaml": document(routes)]).complaint()
    #expect(complaint.split(separator: "\n").count { $0.contains(": error: ") } == 51)
    #expect(complaint.contains("950 further errors are not shown"))
  }

  @Test func caretStandsUnderTheMistake() throws {
    let complaint = try SpecFixture(["a.yaml": document("# ü\nroutes: [{ to: ü }]")]).complaint()
    #expect(
      complaint.hasPrefix(
        """
        a.yaml:6:18: error: to must be an address or a prefix such as 192.0.2.0/24, not "ü"
          routes: [{ to: ü }]
                         ^
        """), "\(complaint)")
  }

  @Test(arguments: [
    ("depth", String(repeating: "[", count: 100_000), "more than 32 lists and mappings within each other"),
    ("documents", String(repeating: "--- {}\n", count: 2000), "more than 1024 documents in one file"),
    ("nodes", "[" + String(repeating: "a,", count: 5000) + "]", "more than 4000 values in one file"),
    (
      "bytes", "# " + String(repeating: "x", count: 1 << 20),
      "this file has 1048578 bytes, more than the limit of 1048576"
    ),
  ])
  func limitIsTold(_ name: String, _ text: String, _ expected: String) throws {
    let fixture = try SpecFixture(["a.yaml": text])
    var limits = SpecLimits()
    limits.nodes = 4000
    limits.fileBytes = 1 << 20
    let error = #expect(throws: SpecError.self) { try SpecLoader.load(paths: [fixture.path], limits: limits) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  @Test func bytesThatAreNoTextHaveAPlace() throws {
    let fixture = try SpecFixture()
    try fixture.write("a.yaml", bytes: Array("a: 1\nb: ".utf8) + [0xFF])
    #expect(fixture.complaint().hasPrefix("a.yaml:2:4: error: YAML: invalid leading UTF-8 octet"))
  }

  @Test func byteOrderMarkAndCarriageReturnsAreRead() throws {
    let text = document("routes:\n- { to: 10.0.0.0/8, dev: eth0 }").replacing("\n", with: "\r\n")
    #expect(try SpecFixture(["a.yaml": "\u{FEFF}" + text]).resolve().state.routes.count == 1)
  }
}
