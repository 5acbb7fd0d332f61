/// A group as its store has it, read in one piece.
package struct LockStatus: Hashable, Sendable {
  /// In the order in which they asked.
  package var queue: [QueueEntry]
  package var halt: HaltRecord?
  package var intents: [IntentRecord]
  /// By node name; read for people only.
  package var nodes: [NodeRecord]
  /// How the last place that was given back ended.
  package var last: LastRecord?

  package init(
    queue: [QueueEntry] = [], halt: HaltRecord? = nil, intents: [IntentRecord] = [], nodes: [NodeRecord] = [],
    last: LastRecord? = nil
  ) {
    self.queue = queue
    self.halt = halt
    self.intents = intents
    self.nodes = nodes
    self.last = last
  }

  package var holders: [QueueEntry] {
    queue.enumerated().filter { index, entry in isHolder(entry, at: index) }.map(\.element)
  }

  /// In order.
  package var waiters: [QueueEntry] {
    queue.enumerated().filter { index, entry in !isHolder(entry, at: index) }.map(\.element)
  }

  private func isHolder(_ entry: QueueEntry, at index: Int) -> Bool {
    // A halt does not take the baton from whoever had it before.
    entry.record.granted != nil || obstacle(toPlace: index, of: entry) == nil
  }

  /// What keeps the one at a place of the queue from holding the baton.
  package func obstacle(toPlace index: Int, of entry: QueueEntry) -> LockObstacle? {
    let slots = entry.record.slots
    if index >= slots {
      return .held(by: Array(queue[..<slots]), waitersBefore: index - slots)
    }
    if let halt { return .halted(halt) }
    let foreign = intents.filter { $0.node != entry.record.holder.node }
    return foreign.isEmpty ? nil : .intents(foreign)
  }
}
