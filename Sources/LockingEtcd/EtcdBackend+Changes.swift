import EtcdAPI
package import Locking
import Synchronization

/// A change's beginning and end. Each is one transaction; who loses the race with another reads what that one did,
/// and tries again on it.
extension EtcdBackend {
  package func put(_ intent: IntentRecord, with baton: Baton) async throws(LockError) {
    let (keys, record) = (store.keys, try RecordCoding.encode(intent))
    // Alone, as with one slot it must be: one round trip.
    var others = [created(keys.halt, at: 0), none(keys.intents)]
    for _ in 0..<EtcdBackend.tries {
      let (conditions, mine) = (others, try condition(of: baton))
      let response = try await told { () async throws(EtcdError) in
        try await store.transact(
          if: [mine] + conditions, then: [LockingEtcd.put(keys.intent(of: intent.node), record)], else: store.view)
      }
      if response.succeeded {
        grants.withLock { $0[baton.token]?.intent = response.header.revision }
        return
      }
      let view = try store.readView(of: response)
      guard let own = view.status.queue.first(where: { $0.order == baton.token }) else { throw lost(baton) }
      if let obstacle = view.status.obstacleToChange(by: own) { throw .obstructed(obstacle) }
      // Those who are there are at work in other slots: that must still be so, and nobody may have come.
      others = [created(keys.halt, at: 0), unmodified(keys.intents, after: view.revision)]
      for intent in view.status.intents {
        guard let place = view.status.queue.first(where: { $0.order == intent.token }) else { continue }
        others.append(created(place.key, at: Int64(bitPattern: place.order)))
      }
    }
    throw tooBusy
  }

  package func settle(
    _ record: NodeRecord, halt: HaltRecord?, history: [UInt8]?, with baton: Baton?
  ) async throws(LockError) -> Bool {
    let keys = store.keys
    let node = LockingEtcd.put(keys.node(record.node), try RecordCoding.encode(record))
    let haltPut = try halt.map { (halt) throws(LockError) in LockingEtcd.put(keys.halt, try RecordCoding.encode(halt)) }
    let historyOfGrant = baton.map(historyKey)
    // With a baton whose intent this process has put, one round trip; else it is read first.
    let known = baton.flatMap { baton in grants.withLock { $0[baton.token]?.intent } }
    var change: OpenChange
    if let known, baton?.token == record.token {
      change = OpenChange(intent: known)
    } else {
      let found = try await told { () async throws(EtcdError) in try await store.transact(then: openChange(of: record))
      }
      guard let open = try readOpenChange(found, of: record) else { return false }
      change = open
    }
    for _ in 0..<EtcdBackend.tries {
      var conditions = [modified(keys.intent(of: record.node), at: change.intent)]
      if let baton { conditions.append(try condition(of: baton)) }
      var operations = [node, delete(keys.intent(of: record.node))]
      if let haltPut {
        conditions.append(modified(keys.halt, at: change.halt))
        if change.halt == 0 { operations.append(haltPut) }
      }
      if let history {
        let key = historyOfGrant ?? keys.history(revision: change.intent, number: 0)
        operations += [LockingEtcd.put(key, history), historyCount]
      }
      let (all, wanted) = (operations, conditions)
      let response = try await told { () async throws(EtcdError) in
        try await store.transact(if: wanted, then: all, else: openChange(of: record) + place(of: baton))
      }
      if response.succeeded {
        if history != nil { await trimHistory(response) }
        return true
      }
      if let baton, response.responses.last?.responseRange.kvs.first?.createRevision != Int64(bitPattern: baton.token) {
        throw lost(baton)
      }
      guard let open = try readOpenChange(response, of: record) else { return false }
      change = open
    }
    throw tooBusy
  }

  private struct OpenChange {
    var intent: Int64
    /// 0 if there is none.
    var halt: Int64 = 0
  }

  private func openChange(of record: NodeRecord) -> [Operation] {
    [get(store.keys.intent(of: record.node)), get(store.keys.halt)]
  }

  private func place(of baton: Baton?) -> [Operation] {
    baton.flatMap { baton in grants.withLock { $0[baton.token]?.key } }.map { [get($0)] } ?? []
  }

  /// - Returns: nil if the intent is not there, or is another's.
  private func readOpenChange(
    _ response: Etcdserverpb_TxnResponse, of record: NodeRecord
  ) throws(LockError) -> OpenChange? {
    guard response.responses.count >= 2, let entry = response.responses[0].responseRange.kvs.first else { return nil }
    let intent = try RecordCoding.decode(
      IntentRecord.self, from: entry.value, named: "\(location): key \(store.name(of: entry))")
    guard intent.token == record.token else { return nil }
    return OpenChange(
      intent: entry.modRevision, halt: response.responses[1].responseRange.kvs.first?.modRevision ?? 0)
  }

  static let tries = 20

  var tooBusy: LockError {
    .unavailable(store: location, detail: "others change the group's records all the time; nothing was written")
  }
}
