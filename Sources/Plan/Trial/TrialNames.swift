import Model

/// What the parts of a trial are called: everything that begins with `nb`, the trial's number and `_` is its own.
///
/// The number is part of every name, so that a confirmation that was held up never confirms the trial after its own.
struct TrialNames: Hashable {
  /// The token of the baton under which the trial was armed.
  let number: UInt64

  var prefix: String { "nb\(number)_" }
  /// The set with the element that times out.
  var armed: String { prefix + "armed" }
  /// The set that gets its element when the trial is confirmed.
  var kept: String { prefix + "kept" }
  /// A chain that is hooked nowhere, whose rules say what came and what goes with the trial.
  var notes: String { prefix + "notes" }

  /// The name under which the new generation of a chain, set or object stands.
  func copy(of name: String) -> String { prefix + name }

  /// A chain between the guards and the new rules, where the policy is another one: it ends in the new policy.
  func entry(of chain: String) -> String { prefix + chain + "_e" }

  /// What `name` is the new generation of; nil if it is no part of the trial.
  func original(of name: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }

  /// Whether a name could be taken for a trial's.
  static func isReserved(_ name: String) -> Bool { number(in: name) != nil }

  static func number(in name: String) -> UInt64? {
    guard name.hasPrefix("nb"), let end = name.firstIndex(of: "_") else { return nil }
    return UInt64(name[name.index(name.startIndex, offsetBy: 2)..<end])
  }

  /// The trials whose parts are in a table, ascending.
  static func found(in table: Table) -> [TrialNames] {
    let sets = Swift.Set(table.sets.map(\.name))
    let numbers = table.chains.compactMap { chain in
      number(in: chain.name).flatMap { chain.name == TrialNames(number: $0).notes ? $0 : nil }
    }
    return numbers.sorted().map(TrialNames.init).filter { sets.contains($0.armed) && sets.contains($0.kept) }
  }
}
