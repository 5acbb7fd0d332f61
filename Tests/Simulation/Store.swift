import Locking

/// etcd: one sequence of transactions, and leases that end by its own clock.
struct Store {
  struct Lease {
    var id: Int
    /// In truth.
    var ends: Microseconds
  }

  struct Watch {
    var process: AgentProcess
    var number: Int
    var target: Target
  }

  enum Target: Equatable {
    case place(String)
    case queue
    case obstacles
  }

  /// How an intent came to be written, for the invariants.
  struct IntentLog {
    var token: UInt64
    var revision: Int
    /// Nil if nothing was wrong about it.
    var complaint: String?
  }

  private(set) var revision = 1
  var leases: [Lease] = []
  private(set) var queue: [QueueEntry] = []
  private(set) var intents: [(record: IntentRecord, modified: Int)] = []
  private(set) var halt: (record: HaltRecord, modified: Int)?
  private var nodeRecords: [(record: NodeRecord, modified: Int)] = []
  var nodes: [NodeRecord] { nodeRecords.map(\.record) }
  private(set) var last: LastRecord?
  private(set) var intentLog: [IntentLog] = []
  /// What watches must be told of, since it was last asked for.
  private(set) var touched: [Target] = []
  /// By node, the generation that it failed with, and that nobody has allowed to be tried again since: kept apart from
  /// the records, for what these say is what is looked at.
  private var failures: [String: String] = [:]
  /// Tokens of changes that have ended.
  private var settled: Set<UInt64> = []
  let mutation: Mutation?
  /// Parts in a million by which its clock runs fast.
  let drift: Int

  init(mutation: Mutation?, drift: Int) {
    self.mutation = mutation
    self.drift = drift
  }

  private var term: Microseconds { Cluster.timeToLive - Cluster.timeToLive * drift / 1_000_000 }

  func stands(_ token: UInt64) -> Bool { queue.contains { $0.order == token } }

  mutating func takeTouched() -> [Target] {
    defer { touched.removeAll(keepingCapacity: true) }
    return touched
  }

  var status: LockStatus {
    LockStatus(queue: queue, halt: halt?.record, intents: intents.map(\.record), nodes: nodes, last: last)
  }

  mutating func apply(_ request: StoreRequest, at now: Microseconds) -> StoreReply {
    switch request {
    case .ping: return .done
    case .view: return .status(status, revision: revision)
    case .grantLease(let id):
      guard !leases.contains(where: { $0.id == id }) else { return .leaseExists }
      leases.append(Lease(id: id, ends: now + term))
      return .done
    case .revokeLease(let id):
      return endLease(id) ? .done : .leaseGone
    case .renewLease(let id):
      guard let index = leases.firstIndex(where: { $0.id == id }) else { return .timeToLive(0) }
      leases[index].ends = now + term
      return .timeToLive(Cluster.timeToLive)
    case .takePlace(let lease, let record): return takePlace(lease, record)
    case .leave(let place, let token, let last):
      guard queue.contains(where: { $0.key == place && $0.order == token }) else { return .refused }
      revision += 1
      removePlace(place)
      self.last = last
      return .done
    case .putIntent(let record, let grant, let condition): return putIntent(record, grant, condition)
    case .openChange(let node): return .change(openChange(node), holds: true)
    case .settle(let record, let halt, let grant, let known): return settle(record, halt, grant, known)
    case .halt(let record):
      if halt == nil { set(record) }
      return .done
    case .haltIfStands(let record, let node, let intent):
      guard halt == nil, openChange(node)?.intent == intent else { return .refused }
      set(record)
      return .done
    case .putNode(let record):
      revision += 1
      failures[record.node] = nil
      put(record)
      return .done
    }
  }

  // MARK: - Places

  /// - Returns: whether it was there.
  @discardableResult
  mutating func endLease(_ id: Int) -> Bool {
    guard let index = leases.firstIndex(where: { $0.id == id }) else { return false }
    leases.remove(at: index)
    revision += 1
    removePlace(Store.place(lease: id))
    return true
  }

  static func place(lease: Int) -> String { "queue/\(lease)" }

  private mutating func removePlace(_ key: String) {
    guard let index = queue.firstIndex(where: { $0.key == key }) else { return }
    queue.remove(at: index)
    touched.append(.place(key))
  }

