import Model

/// Chains, rules and flowtables. A nil state is a missing table that `destroy` does not mind.
extension Evaluator {
  func run(_ command: CommandSyntax, _ chain: ChainSyntax, in state: TableState?) throws(SyntaxError) {
    guard let state else { return }
    let name = chain.name.text
    switch command.verb {
    case .add, .create:
      let present = state.chains[name]
      // `add chain t c { policy drop; }` says the policy of a chain that has its hook already.
      var syntax = chain
      if present?.base != nil, chain.hook == nil { syntax.policy = nil }
      var declared = try refusing(state) { () throws(SyntaxError) in try compiler(state).chain(syntax) }
      declared.origin = location(chain.name.span)
      guard let present else {
        guard name.utf8.count < maximumNameLength else {
          throw SyntaxError("the chain's name is too long", at: chain.name.span)
        }
        state.withChains { $0.set(name, declared) }
        return
      }
      guard command.verb == .add else { throw SyntaxError("chain \(name) exists already", at: chain.name.span) }
      try merge(chain, declared, into: present, in: state)
    case .delete, .destroy:
      guard state.withChains({ $0.remove(name) }) || command.verb == .destroy else {
        throw missing("chain", chain.name, state)
      }
    case .flush:
      guard state.withChains({ $0.change(name) { $0.rules = [] } }) != nil else {
        throw missing("chain", chain.name, state)
      }
    default: throw unsupported(command)
    }
  }

  /// Declaring a chain again can say its policy and comment anew, but not hook it in elsewhere.
  private func merge(
    _ syntax: ChainSyntax, _ declared: Chain, into present: Chain, in state: TableState
  ) throws(SyntaxError) {
    var result = present
    if let hook = syntax.hook, let new = declared.base {
      guard var base = present.base else {
        throw SyntaxError(
          "chain \(present.name) is declared above without a hook", at: hook.span,
          hint: "say its type and hook where it is declared first")
      }
      var same = new
      same.policy = base.policy
      guard same == base else {
        throw SyntaxError("chain \(present.name) is declared above with another hook", at: hook.span)
      }
      if syntax.policy != nil { base.policy = new.policy }
      result.base = base
    } else if let policy = syntax.policy {
      guard result.base != nil else {
        throw SyntaxError("only a chain with a hook has a policy", at: policy.span)
      }
      guard let value = ["accept": ChainPolicy.accept, "drop": .drop][policy.text] else {
        throw SyntaxError("unknown policy '\(policy.text)'", at: policy.span, hint: "expected accept or drop")
      }
      result.base?.policy = value
    }
    result.comment = declared.comment ?? result.comment
    state.withChains { $0.set(present.name, result) }
  }

  func rename(_ chain: Word, to name: Word, in state: TableState?) throws(SyntaxError) {
    guard let state else { return }
    guard var value = state.chains[chain.text] else { throw missing("chain", chain, state) }
    guard state.chains[name.text] == nil else { throw SyntaxError("chain \(name.text) exists already", at: name.span) }
    value.name = name.text
    _ = state.withChains { $0.remove(chain.text) }
    state.withChains { $0.set(name.text, value) }
  }

  // MARK: Rules

  func run(
    _ command: CommandSyntax, _ rule: RuleSyntax?, chain: Word, _ position: RulePositionSyntax?, in state: TableState?
  ) throws(SyntaxError) {
    guard let state else { return }
    // Not the chain itself: a second holder of its rules would have them copied for each rule that is added.
    let known = state.withChains { $0.change(chain.text) { (base: $0.base, count: $0.rules.count) } }
    guard let known else {
      // Its own declaration was refused, which has been told.
      if state.isIncomplete { return }
      throw missing("chain", chain, state)
    }
    guard let rule, command.verb == .add || command.verb == .insert || command.verb == .create else {
      throw SyntaxError(
        "'\(command.verb.rawValue) rule' needs a handle, which only the kernel gives", at: command.span,
        hint: "write the rules that the chain should have")
    }
    if state.isIncomplete { return }
    let compiled = try compiler(state).compile(rule, in: known.base)
    var result = compiled.rule
    result.origin = location(rule.span)
    for set in compiled.sets { add(set, to: state) }
    try insert(result, into: chain.text, count: known.count, command.verb, position, state)
  }

  private func insert(
    _ rule: Rule, into chain: String, count: Int, _ verb: CommandSyntax.Verb, _ position: RulePositionSyntax?,
    _ state: TableState
  ) throws(SyntaxError) {
    var index = verb == .insert ? 0 : count
    if let position {
      guard position.kind == .index else {
        throw SyntaxError(
          "handles are the kernel's own numbers", at: position.span, hint: "use index, which counts rules from 0")
      }
      guard position.number < UInt64(count) else {
        throw SyntaxError("the chain has no rule of index \(position.number)", at: position.span)
      }
      index = Int(position.number) + (verb == .insert ? 0 : 1)
    }
    _ = state.withChains { chains in
      chains.change(chain) { if index == count { $0.rules.append(rule) } else { $0.rules.insert(rule, at: index) } }
    }
  }

  // MARK: Flowtables

  func run(_ command: CommandSyntax, _ flowtable: FlowtableSyntax, in state: TableState?) throws(SyntaxError) {
    guard let state else { return }
    let name = flowtable.name.text
    switch command.verb {
    case .add, .create:
      guard command.verb == .add || state.flowtables[name] == nil else {
        throw SyntaxError("flowtable \(name) exists already", at: flowtable.name.span)
      }
      var declared = try refusing(state) { () throws(SyntaxError) in try compiler(state).flowtable(flowtable) }
      declared.origin = location(flowtable.name.span)
      state.withFlowtables { $0.set(name, declared) }
    case .delete, .destroy:
      guard state.withFlowtables({ $0.remove(name) }) || command.verb == .destroy else {
        throw missing("flowtable", flowtable.name, state)
      }
    default: throw unsupported(command)
    }
  }

  // MARK: Errors

  /// Remembers that a declaration of the table was refused.
  func refusing<Result>(
    _ state: TableState, _ body: () throws(SyntaxError) -> Result
  ) throws(SyntaxError) -> Result {
    do throws(SyntaxError) {
      return try body()
    } catch {
      state.isIncomplete = true
      throw error
    }
  }

  func missing(_ what: String, _ name: Word, _ state: TableState) -> SyntaxError {
    SyntaxError("\(what) \(name.text) does not exist in table \(state.id)", at: name.span)
  }
}
