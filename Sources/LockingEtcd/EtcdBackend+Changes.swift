import EtcdAPI
package import Locking
import Synchronization

/// A change's beginning and end. Each is one transaction; who loses the race with another reads what that one did,
/// and tries again on it.
extension EtcdBackend {
  package func put(_ intent: IntentRecord, again: Bool, with baton: Baton) async throws(LockError) {
    let (keys, record) = (store.keys, try RecordCoding.encode(intent))
    // Alone, as with one slot it must be: one round trip.
    var others = [created(keys.halt, at: 0), none(keys.intents)]
    // A request that is repeated may arrive twice, the second time when the change has been settled. That puts the node's
    // record, which nobody had put since this grant. Another node's may tell that the generation has failed.
    var known = Int64(bitPattern: baton.token)
    for _ in 0..<EtcdBackend.tries {
      let nodes = again ? unmodified(key: keys.node(intent.node), after: known) : unmodified(keys.nodes, after: known)
      let mine = [try condition(of: baton), nodes]
      let conditions = others
      let response = try await told { () async throws(EtcdError) in
        try await store.transact(
          if: mine + conditions, then: [LockingEtcd.put(keys.intent(of: intent.node), record)],
          else: store.view + [list(keys.nodes)])
      }
      if response.succeeded {
        grants.withLock { $0[baton.token]?.intent = response.header.revision }
        return
      }
      let view = try store.readView(of: response)
      guard let own = view.status.queue.first(where: { $0.order == baton.token }) else { throw lost(baton) }
      if let obstacle = view.status.obstacleToChange(by: own) { throw .obstructed(obstacle) }
      if !again, let failed = view.status.failed(generation: intent.generation) { throw .obstructed(.failed(failed)) }
      others = view.othersAreAtWork(keys)
      known = view.revision
    }
    throw tooBusy
  }

  package func settle(
    _ record: NodeRecord, halt: HaltRecord?, history: [UInt8]?, with baton: Baton?
  ) async throws(LockError) -> Bool {
    let settlement = try EtcdSettlement(store, record, halt: halt, history: history)
    // One round trip where this process has put the intent itself, and what it says stands alone; else it is read first.
    var open = baton.flatMap { baton in
      baton.token == record.token && settlement.isBlind ? grants.withLock { $0[baton.token]?.intent } : nil
    }.map { EtcdSettlement.Open(intent: $0) }
    if open == nil {
      let found = try await told { () async throws(EtcdError) in try await store.transact(then: settlement.reading) }
      open = try settlement.read(found)
    }
    let historyKey = baton.map(historyKey)
    for number in 0..<EtcdBackend.tries {
      guard let now = open else { return false }
      let key = historyKey ?? store.keys.history(revision: now.revision, number: number)
      let mine = try baton.map { (baton) throws(LockError) in try condition(of: baton) }
      let writing = try settlement.writing(now, historyKey: key)
      let response = try await told { () async throws(EtcdError) in
        try await store.transact(
          if: settlement.conditions(now, historyKey: key) + (mine.map { [$0] } ?? []),
          then: writing, else: settlement.reading + place(of: baton))
      }
      if response.succeeded {
        if history != nil { await trimHistory(response) }
        return true
      }
      if let baton, response.responses.last?.responseRange.kvs.first?.createRevision != Int64(bitPattern: baton.token) {
        throw lost(baton)
      }
      open = try settlement.read(response)
    }
    throw tooBusy
  }

  private func place(of baton: Baton?) -> [Operation] {
    baton.flatMap { baton in grants.withLock { $0[baton.token]?.key } }.map { [get($0)] } ?? []
  }

  static let tries = 20

  var tooBusy: LockError {
    .unavailable(store: location, detail: "others change the group's records all the time; nothing was written")
  }
}