  private mutating func takePlace(_ lease: Int, _ record: QueueRecord) -> StoreReply {
    let key = Store.place(lease: lease)
    guard !queue.contains(where: { $0.key == key }) else { return .status(status, revision: revision) }
    guard leases.contains(where: { $0.id == lease }) else { return .leaseGone }
    revision += 1
    queue.append(QueueEntry(key: key, order: UInt64(revision), record: record))
    return .status(status, revision: revision)
  }

  private func holds(_ grant: StoreRequest.Grant) -> Bool {
    mutation == .tokenCompare || queue.contains { $0.key == grant.place && $0.order == grant.token }
  }

  // MARK: - Changes

  private func openChange(_ node: String) -> OpenChange? {
    guard let intent = intents.first(where: { $0.record.node == node }) else { return nil }
    return OpenChange(intent: intent.modified, token: intent.record.token, halt: halt?.modified ?? 0)
  }

  private mutating func putIntent(
    _ record: IntentRecord, _ grant: StoreRequest.Grant, _ condition: StoreRequest.IntentCondition
  ) -> StoreReply {
    let hasNoHalt = halt == nil || mutation == .haltCheck
    let isFree: Bool
    let known: Int
    switch condition {
    case .alone: (isFree, known) = (intents.isEmpty, Int(grant.token))
    case .beside(let revision, let places):
      (isFree, known) = (intents.allSatisfy { $0.modified <= revision } && places.allSatisfy(holds), revision)
    }
    let isTimely =
      mutation == .settledCompare
      || nodeRecords.allSatisfy { $0.record.node != record.node || $0.modified <= known }
    let isJudged =
      mutation == .failedCompare || mutation == .failedGeneration
      || nodeRecords.allSatisfy { $0.record.node == record.node || $0.modified <= known }
    guard holds(grant), hasNoHalt, isTimely, isJudged, isFree || mutation == .intentCheck else {
      return .status(status, revision: revision)
    }
    note(record)
    revision += 1
    intents.removeAll { $0.record.node == record.node }
    intents.append((record, revision))
    touched.append(.obstacles)
    return .written(revision)
  }

  private mutating func note(_ record: IntentRecord) {
    var complaint: String?
    if settled.contains(record.token) {
      complaint = "its change has been settled already"
    } else if !stands(record.token) {
      complaint = "its grant is not the store's any more"
    } else if let halt {
      complaint = "there is a halt by \(halt.record.who)"
    } else if let other = intents.first(where: { $0.record.node != record.node && !stands($0.record.token) }) {
      complaint = "the change of \(other.record.node) is abandoned, and not settled"
    } else if let own = intents.first(where: { $0.record.node == record.node }), own.record.token != record.token,
      stands(own.record.token)
    {
      complaint = "another process of \(record.node) has one, token \(own.record.token)"
    } else if failures.values.contains(record.generation) {
      complaint = "its generation \(record.generation) has failed before"
    }
    intentLog.append(IntentLog(token: record.token, revision: revision + 1, complaint: complaint))
  }

  private mutating func settle(
    _ record: NodeRecord, _ halt: HaltRecord?, _ grant: StoreRequest.Grant?, _ known: OpenChange
  ) -> StoreReply {
    let found = openChange(record.node)
    let isHeld = grant.map(holds) ?? true
    let isHaltKnown = halt == nil || known.halt == (self.halt?.modified ?? 0)
    guard found?.intent == known.intent, isHeld, isHaltKnown else { return .change(found, holds: isHeld) }
    revision += 1
    put(record)
    // Only what has failed stops the fleet.
    failures[record.node] = halt.map { _ in record.generation }
    settled.insert(known.token)
    intents.removeAll { $0.record.node == record.node }
    if let halt, self.halt == nil { self.halt = (halt, revision) }
    touched.append(.obstacles)
    return .done
  }

  private mutating func put(_ record: NodeRecord) {
    nodeRecords.removeAll { $0.record.node == record.node }
    nodeRecords.append((record, revision))
  }

  private mutating func set(_ record: HaltRecord) {
    revision += 1
    halt = (record, revision)
    touched.append(.obstacles)
  }

  /// A person lets the group go on.
  mutating func resume(_ request: ResumeRequest) {
    let found = status.resumption(request)
    revision += 1
    halt = nil
    for intent in found.abandoned { intents.removeAll { $0.record.node == intent.node } }
    for node in found.retried { put(node) }
    for node in found.failed {
      if mutation != .abandonedMark { put(node) }
      failures[node.node] = node.generation
    }
    if request.retry { failures.removeAll() }
    touched.append(.obstacles)
  }
}
