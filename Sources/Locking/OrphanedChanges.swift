/// Changes of others that somebody who is next has found without their holders.
///
/// Each is waited for as long as its bound says, counted from when it was first seen so.
struct OrphanedChanges: Hashable, Sendable {
  private struct Entry: Hashable, Sendable {
    var number: Int
    var node: String
    var token: UInt64
    var isOver = false

    func isOf(_ intent: IntentRecord) -> Bool { node == intent.node && token == intent.token }
  }

  private var entries: [Entry] = []
  private var count = 0

  /// - Parameter intents: all that stand now. None also while the group is halted: after it, the count starts anew.
  /// - Returns: those that were not seen before.
  mutating func see(_ intents: [IntentRecord]) -> [(number: Int, bound: Duration)] {
    entries.removeAll { entry in !intents.contains(where: entry.isOf) }
    var new: [(number: Int, bound: Duration)] = []
    for intent in intents where !entries.contains(where: { $0.isOf(intent) }) {
      count += 1
      entries.append(Entry(number: count, node: intent.node, token: intent.token))
      new.append((count, .seconds(max(0, intent.bound))))
    }
    return new
  }

  mutating func end(_ number: Int) {
    if let index = entries.firstIndex(where: { $0.number == number }) { entries[index].isOver = true }
  }

  func overdue(among intents: [IntentRecord]) -> IntentRecord? {
    intents.first { intent in entries.contains { $0.isOver && $0.isOf(intent) } }
  }
}
