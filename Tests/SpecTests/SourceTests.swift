import Model
import Spec
import Testing

private let aRoute = document("routes: [{ to: 10.0.0.0/8, dev: eth0 }]")

/// A folder, and what is said about it.
private let folders: [(files: [String: String], expected: String)] = [
  ([:], "FOLDER: error: there is no .yaml, .yml or .nft file in this folder"),
  ([".hidden.yaml": aRoute, "notes.txt": "x"], "FOLDER: error: there is no .yaml, .yml or .nft file"),
  (["a.yaml": ""], "a.yaml: error: this file is empty"),
  (["a.yaml": "# nothing\n---\n"], "a.yaml: error: there is no spec in this file"),
  (["a.nft": " \n"], "a.nft: error: this file is empty"),
  (["a.yaml": aRoute, "b.yml": ""], "b.yml: error: this file is empty"),
  (["a.yaml": aRoute, "b.yaml": aRoute], "b.yaml:1:1: error: two specs are named \"test\""),
  (
    ["a.yaml": aRoute, "b.yaml": document("routes: [{ to: 10.0.0.0/8, dev: eth1 }]", name: "b")],
    "b.yaml:5:12: error: the route to 10.0.0.0/8 in table main with metric 0 is claimed twice"
  ),
  (
    [
      "a.yaml": document(
        "routes: [{ to: 10.2.0.0/16, dev: a }, { to: 10.1.0.0/16, dev: a }, { to: 10.2.0.0/16, dev: b }]")
    ],
    "a.yaml:5:70: error: the route to 10.2.0.0/16 in table main with metric 0 is claimed twice"
  ),
  (
    [
      "a.yaml": document("routes: [{ to: 10.1.0.0/16, dev: a }, { to: 10.2.0.0/16, dev: a }]"),
      "b.yaml": document("routes: [{ to: 10.3.0.0/16, dev: a }]", name: "b"),
      "c.yaml": document("routes: [{ to: 10.2.0.0/16, dev: a }]", name: "c"),
    ], "c.yaml:5:12: error: the route to 10.2.0.0/16 in table main with metric 0 is claimed twice"
  ),
  (
    [
      "a.yaml": document("routes: [{ to: 10.0.0.0/8, dev: eth0, table: 253 }, { to: 10.0.0.0/8, dev: lo, table: 253 }]")
    ],
    "error: the route to 10.0.0.0/8 in table default with metric 0 is claimed twice"
  ),
  (
    ["a.yaml": document("routes: [{ to: 10.0.0.0/8, dev: eth0, table: 9 }, { to: 10.0.0.0/8, dev: lo, table: 9 }]")],
    "error: the route to 10.0.0.0/8 in table 9 with metric 0 is claimed twice"
  ),
  (
    [
      "a.yaml": document(
        "routingPolicy: [{ from: 10.0.0.1, table: 1, priority: 5 }, { from: 10.0.0.1, table: main, priority: 5 }]")
    ],
    "error: the policy rule `5: from 10.0.0.1 lookup main proto 110` is claimed twice"
  ),
  (["a.yaml": document("nftablesFile: ../x.nft")], "a.yaml:5:17: error: \"../x.nft\" is outside of the source"),
  (["a.yaml": document("nftablesFile: /etc/x.nft")], "error: \"/etc/x.nft\" is an absolute path"),
  (["a.yaml": document("nftablesFile: x.nft")], "error: there is no file \"x.nft\" in this source"),
  (["a.yaml": document("nftablesFile: egde.nft"), "edge.nft": "x"], "did you mean \"edge.nft\"?"),
  (["a.yaml": document("nftablesFile: a.yaml")], "\"a.yaml\" is not a .nft file"),
  (
    ["a.nft": "table ip a {}; include \"b.nft\"\n", "b.nft": "\n  include \"a.nft\"\n"],
    """
    b.nft:2:3: error: files include each other in a circle: a.nft includes b.nft includes a.nft
      include "a.nft"
      ^~~~~~~~~~~~~~~
      take one of these lines out: a.nft:1, b.nft:2
    """
  ),
  (["a.nft": "include \"a.nft\""], "a.nft:1:1: error: files include each other in a circle: a.nft includes a.nft"),
  (
    [
      "a.yaml": document("nftables: 'include \"b/c.nft\"'"), "b/c.nft": "include \"d.nft\"",
      "b/d.nft": "include \"*.nft\"",
    ],
    "b/d.nft:1:1: error: files include each other in a circle: b/c.nft includes b/d.nft includes b/c.nft"
  ),
]

/// Rule text that includes b.nft, or does not, somewhere in it.
private let including: [(text: String, includes: Bool)] = [
  ("include \"b.nft\"", true), ("table ip a {}; include \"b.nft\"", true), ("table ip a { include \"b.nft\"\n}", true),
  ("table ip a {\n chain c { accept; include \"b.nft\"\n}\n}", true), ("define x = 1; include \\\n \"b.nft\"", true),
  ("table ip a {} # include \"b.nft\"", false), ("table ip a {\n comment \"include\"\n}\n# \"b.nft\"", false),
]

