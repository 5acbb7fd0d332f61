/// A group as its store has it, read in one piece.
package struct LockStatus: Hashable, Sendable {
  /// In the order in which they asked.
  package var queue: [QueueEntry]
  package var halt: HaltRecord?
  package var intents: [IntentRecord]
  /// By node name. What has failed on one of them is tried on none (see `failed`); empty where that was not asked for.
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
    return obstacleToChange(by: entry)
  }

  /// What keeps one who holds the baton from beginning a change.
  package func obstacleToChange(by entry: QueueEntry) -> LockObstacle? {
    if let halt { return .halted(halt) }
    let found = intents.filter { intent in
      // What an earlier process of this node left is its own to settle; but two at a time cannot change one node.
      guard intent.node != entry.record.holder.node else { return intent.token != entry.order && !isOrphaned(intent) }
      // Who holds another slot is at work, which is as it should be.
      return entry.record.slots == 1 || isOrphaned(intent)
    }
    return found.isEmpty ? nil : .intents(found)
  }

  /// Whether the grant under which a change was begun is over while the change is not.
  package func isOrphaned(_ intent: IntentRecord) -> Bool { !queue.contains { $0.order == intent.token } }

  /// The record of a node on which this generation failed, and was not allowed to be tried again since.
  package func failed(generation: String) -> NodeRecord? {
    nodes.first { $0.generation == generation && $0.hasFailed }
  }

  /// What a resumption would change now.
  package func resumption(_ request: ResumeRequest) -> Resumption {
    let orphaned = intents.filter(isOrphaned)
    let abandoned = orphaned.filter { request.abandon.contains($0.node) }
    let retried = request.retry ? nodes.filter(\.hasFailed) : []
    return Resumption(
      halt: halt, abandoned: abandoned,
      failed: request.retry ? [] : abandoned.map(NodeRecord.init(failed:)),
      retried: retried.map { node in
        var node = node
        node.outcome = NodeRecord.retry
        return node
      },
      standing: orphaned.filter { !request.abandon.contains($0.node) })
  }
}
