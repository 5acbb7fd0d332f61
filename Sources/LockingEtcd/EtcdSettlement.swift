import EtcdAPI
import Locking

/// What ends a change: the operations of its transaction, and what they hang on.
struct EtcdSettlement: Sendable {
  /// The change as it was found, by the revisions at which its records were written.
  struct Open: Sendable {
    var intent: Int64
    /// 0 if there is none.
    var halt: Int64 = 0
    /// When it was read.
    var revision: Int64 = 0
    /// Of the node's record, 0 if there is none; and what that said.
    var node: Int64 = 0
    var earlier: NodeRecord?
  }

  private let store: EtcdStore
  private let token: UInt64?
  private let intent: String
  private let record: NodeRecord
  private let halt: Operation?
  private let history: [UInt8]?

  init(_ store: EtcdStore, _ record: NodeRecord, halt: HaltRecord?, history: [UInt8]?) throws(LockError) {
    self.store = store
    self.history = history
    self.record = record
    token = record.token
    intent = store.keys.intent(of: record.node)
    self.halt = try halt.map { (halt) throws(LockError) in put(store.keys.halt, try RecordCoding.encode(halt)) }
  }

  private var node: String { store.keys.node(record.node) }

  /// Whether it can be written without a reading, by who knows when the intent was.
  var isBlind: Bool { !record.isUndecided }

  var reading: [Operation] { [get(intent), get(store.keys.halt), get(node)] }

  /// - Parameter response: of a transaction that began with `reading`.
  /// - Returns: nil if the intent is not there, or is of another change.
  func read(_ response: Etcdserverpb_TxnResponse) throws(LockError) -> Open? {
    guard response.responses.count >= 3, let entry = response.responses[0].responseRange.kvs.first else { return nil }
    let intent = try store.record(IntentRecord.self, entry)
    guard intent.token == token else { return nil }
    let halt = response.responses[1].responseRange.kvs.first
    var open = Open(intent: entry.modRevision, halt: halt?.modRevision ?? 0, revision: response.header.revision)
    if record.isUndecided, let earlier = response.responses[2].responseRange.kvs.first {
      open.node = earlier.modRevision
      open.earlier = try store.record(NodeRecord.self, earlier)
    }
    return open
  }

  /// Without an own halt to set, another's may come or go.
  func conditions(_ open: Open, historyKey: String) -> [Etcdserverpb_Compare] {
    [modified(intent, at: open.intent)]
      + (halt == nil ? [] : [modified(store.keys.halt, at: open.halt)])
      + (record.isUndecided ? [modified(node, at: open.node)] : [])
      + (history == nil ? [] : [created(historyKey, at: 0)])
  }

  func writing(_ open: Open, historyKey: String) throws(LockError) -> [Operation] {
    var operations = [put(node, try RecordCoding.encode(record.over(open.earlier))), delete(intent)]
    if let halt, open.halt == 0 { operations.append(halt) }
    if let history { operations += [put(historyKey, history), store.historyCount] }
    return operations
  }
}