@Suite struct SourceTests {
  @Test(arguments: folders)
  func folderIsRefused(files: [String: String], expected: String) throws {
    let complaint = try SpecFixture(files).complaint()
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test func missingFolderIsAnError() {
    let error = #expect(throws: SpecError.self) { try SpecLoader.load(paths: ["/nowhere/specs"]) }
    #expect(
      error?.description.hasPrefix("/nowhere/specs: error: this cannot be read: No such file or directory") == true)
  }

  @Test func mountedConfigMapIsRead() throws {
    let fixture = try SpecFixture(["..2026_11_20/a.yaml": aRoute])
    try fixture.link("..data", to: "..2026_11_20")
    try fixture.link("a.yaml", to: "..data/a.yaml")
    #expect(try fixture.resolve().state.routes.count == 1)
    try fixture.write("..2026_11_20/sub/b.yaml", document("routes: []", name: "b"))
    try fixture.link("sub", to: "..data/sub")
    #expect(try fixture.resolve().documents == ["test", "b"])
  }

  @Test(arguments: [
    ("absolute", "/etc/hostname"), ("above", "../outside.yaml"), ("above, through a folder", "sub/../../outside.yaml"),
    ("itself", "link.yaml"),
  ])
  func linkOutOfTheSourceIsRefused(_ name: String, _ target: String) throws {
    let fixture = try SpecFixture(["a.yaml": aRoute, "sub/b.yaml": document("routes: []", name: "b")])
    try fixture.link("link.yaml", to: target)
    let complaint = fixture.complaint()
    #expect(complaint.contains("link.yaml: error: this link leads out") || complaint.contains("error: too many links"))
  }

  @Test func namedFolderMayBeALink() throws {
    let fixture = try SpecFixture(["real/a.yaml": aRoute])
    try fixture.link("current", to: "real")
    #expect(try SpecLoader.load(paths: [fixture.path + "/current"]).digest.utf8.count == 64)
  }

  @Test func generationIsOfContentsAndNamesAlone() throws {
    let first = try SpecFixture(["a.yaml": aRoute, "sub/b.yaml": document("routes: []", name: "b")]).resolve().digest
    let again = try SpecFixture(["sub/b.yaml": document("routes: []", name: "b"), "a.yaml": aRoute]).resolve().digest
    let renamed = try SpecFixture(["c.yaml": aRoute, "sub/b.yaml": document("routes: []", name: "b")]).resolve().digest
    let edited = try SpecFixture(["a.yaml": aRoute + "\n", "sub/b.yaml": document("routes: []", name: "b")]).resolve()
    #expect(first == again)
    #expect(Set([first, renamed, edited.digest]).count == 3)
  }

  /// A file that another includes is no spec of its own: what it says would be claimed twice.
  @Test(arguments: including) func includedFileIsNoSpec(text: String, includes: Bool) throws {
    let part = text.contains("chain c") ? "drop" : text.contains("a { include") ? "chain d {}" : "table ip b {}"
    let fixture = try SpecFixture(["a.nft": text, "b.nft": part])
    #expect(try fixture.resolve().documents == (includes ? ["a.nft"] : ["a.nft", "b.nft"]))
  }

  @Test func loneFileTakesOnlyWhatItRefersTo() throws {
    let fixture = try SpecFixture(["a.yaml": aRoute, "b.nft": "table ip b {}", "c.yaml": "broken: ["])
    let path = fixture.path + "/a.yaml"
    let before = try SpecLoader.load(paths: [path]).digest
    try fixture.write("b.nft", "table ip c {}")
    #expect(try SpecLoader.load(paths: [path]).digest == before)
  }

  @Test func commitIsReadFromGitsFiles() throws {
    let hash = String(repeating: "0123456789abcdef", count: 3).prefix(40)
    let fixture = try SpecFixture([
      "specs/a.yaml": aRoute, ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": "\(hash)\n",
      "packed/specs/a.yaml": aRoute, "packed/.git/HEAD": "ref: refs/heads/main\n",
      "packed/.git/packed-refs": "# pack-refs\n\(hash) refs/heads/main\n",
    ])
    #expect(try SpecLoader.load(paths: [fixture.path + "/specs"]).commit == String(hash))
    #expect(try SpecLoader.load(paths: [fixture.path + "/packed/specs"]).commit == String(hash))
    let outside = try SpecFixture(["a.yaml": aRoute])
    #expect(try SpecLoader.load(paths: [outside.path]).commit == nil)
  }

  @Test func whatSelectsNoNodeIsNoOrder() throws {
    let spec = document("nodeSelector: { matchLabels: { role: edge } }\nroutes: [{ to: 10.0.0.0/8, dev: eth0 }]")
    let fixture = try SpecFixture(["a.yaml": spec])
    let none = try fixture.resolve()
    #expect(none.documents.isEmpty)
    #expect(none.warnings.map(\.message) == ["no spec selects the node node-1"])
    #expect(try fixture.resolve(labels: ["role": "edge"]).documents == ["test"])
  }

  @Test func probesAndTrialAreKept() throws {
    let text = "probes: [{ tcp: '[2001:db8::1]:6443' }, { gateway: eth0 }]\ntrial: { deadline: 2m }\nroutes: []"
    let spec = try SpecFixture(["a.yaml": document(text)]).resolve()
    #expect(spec.probes.map(\.kind) == [.tcp(host: "2001:db8::1", port: 6443), .gateway(device: "eth0")])
    #expect(spec.trial?.deadline == .seconds(120))
  }
}
