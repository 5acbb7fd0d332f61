import Model

/// Looks whether everything that a table's rules and elements refer to is there in the end, and that jumps do not
/// go in circles.
struct ReferenceCheck {
  let state: TableState
  let sources: SourceList

  /// `NFT_JUMP_STACK_SIZE`: a base chain and fifteen chains below it.
  private static let maximumJumps = 16
  /// Of chains that no base chain leads to, which the kernel does not follow.
  private static let longestPath = 64

  /// A jump, and where it was written.
  private struct Jump {
    var chain: String
    var origin: SourceLocation?
  }

  func run(_ fail: (SyntaxError) -> Void) {
    var jumps: [String: [Jump]] = [:]
    for (name, set) in state.sets.pairs {
      // What a named map's elements say counts for each rule that looks into it.
      check(elements: set.elements, set.declaration.definition.origin, fail) {
        jumps["@\(name)", default: []].append($0)
      }
    }
    for (name, chain) in state.chains.pairs {
      for rule in chain.rules {
        check(rule.expressions, rule.origin, fail) { jumps[name, default: []].append($0) }
      }
    }
    checkLoops(jumps, fail)
  }

  // MARK: References

  private func check(
    _ expressions: [Expression], _ origin: SourceLocation?, _ fail: (SyntaxError) -> Void, _ found: (Jump) -> Void
  ) {
    for expression in expressions {
      switch expression {
      case .verdict(let verdict): check(verdict, origin, fail, found)
      case .lookup(let set, _, _, _), .objectMap(let set, _): check(set, origin, fail, found)
      case .dynamicSet(_, let set, _, _, _, let inner):
        check(.named(set), origin, fail, found)
        check(inner, origin, fail, found)
      case .object(let kind, let name): checkObject(kind, name, origin, fail)
      case .flowOffload(let name) where state.flowtables[name] == nil:
        fail(error("flowtable \(name) does not exist in table \(state.id)", name, origin))
      default: break
      }
    }
  }

  private func check(
    _ verdict: Verdict, _ origin: SourceLocation?, _ fail: (SyntaxError) -> Void, _ found: (Jump) -> Void
  ) {
    switch verdict {
    case .jump(.named(let name)), .goto(.named(let name)):
      guard let chain = state.chains[name] else {
        return fail(error("chain \(name) does not exist in table \(state.id)", name, origin))
      }
      guard chain.base == nil else {
        return fail(error("chain \(name) is hooked in: rules cannot jump to it", name, origin))
      }
      found(Jump(chain: name, origin: origin))
    case .jump(.anonymous(let rules)), .goto(.anonymous(let rules)):
      for rule in rules { check(rule.expressions, rule.origin ?? origin, fail, found) }
    default: break
    }
  }

  private func check(
    _ set: SetReference, _ origin: SourceLocation?, _ fail: (SyntaxError) -> Void, _ found: (Jump) -> Void
  ) {
    switch set {
    case .named(let name):
      guard state.sets[name] != nil else {
        return fail(error("set \(name) does not exist in table \(state.id)", name, origin))
      }
      found(Jump(chain: "@\(name)", origin: origin))
    case .anonymous(let definition): check(elements: definition.elements, origin, fail, found)
    }
  }

  private func check(
    elements: [SetElement], _ origin: SourceLocation?, _ fail: (SyntaxError) -> Void, _ found: (Jump) -> Void
  ) {
    for element in elements {
      switch element.details?.data {
      case .verdict(let verdict): check(verdict, origin, fail, found)
      default: break
      }
    }
  }

  private func checkObject(
    _ kind: ObjectKind, _ name: String, _ origin: SourceLocation?, _ fail: (SyntaxError) -> Void
  ) {
    guard !state.hasObject(kind, name) else { return }
    fail(error("\(Parser.objectWord(kind)) \(name) does not exist in table \(state.id)", name, origin))
  }

  private func error(_ message: String, _ name: String, _ origin: SourceLocation?, hint: String? = nil) -> SyntaxError {
    let whole = origin.flatMap { sources.span(at: $0) } ?? Span(start: 0, end: 0, source: 0)
    return SyntaxError(message, at: sources.narrow(whole, to: name), hint: hint)
  }

  // MARK: Loops

  private func checkLoops(_ jumps: [String: [Jump]], _ fail: (SyntaxError) -> Void) {
    /// How many chains deep one goes from each; nil while it is being looked at.
    var depths: [String: Int?] = [:]
    var isTooLong = false
    func depth(_ chain: String, _ path: [String]) -> Int {
      if let known = depths[chain] { return known ?? 0 }
      guard path.count <= Self.longestPath else {
        if !isTooLong {
          let (first, bound) = (path[0], Self.longestPath)
          fail(error("jumps from chain \(first) go more than \(bound) chains deep", first, state.chains[first]?.origin))
        }
        isTooLong = true
        depths[chain] = 0
        return 0
      }
      depths[chain] = .some(nil)
      var deepest = 0
      for jump in jumps[chain] ?? [] {
        if let known = depths[jump.chain], known == nil {
          let start = path.firstIndex(of: jump.chain) ?? 0
          let circle = (path[start...] + [jump.chain]).filter { !$0.hasPrefix("@") }.joined(separator: " → ")
          fail(error("the jumps go in a circle: \(circle)", jump.chain, jump.origin))
          continue
        }
        // A map is no chain of its own.
        let below = depth(jump.chain, path + [jump.chain]) + (jump.chain.hasPrefix("@") ? 0 : 1)
        deepest = max(deepest, below)
      }
      depths[chain] = deepest
      return deepest
    }
    for (name, chain) in state.chains.pairs {
      guard depth(name, [name]) >= Self.maximumJumps, chain.base != nil else { continue }
      fail(
        error(
          "jumps from chain \(name) go more than \(Self.maximumJumps - 1) chains deep", name, chain.origin,
          hint: "the kernel allows no more"))
    }
  }
}
