import Locking

/// Calls to the lock's store, repeated as its client does.
extension AgentProcess {
  typealias Answer = Result<StoreReply, LockError>

  private final class Call {
    let request: StoreRequest
    let patience: Microseconds
    let started: Microseconds
    var attempt = 0
    var answer: ((Answer, Microseconds) -> Void)?

    init(
      _ request: StoreRequest, patience: Microseconds, at started: Microseconds,
      _ answer: @escaping (Answer, Microseconds) -> Void
    ) {
      self.request = request
      self.patience = patience
      self.started = started
      self.answer = answer
    }
  }

  static let unavailable = LockError.unavailable(store: "etcd", detail: "away")

  /// - Parameter answer: gets when the request was sent that was answered, by the boot clock.
  func call(
    _ request: StoreRequest, patience: Microseconds = .seconds(2),
    _ answer: @escaping (Answer, Microseconds) -> Void
  ) {
    attempt(Call(request, patience: patience, at: elapsed, answer))
    cluster.makeTrouble(at: self)
  }

  func ask(_ request: StoreRequest, _ answer: @escaping (Answer) -> Void) {
    call(request) { result, _ in answer(result) }
  }

  private func attempt(_ call: Call) {
    call.attempt += 1
    let (number, sent) = (call.attempt, elapsed)
    let fate = cluster.send(call.request, from: self) { reply in
      guard number == call.attempt else { return }
      let answer = call.answer
      call.answer = nil
      answer?(.success(reply), sent)
    }
    // A connection that breaks is noticed at once; else the call's own time limit ends it.
    timer(after: fate == .broken ? .milliseconds(5) : .seconds(3)) { [unowned self] in
      guard number == call.attempt, call.answer != nil else { return }
      fail(call)
    }
  }

  private func fail(_ call: Call) {
    if call.attempt > 1, elapsed - call.started >= call.patience {
      let answer = call.answer
      call.answer = nil
      answer?(.failure(AgentProcess.unavailable), call.started)
      return
    }
    guard call.attempt > 1 else { return attempt(call) }
    call.attempt += 1
    timer(after: .milliseconds(min(500, 10 << call.attempt))) { [unowned self] in attempt(call) }
  }

  // MARK: - The baton

  /// Why nothing may be written now.
  func objection() -> BatonError? {
    guard let baton else { return .released }
    if cluster.mutation == .deadlineCheck { return nil }
    do throws(BatonError) {
      try baton.check()
      return nil
    } catch {
      return error
    }
  }

  var batonLeft: Microseconds {
    let left = baton?.remaining?.microseconds ?? 0
    return cluster.mutation == .deadlineCheck ? max(left, Cluster.timeToLive * 9 / 10) : left
  }

  var grant: StoreRequest.Grant? {
    guard let baton, let lease = attempt?.lease else { return nil }
    return .init(place: Store.place(lease: lease.id), token: baton.token)
  }
}
