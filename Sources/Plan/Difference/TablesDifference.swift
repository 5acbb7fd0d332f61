import Model

/// All tables of a node: what goes, what comes, what changes.
struct TablesDifference {
  /// Those that go first, then the spec's order.
  private(set) var tables: [TableDifference] = []

  var changes: [Change] { tables.flatMap(\.changes) }

  init(current: [Table], desired: [Table], options: PlanOptions) throws(PlanError) {
    var there: [TableID: Table] = [:]
    for table in current { there[table.id] = table }
    var wanted: [TableID: Table] = [:]
    for table in desired {
      if table.id == Plan.recordTable { throw .reservedTable(table.id, origin: table.origin) }
      if let other = wanted.updateValue(table, forKey: table.id) {
        throw .tableTwice(table.id, origin: table.origin, other: other.origin)
      }
    }
    for table in current where table.isOwn && table.id != Plan.recordTable && wanted[table.id] == nil {
      tables.append(TableDifference(removing: table))
    }
    for table in desired { tables.append(try TablesDifference.difference(there[table.id], table, options)) }
  }

  private static func difference(
    _ current: Table?, _ desired: Table, _ options: PlanOptions
  ) throws(PlanError) -> TableDifference {
    guard let current else { return TableDifference(adding: desired) }
    if current.isOwn { return TableDifference(from: current, to: desired) }
    guard options.adopt.contains(desired.id) else { throw .foreignTable(desired.id, origin: desired.origin) }
    return TableDifference(adding: desired, replacing: current)
  }
}
