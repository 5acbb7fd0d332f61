import EtcdAPI
import Locking

/// A group with the revisions of what a transaction may compare.
struct EtcdView: Sendable {
  var status: LockStatus
  /// When it was read.
  var revision: Int64
  /// When the halt was written; 0 if there is none.
  var halt: Int64
  /// When each node's intent was written.
  var intents: [String: Int64]
  /// When each node's record was written.
  var nodes: [String: Int64]
}

extension EtcdStore {
  /// Reads what `view` has asked for.
  func readView(of response: Etcdserverpb_TxnResponse) throws(LockError) -> EtcdView {
    var view = EtcdView(
      status: try status(from: response), revision: response.header.revision, halt: 0, intents: [:], nodes: [:])
    for response in response.responses {
      for entry in response.responseRange.kvs {
        let name = name(of: entry)
        if name == keys.halt {
          view.halt = entry.modRevision
        } else if name.hasPrefix(keys.intents) {
          view.intents[String(name.dropFirst(keys.intents.count))] = entry.modRevision
        } else if name.hasPrefix(keys.nodes) {
          view.nodes[String(name.dropFirst(keys.nodes.count))] = entry.modRevision
        }
      }
    }
    return view
  }
}
