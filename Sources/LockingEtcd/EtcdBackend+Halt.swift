import EtcdAPI
package import Locking

extension EtcdBackend {
  package func halt(_ record: HaltRecord, history: [UInt8]?) async throws(LockError) -> HaltRecord {
    let (keys, bytes) = (store.keys, try RecordCoding.encode(record))
    for number in 0..<EtcdBackend.tries {
      let found = try await told { () async throws(EtcdError) in try await store.transact(then: [get(keys.halt)]) }
      if let entry = found.responses.first?.responseRange.kvs.first {
        return try RecordCoding.decode(HaltRecord.self, from: entry.value, named: "\(location): key \(keys.halt)")
      }
      var conditions = [created(keys.halt, at: 0)]
      var operations = [LockingEtcd.put(keys.halt, bytes)]
      if let history {
        let key = keys.history(revision: found.header.revision, number: number)
        conditions.append(created(key, at: 0))
        operations += [LockingEtcd.put(key, history), store.historyCount]
      }
      let (wanted, all) = (conditions, operations)
      let response = try await told { () async throws(EtcdError) in try await store.transact(if: wanted, then: all) }
      guard response.succeeded else { continue }
      if history != nil { await trimHistory(response) }
      return record
    }
    throw tooBusy
  }

  package func resume(
    _ request: ResumeRequest, history: @Sendable (Resumption) throws(LockError) -> [UInt8]
  ) async throws(LockError) -> Resumption {
    let keys = store.keys
    for number in 0..<EtcdBackend.tries {
      let view = try store.readView(
        of: try await told { () async throws(EtcdError) in try await store.readView(withNodes: true) })
      let resumption = view.status.resumption(request)
      guard !resumption.isEmpty else { return resumption }
      let key = keys.history(revision: view.revision, number: number)
      let conditions = view.stands(resumption, keys) + [created(key, at: 0)]
      var operations = [delete(keys.halt), LockingEtcd.put(key, try history(resumption))]
      operations += resumption.abandoned.map { delete(keys.intent(of: $0.node)) }
      for node in resumption.retried + resumption.failed {
        operations.append(LockingEtcd.put(keys.node(node.node), try RecordCoding.encode(node)))
      }
      let all = operations + [store.historyCount]
      let response = try await told { () async throws(EtcdError) in try await store.transact(if: conditions, then: all)
      }
      guard response.succeeded else { continue }
      await trimHistory(response)
      return resumption
    }
    throw tooBusy
  }
}
