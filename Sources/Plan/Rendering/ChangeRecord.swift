import Model

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
    case .addTable(let value), .removeTable(let value): set(wording.lines(of: value))
    case .changeTable(let from, let to): set(wording.lines(of: from), wording.lines(of: to))
    case .addChain(let id, let value), .removeChain(let id, let value):
      name = value.name
      set(wording.lines(of: value, in: id, isOld: isOld))
    case .changePolicy(_, let chain, let from, let to):
      name = chain
      set([wording.text(of: from)], [wording.text(of: to)])
    case .addRule(let id, let chain, let value, let position):
      self.chain = chain
      beforeHandle = position
      set([wording.text(of: value, in: id, isOld: isOld)])
    case .removeRule(let id, let chain, let value):
      self.chain = chain
      handle = value.handle
      set([wording.text(of: value, in: id, isOld: isOld)])
    case .addSet(let id, let value), .removeSet(let id, let value):
      name = value.name
      set(wording.lines(of: value, in: id, isOld: isOld))
    case .addElements(let id, let value, let elements), .removeElements(let id, let value, let elements):
      name = value.name
      set(["{ \(wording.elements(elements, of: value, in: id, isOld: isOld).joined(separator: ", ")) }"])
    case .addObject(let id, let value), .removeObject(let id, let value):
      name = value.name
      set(wording.lines(of: value, in: id, isOld: isOld))
    case .changeObject(let id, let from, let to):
      name = to.name
      set(wording.lines(of: from, in: id, isOld: true), wording.lines(of: to, in: id, isOld: false))
    case .addFlowtable(let id, let value), .removeFlowtable(let id, let value):
      name = value.name
      set(wording.lines(of: value, in: id, isOld: isOld))
    case .addRoute(let route), .removeRoute(let route): set(["\(route)"])
    case .replaceRoute(let from, let to): set(["\(from)"], ["\(to)"])
    case .addPolicyRule(let rule), .removePolicyRule(let rule): set(["\(rule)"])
    }
  }

  private init(action: Action, subject: Subject) {
    self.action = action
    self.subject = subject
  }

  private var isOld: Bool { action == .remove }

  private mutating func set(_ before: [String], _ after: [String]) {
    self.before = before.joined(separator: "\n")
    self.after = after.joined(separator: "\n")
  }

  private mutating func set(_ lines: [String]) {
    let text = lines.joined(separator: "\n")
    if isOld { before = text } else { after = text }
  }
}
