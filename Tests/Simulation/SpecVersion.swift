/// One generation of the spec: which rules and routes it wants, by number. Two generations may want the same rules.
struct SpecVersion {
  var generation: Int
  var rules: Int
  var routes: Int

  var name: String { "g\(generation)" }
}

/// What is wrong with a number's rules or routes, and on which nodes.
struct Flaw {
  enum Kind: CaseIterable {
    /// Nothing goes out to the lock's store; nothing comes in from it; neither.
    case dropsOut, dropsIn, dropsBoth
    /// Somebody else whom a probe asks is out of reach.
    case hidesTarget
  }

  var kind: Kind
  var nodes: Set<Int>

  var dropsOut: Bool { kind == .dropsOut || kind == .dropsBoth }
  var dropsIn: Bool { kind == .dropsIn || kind == .dropsBoth }
}
