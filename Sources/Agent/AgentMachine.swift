/// What the agent does next, decided from what has happened and from nothing else: no clock, no socket.
///
/// The service feeds events in and carries out the actions that come back; at most one of planning, recovering,
/// waiting for the baton, applying and releasing is under way. What happens meanwhile is remembered and looked at afterwards.
package struct AgentMachine: Sendable {
  package enum Event: Hashable, Sendable {
    /// A spec source was read whole and differs from the one before. Without any, `resyncDue` begins: what an earlier
    /// process left open is settled all the same.
    case specChanged
    /// nftables' generation moved, or a route, rule or link changed, and it was not this agent.
    case kernelChanged
    case resyncDue
    case retryDue
    case planned(PlanResult)
    case batonGranted
    /// Not granted: a halt, the lock's store out of reach, a wait that was cut short.
    case batonRefused(String)
    case applied
    /// What was begun is undone.
    case applyFailed(String)
    /// What an earlier process left open is settled.
    case recovered
    case recoveryFailed(String)
    case released
    case stopRequested
  }

  package enum PlanResult: Hashable, Sendable {
    case nothing
    case changes
    /// An earlier process left a change open: before anything else, that is settled.
    case unsettled
    /// The spec, the kernel or the node does not allow a plan.
    case refused(String)
  }

  package enum Action: Hashable, Sendable {
    case plan
    case acquire
    /// Waiting for the baton is given up; `batonRefused` or `batonGranted` still comes.
    case abandonWait
    case apply
    /// Needs no baton: it takes back, and says what is.
    case recover
    case release
    /// `retryDue`, unless a plan comes first.
    case retry(after: Duration)
    case finish
  }

  package enum Phase: Hashable, Sendable {
    case idle, planning, recovering, waiting, applying, releasing, finished
  }

  package private(set) var phase = Phase.idle
  /// Failures in a row, for the next pause.
  package private(set) var failures = 0
  /// Why the last pass did not end well; nil once one did.
  package private(set) var problem: String?
  /// Whether `retryDue` is to come: what somebody else changes does not shorten the pause.
  private var isPausing = false
  private var isDirty = false
  private var isStopping = false
  private let firstPause: Duration
  private let longestPause: Duration

  /// - Parameters:
  ///   - firstPause: how long after a first failure to try again; doubled with each further one.
  ///   - longestPause: the bound of that.
  package init(firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(60)) {
    self.firstPause = firstPause
    self.longestPause = longestPause
  }

  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .specChanged:
      failures = 0
      return begin()
    case .kernelChanged: return isPausing ? [] : begin()
    case .resyncDue, .retryDue: return begin()
    case .planned(let result): return phase == .planning ? planned(result) : []
    case .batonGranted: return phase == .waiting ? granted() : []
    case .batonRefused(let reason): return phase == .waiting ? failed(reason) : []
    case .applied: return phase == .applying ? release(problem: nil) : []
    case .applyFailed(let reason): return phase == .applying ? release(problem: reason) : []
    case .recovered: return phase == .recovering ? recovered() : []
    case .recoveryFailed(let reason): return phase == .recovering ? failed(reason) : []
    case .released: return phase == .releasing ? released() : []
    case .stopRequested: return stop()
    }
  }

  private mutating func begin() -> [Action] {
    guard !isStopping, phase != .finished else { return [] }
    // Whoever holds the baton plans again before applying, so a wait need not be cut short.
    guard phase == .idle else {
      isDirty = phase != .waiting || isDirty
      return []
    }
    isDirty = false
    isPausing = false
    phase = .planning
    return [.plan]
  }

  private mutating func planned(_ result: PlanResult) -> [Action] {
    if isStopping { return finish() }
    switch result {
    case .nothing: return settle(problem: nil)
    case .refused(let reason): return failed(reason)
    case .unsettled:
      phase = .recovering
      return [.recover]
    case .changes:
      isDirty = false
      phase = .waiting
      return [.acquire]
    }
  }

  private mutating func recovered() -> [Action] {
    if isStopping { return finish() }
    phase = .idle
    return begin()
  }

  private mutating func granted() -> [Action] {
    if isStopping {
      phase = .releasing
      return [.release]
    }
    isDirty = false
    phase = .applying
    return [.apply]
  }

  private mutating func release(problem: String?) -> [Action] {
    self.problem = problem
    phase = .releasing
    return [.release]
  }

  private mutating func released() -> [Action] {
    if isStopping { return finish() }
    return problem.map { failed($0) } ?? settle(problem: nil)
  }

  private mutating func failed(_ reason: String) -> [Action] {
    if isStopping { return finish() }
    let pause = min(firstPause * (1 << min(failures, 16)), longestPause)
    failures += 1
    isPausing = true
    return settle(problem: reason) + [.retry(after: pause)]
  }

  private mutating func settle(problem: String?) -> [Action] {
    self.problem = problem
    if problem == nil { failures = 0 }
    phase = .idle
    return isDirty && problem == nil ? begin() : []
  }

  private mutating func stop() -> [Action] {
    guard !isStopping else { return [] }
    isStopping = true
    switch phase {
    case .idle: return finish()
    case .waiting: return [.abandonWait]
    case .planning, .recovering, .applying, .releasing, .finished: return []
    }
  }

  private mutating func finish() -> [Action] {
    phase = .finished
    return [.finish]
  }
}
