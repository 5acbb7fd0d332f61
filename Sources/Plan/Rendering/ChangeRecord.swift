package import Model

/// One change in words: what `-o json` prints and what the history keeps.
///
/// Field names and values are a contract with scripts: they may be added to, never renamed.
package struct ChangeRecord: Codable, Hashable, Sendable {
  package enum Action: String, Codable, Hashable, Sendable { case add, remove, change }

  package enum Subject: String, Codable, Hashable, Sendable {
    case table, chain, rule, set, elements, object, flowtable, route, policyRule
  }

  package var action: Action
  package var subject: Subject
  /// `inet edge`
  package var table: String?
  /// The chain that a rule stands in.
  package var chain: String?
  /// Of a chain, set, object or flowtable.
  package var name: String?
  /// The kernel's number of the rule that goes.
  package var handle: UInt64?
  /// The kernel's number of the rule that the new one is put before; absent for the chain's end.
  package var beforeHandle: UInt64?
  /// As `nft` or `ip` prints what was there; lines are parted by a line feed.
  package var before: String?
  package var after: String?
  /// `file:line:column` of the spec.
  package var origin: String?
}

extension ChangeRecord {
  /// - Parameter wording: knows the tables that rules are printed in.
  init(_ change: Change, wording: Wording) {
    self.init(action: change.action, subject: change.subject)
    table = change.tableID.map { "\($0)" }
    origin = change.origin.map { "\($0)" }
    switch change {
    case .addTable(let value): after = wording.line(of: value)
    case .removeTable(let value): before = wording.lines(of: value).joined(separator: "\n")
    case .changeTable(let from, let to): set(wording.line(of: from), wording.line(of: to))
    case .addChain(_, let value), .removeChain(_, let value):
      name = value.name
      set(wording.lines(of: value, in: change.tableID))
    case .changePolicy(_, let chain, let from, let to):
      name = chain
      set(wording.text(of: from), wording.text(of: to))
    case .addRule(let id, let chain, let value, let position):
      self.chain = chain
      beforeHandle = position
      after = wording.text(of: value, in: id, chain: chain, isOld: false)
    case .removeRule(let id, let chain, let value):
      self.chain = chain
      handle = value.handle
      before = wording.text(of: value, in: id, chain: chain, isOld: true)
    case .addSet(_, let value), .removeSet(_, let value):
      name = value.name
      set(wording.lines(of: value))
    case .addElements(_, let value, let elements), .removeElements(_, let value, let elements):
      name = value.name
      set(["{ \(wording.elements(elements, of: value).joined(separator: ", ")) }"])
    case .addObject(_, let value), .removeObject(_, let value):
      name = value.name
      set(wording.lines(of: value))
    case .changeObject(_, let from, let to):
      name = to.name
      set(wording.lines(of: from).joined(separator: "\n"), wording.lines(of: to).joined(separator: "\n"))
    case .addFlowtable(let id, let value), .removeFlowtable(let id, let value):
      name = value.name
      set(wording.lines(of: value, in: id))
    case .addRoute(let route), .removeRoute(let route): set(["\(route)"])
    case .replaceRoute(let from, let to): set("\(from)", "\(to)")
    case .addPolicyRule(let rule), .removePolicyRule(let rule): set(["\(rule)"])
    }
  }

  private init(action: Action, subject: Subject) {
    self.action = action
    self.subject = subject
  }

  private mutating func set(_ before: String, _ after: String) {
    self.before = before
    self.after = after
  }

  private mutating func set(_ lines: [String]) {
    let text = lines.joined(separator: "\n")
    if action == .remove { before = text } else { after = text }
  }
}

extension Change {
  package var action: ChangeRecord.Action {
    switch self {
    case .addTable, .addChain, .addRule, .addSet, .addElements, .addObject, .addFlowtable, .addRoute, .addPolicyRule:
      .add
    case .removeTable, .removeChain, .removeRule, .removeSet, .removeElements, .removeObject, .removeFlowtable,
      .removeRoute, .removePolicyRule:
      .remove
    case .changeTable, .changePolicy, .changeObject, .replaceRoute: .change
    }
  }

  package var subject: ChangeRecord.Subject {
    switch self {
    case .addTable, .removeTable, .changeTable: .table
    case .addChain, .removeChain, .changePolicy: .chain
    case .addRule, .removeRule: .rule
    case .addSet, .removeSet: .set
    case .addElements, .removeElements: .elements
    case .addObject, .removeObject, .changeObject: .object
    case .addFlowtable, .removeFlowtable: .flowtable
    case .addRoute, .removeRoute, .replaceRoute: .route
    case .addPolicyRule, .removePolicyRule: .policyRule
    }
  }

  /// nil for routes and policy rules.
  package var tableID: TableID? {
    switch self {
    case .addTable(let table), .removeTable(let table), .changeTable(_, let table): table.id
    case .addChain(let id, _), .removeChain(let id, _), .changePolicy(let id, _, _, _), .addRule(let id, _, _, _),
      .removeRule(let id, _, _), .addSet(let id, _), .removeSet(let id, _), .addElements(let id, _, _),
      .removeElements(let id, _, _), .addObject(let id, _), .removeObject(let id, _), .changeObject(let id, _, _),
      .addFlowtable(let id, _), .removeFlowtable(let id, _):
      id
    case .addRoute, .removeRoute, .replaceRoute, .addPolicyRule, .removePolicyRule: nil
    }
  }

  /// The place in the spec that asks for it; nil where the spec says nothing any more.
  package var origin: SourceLocation? {
    switch self {
    case .addTable(let table), .changeTable(_, let table): table.origin
    case .addChain(_, let chain): chain.origin
    case .addRule(_, _, let rule, _): rule.origin
    case .addSet(_, let set), .addElements(_, let set, _): set.origin
    case .addObject(_, let object), .changeObject(_, _, let object): object.origin
    case .addFlowtable(_, let flowtable): flowtable.origin
    case .addRoute(let route), .replaceRoute(_, let route): route.origin
    case .addPolicyRule(let rule): rule.origin
    default: nil
    }
  }

  /// For a change of routes: what takes it back; nil for nftables, whose transaction takes itself back.
  package var inverse: Change? {
    switch self {
    case .addRoute(let route): .removeRoute(route)
    case .removeRoute(let route): .addRoute(route)
    case .replaceRoute(let from, let to): .replaceRoute(from: to, to: from)
    case .addPolicyRule(let rule): .removePolicyRule(rule)
    case .removePolicyRule(let rule): .addPolicyRule(rule)
    default: nil
    }
  }
}
