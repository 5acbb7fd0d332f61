import Spec
import Testing

private let nodes: [String: [String: String]] = [
  "bare": [:], "edge-a": ["role": "edge", "zone": "a", "rack": "7"], "edge-b": ["role": "edge", "zone": "b"],
  "core-a": ["role": "core", "zone": "a", "rack": "x"],
]

/// A selector, and the nodes that it selects.
private let selectors: [(selector: String, names: Set<String>)] = [
  ("{}", ["bare", "edge-a", "edge-b", "core-a"]),
  ("{ matchLabels: { role: edge } }", ["edge-a", "edge-b"]),
  ("{ matchLabels: { role: edge, zone: a } }", ["edge-a"]),
  ("{ matchLabels: { kubernetes.io/hostname: bare } }", ["bare"]),
  ("{ matchExpressions: [{ key: zone, operator: In, values: [a, c] }] }", ["edge-a", "core-a"]),
  ("{ matchExpressions: [{ key: zone, operator: NotIn, values: [a] }] }", ["bare", "edge-b"]),
  ("{ matchExpressions: [{ key: rack, operator: Exists }] }", ["edge-a", "core-a"]),
  ("{ matchExpressions: [{ key: rack, operator: DoesNotExist }] }", ["bare", "edge-b"]),
  ("{ matchExpressions: [{ key: rack, operator: Gt, values: ['6'] }] }", ["edge-a"]),
  ("{ matchExpressions: [{ key: rack, operator: Lt, values: ['7'] }] }", []),
  ("{ matchLabels: { role: edge }, matchExpressions: [{ key: zone, operator: NotIn, values: [a] }] }", ["edge-b"]),
]

/// Two selectors, and whether a node could have both.
private let pairs: [(String, String, Bool)] = [
  ("{}", "{}", true),
  ("{ matchLabels: { role: edge } }", "{ matchLabels: { role: core } }", false),
  ("{ matchLabels: { role: edge } }", "{ matchLabels: { zone: a } }", true),
  ("{ matchLabels: { role: edge } }", "{ matchExpressions: [{ key: role, operator: Exists }] }", true),
  ("{ matchLabels: { role: edge } }", "{ matchExpressions: [{ key: role, operator: DoesNotExist }] }", false),
  ("{ matchLabels: { role: edge } }", "{ matchExpressions: [{ key: role, operator: NotIn, values: [edge] }] }", false),
  (
    "{ matchExpressions: [{ key: rack, operator: Gt, values: ['5'] }] }",
    "{ matchExpressions: [{ key: rack, operator: Lt, values: ['7'] }] }", true
  ),
  (
    "{ matchExpressions: [{ key: rack, operator: Gt, values: ['5'] }] }",
    "{ matchExpressions: [{ key: rack, operator: Lt, values: ['6'] }] }", false
  ),
]

@Suite struct SelectorTests {
  @Test(arguments: selectors)
  func selects(selector: String, names: Set<String>) throws {
    let fixture = try SpecFixture(["a.yaml": document("nodeSelector: \(selector)\nroutes: []")])
    let source = try SpecLoader.load(paths: [fixture.path])
    let selected = try nodes.filter { name, labels in
      try !source.resolve(for: Node(name: name, labels: labels), names: FixedNames()).documents.isEmpty
    }
    #expect(Set(selected.keys) == names)
  }

  @Test(arguments: pairs)
  func clashIsFoundForEveryNodeThatCouldBe(_ first: String, _ second: String, _ clashes: Bool) throws {
    let route = "routes: [{ to: 10.0.0.0/8, dev: eth0 }]"
    let fixture = try SpecFixture([
      "a.yaml": document("nodeSelector: \(first)\n\(route)", name: "a"),
      "b.yaml": document("nodeSelector: \(second)\n\(route)", name: "b"),
    ])
    let source = try SpecLoader.load(paths: [fixture.path])
    let error = Result { () throws(SpecError) in try source.checkAllNodes(like: Node(name: "any"), names: FixedNames())
    }.specError
    #expect(error?.description.contains("is claimed twice") ?? false == clashes)
  }

  @Test func selectorThatNoNodeCanHaveIsAnError() throws {
    let expressions = "[{ key: a, operator: Exists }, { key: a, operator: DoesNotExist }]"
    let fixture = try SpecFixture(["a.yaml": document("nodeSelector: { matchExpressions: \(expressions) }\nroutes: []")]
    )
    let source = try SpecLoader.load(paths: [fixture.path])
    let error = Result { () throws(SpecError) in try source.checkAllNodes(like: Node(name: "any"), names: FixedNames())
    }.specError
    #expect(error?.description.contains("no node can have the labels") == true)
  }
}

extension Result where Failure == SpecError {
  var specError: SpecError? {
    if case .failure(let error) = self { error } else { nil }
  }
}
