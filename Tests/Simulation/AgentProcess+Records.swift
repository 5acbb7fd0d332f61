import Locking

/// A change's beginning and end in the store, as `EtcdBackend` writes them.
extension AgentProcess {
  private static let tries = 20

  /// - Parameter then: gets why it was not written, and where it was, the revision.
  func putIntent(
    _ record: IntentRecord, _ condition: StoreRequest.IntentCondition = .alone, tries: Int = tries,
    _ then: @escaping (Result<Int, LockError>) -> Void
  ) {
    if let objection = objection() { return then(.failure(.lost(objection))) }
    guard let grant else { return then(.failure(.lost(.released))) }
    ask(.putIntent(record, grant, condition)) { [unowned self] answer in
      switch answer {
      case .success(.written(let revision)): then(.success(revision))
      case .success(.status(let status, let revision)):
        guard let own = status.queue.first(where: { $0.order == grant.token }) else {
          baton?.end(.lost("its place is gone"))
          return then(.failure(.lost(.lost("its place is gone"))))
        }
        if let obstacle = status.obstacleToChange(by: own) { return then(.failure(.obstructed(obstacle))) }
        if let failed = status.failed(generation: record.generation), cluster.mutation != .failedGeneration {
          return then(.failure(.obstructed(.failed(failed))))
        }
        guard tries > 1 else { return then(.failure(AgentProcess.unavailable)) }
        let others = status.intents.compactMap { intent in
          status.queue.first { $0.order == intent.token }.map { StoreRequest.Grant(place: $0.key, token: $0.order) }
        }
        let next = StoreRequest.IntentCondition.beside(after: revision, places: others)
        step { [unowned self] in putIntent(record, next, tries: tries - 1, then) }
      case .success: then(.failure(AgentProcess.unavailable))
      case .failure(let error): then(.failure(error))
      }
    }
  }

  /// - Parameter known: the revision of the intent, where this process wrote it.
  func settle(
    _ record: NodeRecord, halt: HaltRecord?, with grant: StoreRequest.Grant?, known: OpenChange? = nil,
    tries: Int = tries, _ then: @escaping (LockError?) -> Void
  ) {
    guard let known else {
      return ask(.openChange(node: record.node)) { [unowned self] answer in
        switch answer {
        case .success(.change(let found, _)): goOn(record, halt, grant, from: found, tries, then)
        case .success: then(AgentProcess.unavailable)
        case .failure(let error): then(error)
        }
      }
    }
    ask(.settle(record, halt, grant, known)) { [unowned self] answer in
      switch answer {
      case .success(.done): then(nil)
      case .success(.change(let found, let holds)):
        guard holds else { return then(.lost(.lost("its place is gone"))) }
        goOn(record, halt, grant, from: found, tries - 1, then)
      case .success: then(AgentProcess.unavailable)
      case .failure(let error): then(error)
      }
    }
  }

  /// Nothing is written where the intent is not there, or another's: it was settled before.
  private func goOn(
    _ record: NodeRecord, _ halt: HaltRecord?, _ grant: StoreRequest.Grant?, from found: OpenChange?, _ tries: Int,
    _ then: @escaping (LockError?) -> Void
  ) {
    guard let found, found.token == record.token else { return then(nil) }
    guard tries > 0 else { return then(AgentProcess.unavailable) }
    step { [unowned self] in settle(record, halt: halt, with: grant, known: found, tries: tries, then) }
  }
}
