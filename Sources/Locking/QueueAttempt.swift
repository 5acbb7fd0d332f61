/// What a backend does for one attempt: one place in its queue and what belongs to it.
package protocol QueueSeat: Sendable {
  /// Takes a place, or finds the one that an earlier call with an unknown outcome took.
  func join() async throws(LockError) -> (key: String, order: UInt64, status: LockStatus)

  func read() async throws(LockError) -> LockStatus

  /// Tells `.watchStands` once nothing can be missed any more, then `.changed`; throws when it breaks off.
  /// Returns when there is nothing more to tell, or the task is cancelled.
  func watch(
    _ target: QueueMachine.Target, tell: @escaping @Sendable (QueueMachine.Event) -> Void
  ) async throws(LockError)

  /// The grant's term; from now on the seat tells `.placeGone` when it finds its place gone.
  func hold(token: UInt64, tell: @escaping @Sendable (QueueMachine.Event) -> Void) async -> BatonTerm

  /// Stops the group, if this change still stands without its holder and there is no halt.
  /// - Returns: the halt that was set, or nil.
  func halt(over intent: IntentRecord) async throws(LockError) -> HaltRecord?

  /// Gives up the place if the store still has it as ours. Does nothing the second time.
  func leave() async throws(LockError)
}

/// Drives one `QueueMachine` from the question to the grant's end.
///
/// Everything runs in tasks of its own: a caller that is cancelled still gives its place back in order.
package actor QueueAttempt {
  private let location: String
  private let request: LockRequest
  private let seat: any QueueSeat
  private let report: @Sendable (LockEvent) -> Void
  private let events: AsyncStream<QueueMachine.Event>
  private let source: AsyncStream<QueueMachine.Event>.Continuation

  private var machine: QueueMachine
  private var caller: CheckedContinuation<Result<Baton, LockError>, Never>?
  private var term: BatonTerm?
  private var hasToldLoss = false
  private var watch: Task<Void, Never>?
  private var work: [Int: Task<Void, Never>] = [:]
  private var started = 0
  private var steps = 0

  package init(
    location: String, request: LockRequest, seat: any QueueSeat, report: @escaping @Sendable (LockEvent) -> Void
  ) {
    self.location = location
    self.request = request
    self.seat = seat
    self.report = report
    machine = QueueMachine(request, location: location)
    (events, source) = AsyncStream.makeStream()
  }

  /// Called once.
  package func acquire() async throws(LockError) -> Baton {
    let source = self.source
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        caller = continuation
        source.yield(.started)
        if case .atMost(let limit) = request.wait {
          start {
            try? await Task.sleep(for: limit, clock: .continuous)
            if !Task.isCancelled { source.yield(.waitOver) }
          }
        }
        // Ends with `finish`, or with the machine.
        Task { await drive() }
      }
    } onCancel: {
      source.yield(.cancelled)
    }
    return try result.get()
  }

  /// Nothing more is told after this.
  /// - Parameter token: of the grant that was given back, or nil when the backend is closed while it stands.
  package func finish(released token: UInt64? = nil) {
    tellEnd(released: token)
    source.finish()
    watch?.cancel()
    work.values.forEach { $0.cancel() }
  }

  private func drive() async {
    for await event in events {
      for action in machine.handle(event) { await perform(action) }
    }
  }

  private func perform(_ action: QueueMachine.Action) async {
    let (seat, source) = (self.seat, self.source)
    switch action {
    case .join:
      step { () async throws(LockError) in
        let place = try await seat.join()
        return .joined(key: place.key, order: place.order, place.status)
      }
    case .read:
      step { () async throws(LockError) in .read(try await seat.read()) }
    case .watch(let target):
      watch?.cancel()
      watch = Task {
        do throws(LockError) {
          try await seat.watch(target) { event in source.yield(event) }
        } catch {
          // The machine reads again, and a store that is away fails that too.
          if !Task.isCancelled { source.yield(.watchBroke) }
        }
      }
    case .retryLater(let attempt):
      start {
        // 0.1 s doubled up to 5 s, and spread so that waiters do not come back all at once.
        let limit = min(5_000, 100 << min(attempt, 6))
        try? await Task.sleep(for: .milliseconds(Int.random(in: limit / 2...limit)), clock: .continuous)
        source.yield(.retryDue)
      }
    case .leave:
      watch?.cancel()
      start {
        // A place that cannot be given back now ends with its lease.
        try? await seat.leave()
        source.yield(.left)
      }
    case .grant(let token):
      watch?.cancel()
      let term = await seat.hold(token: token) { event in source.yield(event) }
      self.term = term
      answer(.success(Baton(holder: request.holder, token: token, term: term)))
    case .awaitBound(let number, let bound):
      start {
        try? await Task.sleep(for: bound, clock: .continuous)
        if !Task.isCancelled { source.yield(.boundOver(number)) }
      }
    case .halt(let intent):
      step { () async throws(LockError) in .halted(try await seat.halt(over: intent)) }
    case .end(let reason):
      term?.end(reason)
    case .report(let outcome):
      tell(outcome)
    case .finish(let error):
      answer(.failure(error))
      finish()
    }
  }

  /// A grant that had ended before it was given back was not released, but lost; each end is told once.
  private func tellEnd(released token: UInt64?) {
    guard !hasToldLoss else { return }
    do {
      try term?.check()
    } catch {
      if error != .released { return tell(.lost("\(error)")) }
    }
    if let token { tell(.released(token: token)) }
  }

  private func tell(_ outcome: LockEvent.Outcome) {
    if case .lost = outcome, term != nil { hasToldLoss = true }
    report(LockEvent(location: location, holder: request.holder, purpose: request.purpose, outcome: outcome))
  }

  private func answer(_ result: Result<Baton, LockError>) {
    caller?.resume(returning: result)
    caller = nil
  }

  /// A step takes the place of the one before, whose answer means nothing any more: a reading that fails late must not
  /// be taken for the place that is being taken anew.
  private func step(_ body: @escaping @Sendable () async throws(LockError) -> QueueMachine.Event) {
    steps += 1
    let number = steps
    start {
      do throws(LockError) {
        await self.tell(try await body(), ofStep: number)
      } catch {
        await self.tell(.failed(error), ofStep: number)
      }
    }
  }

  private func tell(_ event: QueueMachine.Event, ofStep number: Int) {
    if number == steps { source.yield(event) }
  }

  private func start(_ body: @escaping @Sendable () async -> Void) {
    started += 1
    let number = started
    work[number] = Task {
      await body()
      work[number] = nil
    }
  }
}
