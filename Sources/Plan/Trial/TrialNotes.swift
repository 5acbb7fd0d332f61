import Model

/// What a trial has to remember of a table that its parts' names do not say: comments of rules that do nothing, in a
/// chain that is hooked nowhere.
struct TrialNotes: Equatable {
  /// Stands under its own name, and only the new generation has it.
  private(set) var came: Swift.Set<Reference> = []
  /// Only the old generation has it. A base chain that goes is told by its guards.
  private(set) var goes: Swift.Set<Reference> = []
  /// The table itself.
  private(set) var tableCame = false
  private(set) var tableGoes = false
  /// Sets that are not copied but overlaid.
  private(set) var overlays: Swift.Set<String> = []
  /// What the guards compare the clock with: nanoseconds since 1970.
  private(set) var deadline: UInt64 = 0

  /// A rule keeps 256 bytes of its user's data (`NFT_USERDATA_MAXLEN`), of which three are not the text's.
  static let longest = 253

  init(old: Table?, new: Table?, overlays: Swift.Set<String>) {
    self.overlays = overlays
    tableCame = old == nil
    tableGoes = new == nil
    guard let old, let new else { return }
    let before = TrialNotes.parts(of: old)
    let after = TrialNotes.parts(of: new)
    came = after.subtracting(before)
    goes = before.subtracting(after)
  }

  /// From what was read.
  init(_ rules: [Rule]) {
    for rule in rules {
      guard let comment = rule.comment else { continue }
      let words = comment.split(separator: " ", maxSplits: 1).map(String.init)
      switch (words.first, words.count > 1 ? TrialNotes.reference(words[1]) : nil) {
      case ("came", let reference?): came.insert(reference)
      case ("goes", let reference?): goes.insert(reference)
      case ("over", .set(let name)?): overlays.insert(name)
      default: break
      }
      if words.first == "ends", words.count > 1 { deadline = UInt64(words[1]) ?? 0 }
      if comment == "came table" { tableCame = true }
      if comment == "goes table" { tableGoes = true }
    }
  }

  private var lines: [String] {
    var lines: [String] = []
    if tableCame { lines.append("came table") }
    if tableGoes { lines.append("goes table") }
    lines += overlays.map { "over \(TrialNotes.text(.set($0)))" }.sorted()
    lines += came.map { "came \(TrialNotes.text($0))" }.sorted()
    return lines + goes.map { "goes \(TrialNotes.text($0))" }.sorted()
  }

  /// They need no verdict, but nft(8) reads no rule back that is a comment alone.
  func rules(until deadline: UInt64) -> [Rule] {
    (["ends \(deadline)"] + lines).map { Rule(expressions: [.verdict(.continue)], comment: $0) }
  }

  private static func parts(of table: Table) -> Swift.Set<Reference> {
    var all = Swift.Set(table.chains.map { Reference.chain($0.name) })
    all.formUnion(table.sets.map { .set($0.name) })
    all.formUnion(table.objects.map(\.reference))
    return all
  }

  private static func text(_ reference: Reference) -> String {
    switch reference {
    case .chain(let name): "chain \(name)"
    case .set(let name): "set \(name)"
    case .object(let kind, let name): "object \(kind) \(name)"
    case .flowtable(let name): "flowtable \(name)"
    }
  }

  private static func reference(_ text: String) -> Reference? {
    let words = text.split(separator: " ").map(String.init)
    switch words.first {
    case "chain" where words.count == 2: return .chain(words[1])
    case "set" where words.count == 2: return .set(words[1])
    case "object" where words.count == 3: return UInt32(words[1]).map { .object(kind: $0, name: words[2]) }
    case "flowtable" where words.count == 2: return .flowtable(words[1])
    default: return nil
    }
  }
}
