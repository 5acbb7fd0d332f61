import Model

/// Checks and lowers a rule's statements one after the other.
///
/// What a selector needs to be known about the packet (its protocols) is written to `output` before the statement
/// that needs it, as soon as the need is seen.
struct RuleChecker {
  let compiler: RuleCompiler
  let chain: BaseChain?
  var context: ProtocolContext
  /// The outer packet's context while a selector looks into a tunnel, and the tunnel's own otherwise.
  var tunnelContext: ProtocolContext?
  var tunnel: HeaderProtocol?
  var output: [Expression] = []
  /// Matches for one field and one value since the last statement of another kind, which may be put together.
  var mergeable: [MergeableMatch] = []
  /// What `reject` needs stands before everything else.
  var prefix: [Expression] = []
  var declaredSets: [SetDeclaration] = []
  /// Why no statement may follow; nil while one may.
  var terminated: String?
  var exceedsRegisters = false
  var cannotBeTurned = false
  /// Where a match stands that the table's family makes needless; nft drops it if another statement follows.
  var needless: Int?
  /// Only the type counts: nothing must be known of a packet.
  var isTypeof = false

  var family: Family { compiler.family }
  var literals: LiteralResolver { compiler.literals }

  init(compiler: RuleCompiler, chain: BaseChain?) {
    self.compiler = compiler
    self.chain = chain
    context = ProtocolContext(family: compiler.family)
    output.reserveCapacity(8)
  }

  mutating func check(_ statement: StatementSyntax) throws(SyntaxError) {
    if let index = needless {
      output.removeSubrange(index...(index + 1))
      needless = nil
    }
    switch statement.kind {
    case .match(let match): return try check(match)
    case .verdictMap(let key, let map):
      try checkVerdictMap(key: key, map)
    case .verdict(let verdict):
      let lowered = try self.verdict(verdict)
      output.append(.verdict(lowered))
      if lowered != .continue { terminated = "a verdict ends the rule" }
    case .assign(let selector, let value): try checkAssignment(selector, value, at: statement.span)
    case .counter, .limit, .quota, .connectionLimit, .last: output.append(try stateful(statement))
    case .object(let kind, let name): try checkObject(kind: kind.text, name)
    case .log(let log): output.append(.log(try check(log)))
    case .reject(let reject):
      try check(reject, at: statement.span)
      terminated = "reject ends the rule"
    case .nat(let nat):
      try check(nat, at: statement.span)
      terminated = "\(nat.kind.rawValue) ends the rule"
    case .noTrack: output.append(.noTrack)
    case .queue(let target, let flags):
      try checkQueue(target, flags, at: statement.span)
      terminated = "queue ends the rule"
    case .duplicate(let to, let device): try checkDuplicate(to: to, device: device, at: statement.span)
    case .forward(let family, let to, let device):
      try checkForward(family: family, to: to, device: device, at: statement.span)
      terminated = "fwd ends the rule"
    case .tproxy(let family, let address, let port):
      try checkTransparentProxy(family: family, address: address, port: port, at: statement.span)
    case .synproxy(let synproxy): output.append(try check(synproxy, at: statement.span))
    case .flowAdd(let name):
      guard compiler.declarations.hasFlowtable(name.text) else {
        throw SyntaxError("flowtable \(name.text) does not exist", at: name.span)
      }
      output.append(.flowOffload(table: name.text))
    case .setUpdate(let update): try check(update)
    case .meter(let name, let size, let element): try checkMeter(name: name, size: size, element)
    case .resetOption(let selector): try checkReset(selector)
    case .xtables(let kind, let name):
      throw SyntaxError(
        "xt \(kind.text) \(name.text) belongs to iptables-nft", at: statement.span,
        hint: "such rules can be listed but not loaded")
    }
    finishMerging()
  }
}
