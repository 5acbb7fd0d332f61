package import Model

/// How trials stand in all tables of a node. With nothing on trial it says the same as the tables themselves.
package struct TrialSituation: Sendable {
  /// As they were before, and will be if nobody confirms.
  package private(set) var old: [Table] = []
  /// As they are on trial, and stay once it is confirmed.
  package private(set) var new: [Table] = []
  /// The new generation of confirmed trials, the old one of all others: what the user is told that there is.
  package private(set) var settled: [Table] = []
  /// By table; those without a trial are left out.
  package private(set) var trials: [TableID: TrialState] = [:]

  /// - Parameter tables: as the kernel has them, own and foreign.
  package init(_ tables: [Table]) {
    for table in tables {
      guard table.isOwn else {
        old.append(table)
        new.append(table)
        settled.append(table)
        continue
      }
      let view = TrialView(table)
      if let table = view.old { old.append(table) }
      if let table = view.new { new.append(table) }
      if let table = view.settled { settled.append(table) }
      trials[table.id] = view.trial
    }
  }

  /// The latest trial as one. A confirmation is for all tables or none, so that one kept table means that it was confirmed;
  /// and it cannot be confirmed any more once one table's element is gone.
  package var trial: TrialState? {
    guard let number = trials.values.map(\.number).max() else { return nil }
    let states = trials.values.filter { $0.number == number }
    guard let first = states.first else { return nil }
    return states.dropFirst().reduce(first) { $0.joined(with: $1) }
  }
}

extension TrialState {
  fileprivate func joined(with other: TrialState) -> TrialState {
    let phase: Phase =
      switch (self.phase, other.phase) {
      case (.kept, _), (_, .kept): .kept
      case (.armed(let left), .armed(let right)): .armed(remaining: min(left, right))
      default: .expired
      }
    return TrialState(number: number, deadline: min(deadline, other.deadline), phase: phase)
  }
}
