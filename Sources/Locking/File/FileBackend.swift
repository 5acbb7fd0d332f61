import Synchronization
package import SystemPackage

/// `file:PATH`: the baton among the processes of one host. PATH is a folder, made when it is not there.
package final class FileBackend: LockBackend {
  private struct Grant: Sendable {
    var seat: FileSeat
    var attempt: QueueAttempt
    var baton: Baton
  }

  package let location: String
  private let group: FileGroup
  private let grants = Mutex<[UInt64: Grant]>([:])

  package init(path: FilePath) {
    location = "file:\(path)"
    group = FileGroup(root: path)
  }

  package func acquire(
    _ request: LockRequest, report: @escaping @Sendable (LockEvent) -> Void
  ) async throws(LockError) -> Baton {
    let seat = FileSeat(group: group, request: request)
    let attempt = QueueAttempt(location: location, request: request, seat: seat, report: report)
    let baton = try await attempt.acquire()
    grants.withLock { $0[baton.token] = Grant(seat: seat, attempt: attempt, baton: baton) }
    return baton
  }

  package func release(_ baton: Baton) async throws(LockError) {
    baton.end(.released)
    guard let grant = grants.withLock({ $0[baton.token] }) else { return }
    try await grant.seat.leave()
    await grant.attempt.finish(released: baton.token)
    _ = grants.withLock { $0.removeValue(forKey: baton.token) }
  }

  package func status() async throws(LockError) -> LockStatus {
    try await group.alone { (step) throws(LockError) in
      var status = try step.status()
      status.nodes = try step.records(NodeRecord.self, in: "node")
      return status
    }
  }

  package func probe() async throws(LockError) {
    try await group.alone { (step) throws(LockError) in _ = try step.record(HaltRecord.self, "halt") }
  }

  package func put(_ record: NodeRecord, with baton: Baton?) async throws(LockError) {
    let name = "node/\(try fileName(record.node))"
    try await write(with: baton) { (step) throws(LockError) in try step.put(record, name) }
  }

  package func history(limit: Int) async throws(LockError) -> [HistoryEntry] {
    try await group.alone { (step) throws(LockError) in try step.history(limit: limit) }
  }

  package func halt(_ record: HaltRecord, history: [UInt8]?) async throws(LockError) -> HaltRecord {
    try await group.alone { (step) throws(LockError) in
      if let halt = try step.record(HaltRecord.self, "halt") { return halt }
      try step.put(record, "halt")
      if let history { try step.append(history: history) }
      return record
    }
  }

  package func resume(
    _ request: ResumeRequest, history: @Sendable (Resumption) throws(LockError) -> [UInt8]
  ) async throws(LockError) -> Resumption {
    try await group.alone { (step) throws(LockError) in
      var status = try step.status()
      status.nodes = try step.records(NodeRecord.self, in: "node")
      let resumption = status.resumption(request)
      guard !resumption.isEmpty else { return resumption }
      try step.append(history: history(resumption))
      for node in resumption.retried + resumption.failed { try step.put(node, "node/\(node.node)") }
      for intent in resumption.abandoned { try step.remove("intent/\(intent.node)") }
      try step.remove("halt")
      return resumption
    }
  }

  package func put(_ intent: IntentRecord, again: Bool, with baton: Baton) async throws(LockError) {
    let name = "intent/\(try fileName(intent.node))"
    try await write(with: baton) { (step) throws(LockError) in
      var status = try step.status()
      if let own = status.queue.first(where: { $0.order == baton.token }),
        let obstacle = status.obstacleToChange(by: own)
      {
        throw .obstructed(obstacle)
      }
      if !again {
        status.nodes = try step.records(NodeRecord.self, in: "node")
        if let failed = status.failed(generation: intent.generation) { throw .obstructed(.failed(failed)) }
      }
      try step.put(intent, name)
    }
  }

  package func settle(
    _ record: NodeRecord, halt: HaltRecord?, history: [UInt8]?, with baton: Baton?
  ) async throws(LockError) -> Bool {
    let node = try fileName(record.node)
    return try await write(with: baton) { (step) throws(LockError) in
      guard let intent = try step.record(IntentRecord.self, "intent/\(node)"), intent.token == record.token else {
        return false
      }
      let earlier = record.isUndecided ? try step.record(NodeRecord.self, "node/\(node)") : nil
      try step.put(record.over(earlier), "node/\(node)")
      if let halt, try step.record(HaltRecord.self, "halt") == nil { try step.put(halt, "halt") }
      if let history { try step.append(history: history, order: baton?.token) }
      // Last: a crash before it leaves a change that can be settled again.
      try step.remove("intent/\(node)")
      return true
    }
  }

  package func close() async {
    let open = grants.withLock { grants in
      defer { grants = [:] }
      return Array(grants.values)
    }
    for grant in open {
      grant.baton.end(.lost("its lock file was closed"))
      grant.seat.abandon()
      await grant.attempt.finish()
    }
  }

  /// A write in a grant's name happens only while its place stands.
  private func write<Value: Sendable>(
    with baton: Baton?, _ body: @Sendable (borrowing FileStep) throws(LockError) -> Value
  ) async throws(LockError) -> Value {
    try await group.alone { (step) throws(LockError) in
      if let baton {
        do throws(BatonError) { try baton.check() } catch { throw .lost(error) }
        guard try step.has(place: baton.token) else {
          let reason = BatonError.lost("somebody removed its place, token \(baton.token)")
          baton.end(reason)
          throw .lost(reason)
        }
      }
      return try body(step)
    }
  }

  /// Node names are file names here.
  private func fileName(_ node: String) throws(LockError) -> String {
    guard !node.isEmpty, !node.hasPrefix("."), !node.contains("/"), node.utf8.count < 256 else {
      throw .misconfigured("\(node.debugDescription) cannot be a node's name: it is empty, too long, or like a path")
    }
    return node
  }
}
