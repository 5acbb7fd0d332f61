import FoundationEssentials
import SystemPackage
import Synchronization

/// One attempt at a lock of one host.
final class FileSeat: QueueSeat {
  private struct State: ~Copyable {
    var token: UInt64?
    /// Its lock is what says that we live.
    var place: LockedFile?
    var isLeft = false
    var guarding: Task<Void, Never>?
  }

  /// How soon a waiter sees that the place before its own is free. fcntl(2) could wait for a lock, but only by
  /// blocking a thread that cannot be cancelled.
  private static let look = Duration.milliseconds(10)
  /// How soon a holder sees that somebody removed its place.
  private static let ownLook = Duration.milliseconds(200)

  private let group: FileGroup
  private let request: LockRequest
  private let state = Mutex(State())

  init(group: FileGroup, request: LockRequest) {
    self.group = group
    self.request = request
  }

  deinit { state.withLock { $0.guarding?.cancel() } }

  func join() async throws(LockError) -> (key: String, order: UInt64, status: LockStatus) {
    let record = QueueRecord(holder: request.holder, purpose: request.purpose, slots: request.slots)
    return try await group.alone { (step) throws(LockError) in
      guard !self.state.withLock({ $0.isLeft }) else { throw .cancelled }
      let token = try step.nextToken()
      self.keep(try step.takePlace(token, record), token)
      return (padded(token, to: 20), token, try step.status())
    }
  }

  private func keep(_ place: consuming LockedFile, _ token: UInt64) {
    var place: LockedFile? = place
    state.withLock { state in
      state.token = token
      state.place = place.take()
    }
  }

  func read() async throws(LockError) -> LockStatus {
    try await group.alone { (step) throws(LockError) in try step.status() }
  }

  func watch(
    _ target: QueueMachine.Target, tell: @escaping @Sendable (QueueMachine.Event) -> Void
  ) async throws(LockError) {
    switch target {
    case .place(let key):
      tell(.watchStands)
      let path = group.root.appending("queue").appending(key)
      while try !isFree(path) { try await pause(FileSeat.look) }
      tell(.changed)
    case .queue, .obstacles:
      var known = try await read()
      tell(.watchStands)
      while true {
        try await pause(.milliseconds(100))
        let now = try await read()
        if now != known { tell(.changed) }
        known = now
      }
    }
  }

  /// A peek outside the folder's lock: who is told `.changed` reads again under it.
  private func isFree(_ path: FilePath) throws(LockError) -> Bool {
    try step(at: path) { () throws(Errno) in
      do throws(Errno) {
        return try LockedFile.tryLock(path, creates: false) != nil
      } catch .noSuchFileOrDirectory {
        return true
      }
    }
  }

  private func pause(_ time: Duration) async throws(LockError) {
    do {
      try await Task.sleep(for: time, clock: .continuous)
    } catch {
      throw .cancelled
    }
  }

  func hold(token: UInt64, tell: @escaping @Sendable (QueueMachine.Event) -> Void) async -> BatonTerm {
    let path = FileStep.placePath(group.root, token).string
    var record = QueueRecord(holder: request.holder, purpose: request.purpose, slots: request.slots)
    record.granted = wallClock()
    if let bytes = try? RecordCoding.encode(record) {
      // For `lock status` alone, so a failure costs nothing: who holds follows from the order. Under the folder's
      // lock, for a reader in between would find half a record.
      try? await group.alone { (_) throws(LockError) in
        try step(at: FilePath(path)) { () throws(Errno) in
          try self.state.withLock { (state) throws(Errno) in try state.place?.rewrite(bytes) }
        }
      }
    }
    let guarding = Task {
      while !Task.isCancelled {
        guard FileManager.default.fileExists(atPath: path) else {
          return tell(.placeGone("somebody removed \(path)"))
        }
        try? await Task.sleep(for: FileSeat.ownLook, clock: .continuous)
      }
    }
    state.withLock { $0.guarding = guarding }
    // It ends with the process alone.
    return BatonTerm(deadline: nil)
  }

  func halt(over intent: IntentRecord) async throws(LockError) -> HaltRecord? {
    let halt = HaltRecord(vanished: intent, seenBy: request.holder.node)
    return try await group.alone { (step) throws(LockError) in
      let status = try step.status()
      guard status.halt == nil, status.intents.contains(intent), status.isOrphaned(intent) else { return nil }
      try step.put(halt, "halt")
      return halt
    }
  }

  func leave() async throws(LockError) {
    let token = state.withLock { state in
      state.isLeft = true
      state.guarding?.cancel()
      return state.token
    }
    guard let token else { return }
    let holder = request.holder
    try await group.alone { (step) throws(LockError) in
      if try step.has(place: token) {
        try step.put(LastRecord(token: token, holder: holder), "last")
        try step.remove(FileStep.placePath(self.group.root, token))
      }
    }
    state.withLock { state in
      state.token = nil
      state.place = nil
    }
  }

  /// Lets the place go without a word, as the end of the process would.
  func abandon() {
    state.withLock { state in
      state.guarding?.cancel()
      state.place = nil
    }
  }
}
