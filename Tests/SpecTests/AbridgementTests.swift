import Model
import Testing

@testable import Spec

/// Long lists of one line an item are read without libyaml, and nothing but the time it takes may show it.
@Suite struct AbridgementTests {
  private static func items(_ count: Int, indentation: Int = 2) -> [String] {
    (0..<count).map {
      String(repeating: " ", count: indentation)
        + "- { to: 10.\($0 / 256).\($0 % 256).0/24, via: 2001:db8::\($0),  dev: eth0, on-link: true }"
    }
  }

  private static let list = items(100)

  /// Lines, and whether some of them may be left out.
  static let texts: [(name: String, lines: [String], isAbridged: Bool)] = [
    ("list", ["routes:"] + list, true),
    ("list at the key's column", ["routes:"] + items(100, indentation: 0), true),
    ("list alone", items(100, indentation: 0), true),
    ("after a comment", ["# Müller: …", "a: 1", "routes: # b"] + list + ["# end"], true),
    ("two lists", ["a:"] + list + ["b:"] + items(60), true),
    ("documents", ["a:"] + list + ["---", "b:"] + items(60) + ["...", "---", "c:"] + list, true),
    ("cut in two", ["a:"] + list + ["  - { to: 'x' }", ""] + items(60), true),
    ("a list within a list", ["-"] + list + ["- - { a: 1 }"] + items(50), true),
    ("deeper after", ["a:"] + list + ["b:"] + items(50, indentation: 4) + ["c: d"], true),
    ("a mapping's key", ["a:"] + list + ["  : x"], true),
    ("in a text", ["a: |"] + list, true),
    ("in a text of a list", ["a:", "  - >"] + items(100, indentation: 4) + ["  - b"], true),
    ("in quotes", ["a: \""] + list + ["  \""], true),
    ("going on a word", ["a: b"] + list, true),
    ("in flow", ["a: ["] + list + ["  ]"], true),
    ("in flow at the dashes' column", ["a:", "  ["] + list + ["  ]"], true),
    ("in a flow mapping", ["a: {"] + list + ["  }"], true),
    ("below an item", ["  - { a: b }", "  - c:"] + items(100, indentation: 4), true),
    ("less indented after", ["a:", "    - b"] + list, true),
    ("more indented after", ["a:", "  - b: c"] + items(100, indentation: 4), true),
    ("at an odd column", ["a:", "  b: c"] + items(100, indentation: 3), true),
    ("a short list", ["a:"] + items(3), false),
    ("carriage returns", ["a:\r"] + list.map { $0 + "\r" }, false),
    ("a lone carriage return", ["a: b\rc:"] + ["  - { to: 'x' }"] + list, true),
    ("a separator", ["a: b\u{2028}c:", "  - { a: 'b' }"] + list, true),
    ("a next line", ["# b\u{85}c:", "  - { a: 'b' }"] + list, true),
    ("comments", ["a:"] + list.map { $0 + " # b" }, false),
    ("mistake before", ["a: b: c", "d:"] + list, true),
    ("mistake after", ["a:"] + list + ["  b"], true),
    ("anchor after", ["a:"] + list + ["b: &c d"], true),
    ("control character after", ["a:"] + list + ["b: \u{1}"], true),
    ("byte order mark", ["\u{FEFF}a:"] + list, true),
  ]

  @Test(arguments: texts)
  func readsAsBefore(name: String, lines: [String], isAbridged: Bool) {
    for end in ["", "\n", "\n\n"] {
      let bytes = Array((lines.joined(separator: "\n") + end).utf8)
      #expect((Abridgement(of: bytes) != nil) == isAbridged)
      expectSameReading(bytes)
    }
  }

  /// Each of these is one of many items, and few of them are plain enough.
  @Test(arguments: [
    "{ a: b }", "{a: b}", "{ a: b, }", "{ a: b,c: d }", "{ a: b , c: d }", "{ a: b, c: d}", "{ a : b }", "{ a:b }",
    "{ a: }",
    "{ a: , b: c }", "{ a }", "{ }", "{ a: b c }", "{ a: b: c }", "{ a: b: }", "{ a: :b }", "{ a: b::c }",
    "{ a: b:,c }",
    "{ a: -b }", "{ a: b- }", "{ a: b#c }", "{ a: b #c }", "{ a: ~ }", "{ a: null }", "{ a: 'b' }", "{ a: \"b\" }",
    "{ a: *b }", "{ a: &b c }", "{ a: !b c }", "{ a: [b] }", "{ a: { b: c } }", "{ a: b?c }", "{ a: b?, c: d }",
    "{ a: |b }", "{ a: %b }", "{ a: @b }", "{ a: ü }", "{ a: b\tc }", "{ a:\tb }", "{\ta: b }", "{ a: b }\t",
    "{ a: b } ",
    "{ a: b }: c", "{ a: b } # c", "{ a: b", "a: b }", "{ a: b }}", "{ a: b }, { a: b }", "{ ? a: b }", "{ ? a : b }",
    "{ - a: b }", "{ --a: b }", "{ a-: b }", "{ a: 0x10 }", "{ a: ../b_c }", "{ a: b, a: c }", "{ a: b,  c:  d  }",
    "  { a: b }",
  ])
  func itemReadsAsBefore(item: String) {
    let plain = "- { to: 10.0.0.0/8, via: 192.0.2.1 }\n"
    let filler = String(repeating: plain, count: 40)
    let many = String(repeating: "- \(item)\n", count: 40)
    for text in [many, filler + many + filler, filler + "- \(item)\n" + filler, "- \(item)\n" + filler] {
      expectSameReading(Array(text.utf8))
    }
  }

  @Test func longKeysAreLeftToTheLibrary() {
    for length in [1000, 1023, 1024, 1025, 2000] {
      let item = "- { \(String(repeating: "a", count: length)): b }\n"
      expectSameReading(Array(String(repeating: item, count: 40).utf8))
    }
  }

  @Test func limitsHoldInsideOfARun() throws {
    let bytes = Array(("a:\n" + Self.list.joined(separator: "\n") + "\n").utf8)
    var limits = SpecLimits()
    limits.nodes = 500
    expectSameReading(bytes, limits: limits)
    limits.nodes = 5000
    limits.depth = 2
    expectSameReading(bytes, limits: limits)
  }

  private func expectSameReading(_ bytes: [UInt8], limits: SpecLimits = SpecLimits()) {
    let file = SpecFile(path: "a.yaml", name: "a.yaml", root: 0, isBeside: false, bytes: bytes)
    let (short, whole) = (
      outcome { () throws(Diagnostic) in try YAMLReader.read(file, limits: limits) },
      outcome { () throws(Diagnostic) in try YAMLReader.readWhole(file, limits: limits) }
    )
    #expect(short == whole)
  }

  /// All that a tree says, or what is wrong.
  private func outcome(_ read: () throws(Diagnostic) -> YAMLTree) -> [String] {
    do throws(Diagnostic) {
      let tree = try read()
      return ["\(tree.documents)"]
        + tree.nodes.indices.map { index in
          let node = tree.nodes[index]
          let content = tree.isScalar(index) ? tree.string(index) : "\(node.first) \(node.second)"
          return "\(node.line):\(node.column) \(node.kind) \(content)"
        }
    } catch {
      return ["\(error)"]
    }
  }
}
