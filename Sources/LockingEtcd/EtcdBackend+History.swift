import EtcdAPI
package import Locking
import Logging
import Synchronization

extension EtcdBackend {
  package func history(limit: Int) async throws(LockError) -> [HistoryEntry] {
    let found = try await told { () async throws(EtcdError) in try await store.history(limit: limit) }
    return found.compactMap { entry in
      let parts = store.name(of: entry).dropFirst(store.keys.history.count).split { $0 == "-" || $0 == "+" }
      guard parts.count == 2, let token = UInt64(parts[0], radix: 16), let number = Int(parts[1]) else { return nil }
      return HistoryEntry(token: token, number: number, record: [UInt8](entry.value))
    }
  }

  /// A new one each time.
  func historyKey(of baton: Baton) -> String {
    let number = grants.withLock { grants in
      defer { grants[baton.token]?.written += 1 }
      return grants[baton.token]?.written ?? 0
    }
    return store.keys.history(token: baton.token, number: number)
  }

  /// - Parameter response: of a transaction that ended with `EtcdStore.historyCount`.
  func trimHistory(_ response: Etcdserverpb_TxnResponse) async {
    let count = Int(response.responses.last?.responseRange.count ?? 0)
    guard count > historyBound else { return }
    let oldest = list(store.keys.history) {
      $0.keysOnly = true
      $0.limit = Int64(count - historyBound)
    }
    do throws(EtcdError) {
      let found = try await store.transact(then: [oldest])
      let names = found.responses.first?.responseRange.kvs.map(store.name) ?? []
      // etcd takes 128 operations in a transaction (its --max-txn-ops).
      _ = try await store.transact(then: names.prefix(100).map(delete))
    } catch {
      // The record is there; the next one that is appended trims again.
      log.debug("the history was not trimmed", metadata: ["error": "\(error)"])
    }
  }
}
