import Synchronization
package import SystemPackage

/// `file:PATH`: the baton among the processes of one host. PATH is a folder, made when it is not there.
package final class FileBackend: LockBackend {
  private struct Grant: Sendable {
    var seat: FileSeat
    var attempt: QueueAttempt
    var baton: Baton
    /// Records of the history.
    var written = 0
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

  package func put(_ record: NodeRecord, with baton: Baton?) async throws(LockError) {
    let name = "node/\(try fileName(record.node))"
    try await write(with: baton) { (step) throws(LockError) in try step.put(record, name) }
  }

  package func append(history record: [UInt8], with baton: Baton) async throws(LockError) {
    let number = grants.withLock { grants in
      defer { grants[baton.token]?.written += 1 }
      return grants[baton.token]?.written ?? 0
    }
    let name = "history/\(padded(baton.token, to: 20))-\(padded(UInt64(number), to: 4))"
    try await write(with: baton) { (step) throws(LockError) in
      try step.put(bytes: record, name)
      for old in step.names(in: "history").sorted().dropLast(historyBound) { try step.remove("history/\(old)") }
    }
  }

  package func history(limit: Int) async throws(LockError) -> [HistoryEntry] {
    let root = group.root
    return try await group.alone { (step) throws(LockError) in
      var entries: [HistoryEntry] = []
      for name in step.names(in: "history").sorted().reversed().prefix(limit) {
        let parts = name.split(separator: "-")
        guard parts.count == 2, let token = UInt64(parts[0]), let number = Int(parts[1]) else { continue }
        let bytes = try step.bytes(at: root.appending("history").appending(name))
        entries.append(HistoryEntry(token: token, number: number, record: bytes ?? []))
      }
      return entries
    }
  }

  package func halt(_ record: HaltRecord) async throws(LockError) -> HaltRecord {
    try await group.alone { (step) throws(LockError) in
      if let halt = try step.record(HaltRecord.self, "halt") { return halt }
      try step.put(record, "halt")
      return record
    }
  }

  package func resume() async throws(LockError) -> HaltRecord? {
    try await group.alone { (step) throws(LockError) in
      let halt = try step.record(HaltRecord.self, "halt")
      try step.remove("halt")
      return halt
    }
  }

  package func put(_ intent: IntentRecord, with baton: Baton) async throws(LockError) {
    let name = "intent/\(try fileName(intent.node))"
    try await write(with: baton) { (step) throws(LockError) in try step.put(intent, name) }
  }

  package func clearIntent(of node: String, with baton: Baton?) async throws(LockError) {
    let name = "intent/\(try fileName(node))"
    try await write(with: baton) { (step) throws(LockError) in try step.remove(name) }
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
  private func write(
    with baton: Baton?, _ body: @Sendable (borrowing FileStep) throws(LockError) -> Void
  ) async throws(LockError) {
    try await group.alone { (step) throws(LockError) in
      if let baton {
        do throws(BatonError) { try baton.check() } catch { throw .lost(error) }
        guard try step.has(place: baton.token) else {
          let reason = BatonError.lost("somebody removed its place, token \(baton.token)")
          baton.end(reason)
          throw .lost(reason)
        }
      }
      try body(step)
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
