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

extension EtcdView {
  /// Holds while no change has come, and those that there are have their holders at work, in other slots.
  func othersAreAtWork(_ keys: EtcdKeys) -> [Etcdserverpb_Compare] {
    let places = status.intents.compactMap { intent in
      status.queue.first { $0.order == intent.token }.map { created($0.key, at: Int64(bitPattern: $0.order)) }
    }
    return [created(keys.halt, at: 0), unmodified(keys.intents, after: revision)] + places
  }

  /// Holds while what is to be cleared is as it was read.
  func stands(_ resumption: Resumption, _ keys: EtcdKeys) -> [Etcdserverpb_Compare] {
    [modified(keys.halt, at: halt)]
      + resumption.abandoned.map { modified(keys.intent(of: $0.node), at: intents[$0.node] ?? 0) }
      + resumption.retried.map { modified(keys.node($0.node), at: nodes[$0.node] ?? 0) }
  }

  /// Holds while this change is the one that was read, and there is no halt; nil if it is settled, or its holder is
  /// there.
  func isVanished(_ intent: IntentRecord, _ keys: EtcdKeys) -> [Etcdserverpb_Compare]? {
    guard status.halt == nil, status.intents.contains(intent), status.isOrphaned(intent),
      let revision = intents[intent.node]
    else { return nil }
    return [modified(keys.intent(of: intent.node), at: revision), created(keys.halt, at: 0)]
  }
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
