import Model
import Testing

@testable import Spec

/// Long lists of plain items are read without libyaml, and nothing but the time it takes may show it.
@Suite struct AbridgementTests {
  private static func items(_ count: Int, indentation: Int = 2) -> [String] {
    (0..<count).map {
      String(repeating: " ", count: indentation)
        + "- { to: 10.\($0 / 256).\($0 % 256).0/24, via: 2001:db8::\($0),  dev: eth0, on-link: true }"
    }
  }

  private static func blocks(_ count: Int, indentation: Int = 2) -> [String] {
    let space = String(repeating: " ", count: indentation)
    return (0..<count).flatMap { number in
      ["\(space)- to: 10.0.\(number).0/24", "\(space)  via:  2001:db8::\(number)"]
        + (number.isMultiple(of: 3) ? ["\(space)  on-link: true"] : [])
    }
  }

  private static let list = items(100)
  private static let block = blocks(50)

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
    ("block style", ["a:"] + block, true),
    ("block style at the key's column", ["a:"] + blocks(50, indentation: 0) + ["b: c"], true),
    ("block style alone", blocks(50, indentation: 0), true),
    ("both styles", ["a:"] + block + list + block + items(1) + block + ["b: c"], true),
    ("block style, going on", ["a:"] + block + ["      more"] + block, true),
    ("block style, going on at the end", ["a:"] + block + ["", "      more", "b: c"], true),
    ("block style, another key", ["a:"] + block + ["    z: x", "b: c"], true),
    ("block style, list below", ["a:"] + block + ["    z:", "    - x", "    -  y: z"] + block, true),
    ("block style, text below", ["a:"] + block + ["    z: |", "      - a: b"] + block, true),
    ("block style, a mistake", ["a:"] + block + ["   z: x"] + block, true),
    ("block style, a mistake at the end", ["a:"] + block + ["  - z: x", "     y: x"], true),
    ("flow style, going on", ["a:"] + block + list + ["      more"], true),
    ("block style in a text", ["a: |"] + block + ["b: c"], true),
    ("block style in a key's text", ["- a: |"] + blocks(50, indentation: 4) + ["- b: c"], true),
    ("block style, going on a word", ["a: b"] + block, true),
    ("block style in flow", ["a:", "  ["] + block + ["  ]"], true),
    ("block style below an item", ["  - { a: b }", "  - c:"] + blocks(50, indentation: 4) + ["  - { a: b }"], true),
    ("block style and a separator", ["a: b\u{2028}c:", "  - a: 'b'"] + block, true),
    ("block style, documents", ["a:"] + block + ["---", "b:"] + block + ["..."] + block, true),
    ("block style with blank lines", ["a:"] + block.flatMap { [$0, ""] }, false),
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

  /// The same in block style, with what could go on in the next line.
  @Test(arguments: [
    "a: b", "a:  b", "a : b", "a:b", "a:", "a: b c", "a: b: c", "a: b:", "a: :b", "a: b::c", "a: -b", "a: - b",
    "a: b # c",
    "a: 'b'", "a: \"b\"", "a: *b", "a: &b c", "a: [b]", "a: { b: c }", "a: |", "a: >", "a: ü", "a: b ", "a: b\t",
    " a: b",
    "- a: b", "a", "? a", ": a", "a: ~", "a: b,c", "-a: b", "a-b: c", "a: b\n      c", "a: b\n    c", "a: b\n     c: d",
    "a: b\n  c: d", "a: b\n   c: d", "a: b\n\n  c: d", "a: b\n  # c", "a: b\n# c", "a: b\n- c", "a: b\n -",
    "a: b\n--- ",
    "a: b\n  - c", "a: b\n  c:\n  - d", "a: b\n  c:\n    - d: e", "a: b\n-", "a: b\n-  c: d", "a: b\n  c: d\n  a: e",
  ])
  func blockReadsAsBefore(item: String) {
    let filler = String(repeating: "- to: 10.0.0.0/8\n  via: 192.0.2.1\n", count: 20)
    let many = String(repeating: "- \(item)\n", count: 40)
    for text in [many, filler + many + filler, filler + "- \(item)\n" + filler, "- \(item)\n" + filler] {
      expectSameReading(Array(text.utf8))
    }
  }

  /// Pieces of YAML in any order, some of them often enough to be left out.
  @Test(arguments: 0..<20) func whateverStandsAround(seed: UInt64) {
    var random = SplitMix(state: seed)
    let pieces = [
      "- { a: b }", "- { a: b, c: d }", "- a: b", "- a: b\n  c: d", "  c: d", "e: f", "e:", "- e:", "-", "- - g", "- |",
      "e: |",
      "- 'h", "h'", "- [", "]", "- {", "}", "# i", "", "---", "...", "j", "- { a: b } # i", "- a: b # i", "- k: \"",
    ]
    for _ in 0..<100 {
      var lines: [String] = []
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let space = String(repeating: " ", count: Int.random(in: 0...2, using: &random) * 2)
        let piece = space + pieces[Int.random(in: 0..<pieces.count, using: &random)].replacing("\n", with: "\n" + space)
        let count = Bool.random(using: &random) ? 1 : Int.random(in: 34...36, using: &random)
        lines += Array(repeating: piece, count: count)
      }
      expectSameReading(Array(lines.joined(separator: "\n").utf8))
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

/// Numbers that are the same in each run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
