import EtcdAPI
import GRPCCore
import SwiftProtobuf
import Locking

/// The group's steps, each one transaction. Every one may be repeated: a second time it does nothing more.
struct EtcdStore: Sendable {
  let client: EtcdClient
  let keys: EtcdKeys

  // MARK: - Places

  /// - Parameter id: chosen by the caller, so that a repeated call is not another lease.
  /// - Returns: when it was asked for, and no later: what its time to live counts from.
  func grantLease(_ id: Int64, timeToLive: Duration) async throws(EtcdError) -> ContinuousClock.Instant {
    let first = ContinuousClock.now
    let request = Etcdserverpb_LeaseGrantRequest.with {
      $0.id = id
      $0.ttl = timeToLive.components.seconds
    }
    do throws(EtcdError) {
      return try await client.call { call in
        let asked = ContinuousClock.now
        _ = try await Etcdserverpb_Lease.Client(wrapping: call.client)
          .leaseGrant(request, metadata: call.metadata, options: call.options)
        return asked
      }
    } catch .leaseExists {
      // An earlier try whose answer was lost.
      return first
    }
  }

  func revokeLease(_ id: Int64) async throws(EtcdError) {
    do throws(EtcdError) {
      _ = try await client.call { call in
        try await Etcdserverpb_Lease.Client(wrapping: call.client)
          .leaseRevoke(.with { $0.id = id }, metadata: call.metadata, options: call.options)
      }
    } catch .leaseGone {
      // What was wanted.
    }
  }

  /// Takes a place, if there is none under this lease, and tells how the group looks with it.
  func takePlace(_ key: String, _ record: [UInt8], lease: Int64) async throws(EtcdError) -> Etcdserverpb_TxnResponse {
    try await transact(
      if: [created(key, at: 0)], then: [put(key, record, lease: lease)] + view, else: view)
  }

  /// - Returns: whether the place was still the grant's.
  @discardableResult
  func leave(_ key: String, order: UInt64, _ last: [UInt8]) async throws(EtcdError) -> Bool {
    try await transact(
      if: [created(key, at: Int64(bitPattern: order))], then: [delete(key), put(keys.last, last)],
      patience: .seconds(5)
    ).succeeded
  }

  // MARK: - Reading

  /// The parts of `status(from:)`, in its order.
  var view: [Operation] {
    [
      list(keys.queue) {
        $0.sortTarget = .create
        $0.sortOrder = .ascend
      },
      list(keys.intents), get(keys.halt), get(keys.last),
    ]
  }

  func readView(withNodes: Bool = false) async throws(EtcdError) -> Etcdserverpb_TxnResponse {
    try await transact(then: view + (withNodes ? [list(keys.nodes)] : []))
  }

  /// Reads what `view` has asked for; an answer may begin with that of a put.
  func status(from response: Etcdserverpb_TxnResponse) throws(LockError) -> LockStatus {
    let ranges = response.responses.compactMap { response -> Etcdserverpb_RangeResponse? in
      guard case .responseRange(let range) = response.response else { return nil }
      return range
    }
    guard ranges.count >= 4 else {
      throw .badRecord(what: client.settings.location, detail: "etcd's answer has \(ranges.count) parts")
    }
    var status = LockStatus()
    for entry in ranges[0].kvs {
      status.queue.append(
        QueueEntry(
          key: name(of: entry), order: UInt64(bitPattern: entry.createRevision),
          record: try record(QueueRecord.self, entry)))
    }
    status.intents = try records(IntentRecord.self, ranges[1])
    status.halt = try records(HaltRecord.self, ranges[2]).first
    status.last = try records(LastRecord.self, ranges[3]).first
    if ranges.count > 4 { status.nodes = try records(NodeRecord.self, ranges[4]) }
    return status
  }

  private func records<Record: Decodable>(
    _ type: Record.Type, _ range: Etcdserverpb_RangeResponse
  ) throws(LockError) -> [Record] {
    var found: [Record] = []
    for entry in range.kvs { found.append(try record(type, entry)) }
    return found
  }

  func record<Record: Decodable>(
    _ type: Record.Type, _ entry: Mvccpb_KeyValue
  ) throws(LockError) -> Record {
    try RecordCoding.decode(type, from: entry.value, named: "\(client.settings.location): key \(name(of: entry))")
  }

  func name(of entry: Mvccpb_KeyValue) -> String { String(decoding: entry.key, as: UTF8.self) }

  var historyCount: Operation { list(keys.history) { $0.countOnly = true } }

  /// Newest first.
  func history(limit: Int) async throws(EtcdError) -> [Mvccpb_KeyValue] {
    var found: [Mvccpb_KeyValue] = []
    var end = end(ofPrefix: keys.history)
    while found.count < limit {
      let (page, before) = (min(100, limit - found.count), end)
      let request = list(keys.history) {
        $0.rangeEnd = before
        $0.limit = Int64(page)
        $0.sortTarget = .key
        $0.sortOrder = .descend
      }
      let response = try await transact(then: [request])
      let entries = response.responses.first?.responseRange.kvs ?? []
      found += entries
      guard let oldest = entries.last, entries.count == page else { break }
      end = oldest.key
    }
    return found
  }

  // MARK: -

  func transact(
    if conditions: [Etcdserverpb_Compare] = [], then success: [Operation], else failure: [Operation] = [],
    patience: Duration = .seconds(2)
  ) async throws(EtcdError) -> Etcdserverpb_TxnResponse {
    let request = Etcdserverpb_TxnRequest.with {
      $0.compare = conditions
      $0.success = success
      $0.failure = failure
    }
    return try await client.call(patience: patience) { call in
      try await Etcdserverpb_KV.Client(wrapping: call.client)
        .txn(request, metadata: call.metadata, options: call.options)
    }
  }

  func serverVersion() async throws(EtcdError) -> String {
    try await client.call { call in
      try await Etcdserverpb_Maintenance.Client(wrapping: call.client)
        .status(Etcdserverpb_StatusRequest(), metadata: call.metadata, options: call.options)
    }.version
  }
}
