package import Model

/// How changes of nftables are made so that the kernel takes them back by itself unless they are confirmed in time.
///
/// Each table is tried as a whole or not at all. What cannot be tried is left to be made in place.
package struct TrialPlan: Sendable {
  /// A change, and why it cannot be tried; nil if it can.
  package struct Item: Hashable, Sendable {
    package var change: Change
    package var obstacle: TrialObstacle?
  }

  private struct Pair: Sendable {
    var id: TableID
    var old: Table?
    var trial: TrialTable
  }

  /// The token of the baton under which it is armed: part of all names.
  package let number: UInt64
  /// Every change, in the plan's order.
  package let items: [Item]
  private var pairs: [Pair] = []

  /// - Parameters:
  ///   - number: never that of another trial of this node, or a confirmation that was held up could be for either.
  ///   - current: the tables as the kernel has them, with handles.
  ///   - desired: the tables as they should be.
  ///   - changes: the planned nftables changes from the one to the other.
  package init(
    number: UInt64, current: [Table], desired: [Table], changes: [Change], limits: TrialLimits = TrialLimits()
  ) {
    self.number = number
    var byTable: [TableID: [Change]] = [:]
    for change in changes { if let id = change.tableID { byTable[id, default: []].append(change) } }
    let old = Dictionary(current.map { ($0.id, $0) }) { first, _ in first }
    let new = Dictionary(desired.map { ($0.id, $0) }) { first, _ in first }
    var own: [Change: TrialObstacle] = [:]
    var whole: [TableID: TrialObstacle] = [:]
    for (id, changes) in byTable {
      for change in changes { own[change] = TrialObstacles.obstacle(to: change, among: changes) }
      if changes.contains(where: { own[$0] != nil }) {
        whole[id] = .other(id)
        continue
      }
      let names = TrialNames(number: number)
      let trial = TrialTable(old: old[id], new: new[id], id: id, names: names, limits: limits)
      whole[id] = TrialObstacles(
        names: names, old: old[id], new: new[id], trial: trial.table(until: 0), limits: limits
      ).ofTable()
      if whole[id] == nil { pairs.append(Pair(id: id, old: old[id], trial: trial)) }
    }
    pairs.sort { $0.id < $1.id }
    items = changes.map { change in
      Item(change: change, obstacle: own[change] ?? change.tableID.flatMap { whole[$0] })
    }
  }

  /// The tables that are tried.
  package var tables: [TableID] { pairs.map(\.id) }

  /// What keeps tables from being tried, each once; that a table changes as a whole says nothing beside it.
  package var obstacles: [(table: TableID, obstacle: TrialObstacle)] {
    var seen: Swift.Set<TrialObstacle> = []
    return items.compactMap { item in
      guard let obstacle = item.obstacle, let id = item.change.tableID, obstacle != .other(id) else { return nil }
      return seen.insert(obstacle).inserted ? (id, obstacle) : nil
    }
  }

  /// What has to be made in place.
  package var inPlace: [Change] { items.filter { $0.obstacle != nil }.map(\.change) }

  /// Sets the new generation in effect, beside the old one; one transaction, from the generation that was planned from.
  ///
  /// The elements stand last and side by side, so that all tables change and expire at about the same moment: with
  /// 10,000 rules between them they were some 100 ms apart.
  /// - Parameters:
  ///   - deadline: nanoseconds since 1970, from when on the clock ends the trial.
  ///   - timeout: milliseconds after which the element that keeps it in effect is gone.
  package func arm(deadline: UInt64, timeout: UInt64) -> [Change] {
    let changes = pairs.flatMap { pair in
      let trial = pair.trial.table(until: deadline)
      let difference = pair.old.map { TableDifference(from: $0, to: trial) } ?? TableDifference(adding: trial)
      return difference.changes
    }
    let armed = TrialGuard(names: TrialNames(number: number)).armed
    return changes + pairs.map { .addElements($0.id, set: armed, [TrialGuard.element(timeout: timeout)]) }
  }
}

/// What is done to a trial that is in the kernel; each is one transaction.
package enum Trial {
  /// The sets whose elements say how a trial stands: the one has one until it ends, the other from when it is confirmed.
  package static func sets(of number: UInt64) -> (armed: String, kept: String) {
    let names = TrialNames(number: number)
    return (names.armed, names.kept)
  }

  /// Makes the new generation stay. If the kernel refuses a removal with `ENOENT`, the trial was over already.
  ///
  /// To be sent as it is and not compared with a generation: the names say which trial is meant, and a batch of so few
  /// messages meets its deadline (measured, the last success was 2 ms before it and the first refusal 1 ms before it).
  package static func confirm(_ number: UInt64, tables: [TableID]) -> [Change] {
    let guards = TrialGuard(names: TrialNames(number: number))
    return tables.flatMap { id in
      [
        Change.removeElements(id, set: guards.armed, [TrialGuard.element]),
        .addElements(id, set: guards.kept, [TrialGuard.element]),
      ]
    }
  }

  /// Makes confirmed trials plain: the smallest difference from the old rules to the new ones, and all parts gone.
  ///
  /// A rule that both generations have counted in its copy while the trial ran. It is made again with the sum, if there is
  /// anything to add; every other one stays with its handle.
  /// - Parameter tables: as the kernel has them.
  package static func promote(_ tables: [Table]) -> [Change] {
    settle(tables) { $0.phase == .kept }
  }

  /// Removes what is left of trials that were not confirmed, also of those that still run.
  /// - Parameter tables: as the kernel has them.
  package static func cleanUp(_ tables: [Table]) -> [Change] {
    settle(tables) { $0.phase != .kept }
  }

  /// What marks the connections that began on the trials which `cleanUp` removes; none if nothing was marked.
  package static func witnesses(of tables: [Table]) -> [TrialWitness] {
    let numbers = tables.compactMap { table -> UInt64? in
      guard table.isOwn, let trial = TrialView(table).trial, trial.phase != .kept else { return nil }
      let rules = table.chains.lazy.flatMap(\.rules)
      let guards = TrialGuard(names: TrialNames(number: trial.number))
      return rules.contains { guards.isGuard($0) && TrialWitness.isWitness($0) } ? trial.number : nil
    }
    return Swift.Set(numbers.map(TrialWitness.init)).sorted { $0.bit < $1.bit }
  }

  private static func settle(_ tables: [Table], if isMeant: (TrialState) -> Bool) -> [Change] {
    tables.flatMap { table -> [Change] in
      let view = TrialView(table)
      guard table.isOwn, let trial = view.trial, isMeant(trial) else { return [] }
      guard let rest = view.settled else { return TableDifference(removing: table).changes }
      return TableDifference(from: table, to: rest, sumsCounts: true).changes
    }
  }
}
