/// One attempt at the baton: events in, actions out, no clock and no store.
///
/// The store is a queue of places that grow in order. The first `slots` of them hold; whoever comes after watches
/// what stands just before, and reads again once the watch stands and whenever it fires, for what happened before the
/// watch stood is told by nobody. The first also waits for a change that lost its holder, and when its bound has
/// passed, stops the group. An event that means nothing in a state is ignored: shells may be late.
package struct QueueMachine: Sendable {
  package enum Event: Hashable, Sendable {
    case started
    /// Our place, and the group as it was when or after we took it.
    case joined(key: String, order: UInt64, LockStatus)
    case read(LockStatus)
    case watchStands
    /// What we watch has changed, or may have.
    case changed
    /// The watch does not stand any more, and what it missed is unknown.
    case watchBroke
    /// The step under way failed; whether it had an effect is unknown.
    case failed(LockError)
    case retryDue
    /// The wait that was asked for is over.
    case waitOver
    case cancelled
    /// Our place is gone by another hand, or its lease is.
    case placeGone(String)
    /// The place was given up, as far as the store could be reached.
    case left
    /// The time of `awaitBound` has passed, of the same number.
    case boundOver(Int)
    /// The answer to `halt`: what was set, or nil if there was nothing to set it for any more.
    case halted(HaltRecord?)
  }

  package enum Action: Hashable, Sendable {
    /// Take a place if there is none under our lease, and read. It may be asked for again when its outcome is unknown.
    case join
    case read
    /// Replaces an earlier watch. Answered with `watchStands`.
    case watch(Target)
    case retryLater(attempt: Int)
    case leave
    case grant(token: UInt64)
    /// The grant is over.
    case end(BatonError)
    case report(LockEvent.Outcome)
    case finish(LockError)
    /// Answered with `boundOver` once this time has passed, on a clock that goes on while the machine sleeps.
    case awaitBound(Int, Duration)
    /// Stop the group, if this change still stands without its holder and there is no halt. Answered with `halted`.
    case halt(IntentRecord)
  }

  package enum Target: Hashable, Sendable {
    /// One place's end.
    case place(key: String)
    /// Any place's end: with several slots each may make room.
    case queue
    /// Halt and intents.
    case obstacles
  }

  private struct Place: Hashable, Sendable {
    var key: String
    var order: UInt64
  }

  private enum State: Hashable, Sendable {
    case idle
    /// Also while the outcome of an earlier try is unknown.
    case joining
    case looking(Place, watching: Target?, changed: Bool)
    case arming(Place, Target)
    case waiting(Place, Target)
    case pausing(Place?)
    case halting(Place)
    case leaving(LockError)
    case holding(Place)
    case over
  }

  private let request: LockRequest
  /// Where the queue is, for what is told.
  private let location: String
  private var state = State.idle
  private var failures = 0
  private var obstacle: LockObstacle?
  /// The place that was just before ours.
  private var predecessor: QueueEntry?
  private var orphans = OrphanedChanges()

  package init(_ request: LockRequest, location: String = "the lock's store") {
    self.request = request
    self.location = location
  }

  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .started:
      guard state == .idle else { return [] }
      state = .joining
      return [.report(.asked), .join]
    case .joined(let key, let order, let status):
      guard state == .joining else { return [] }
      let place = Place(key: key, order: order)
      state = .looking(place, watching: nil, changed: false)
      return look(at: status, from: place, watching: nil, changed: false)
    case .read(let status):
      guard case .looking(let place, let target, let changed) = state else { return [] }
      return look(at: status, from: place, watching: target, changed: changed)
    case .watchStands:
      guard case .arming(let place, let target) = state else { return [] }
      return read(from: place, watching: target)
    case .changed:
      return change()
    case .watchBroke:
      return watchAnew()
    case .failed(let error):
      return fail(error)
    case .retryDue:
      guard case .pausing(let place) = state else { return [] }
      guard let place else {
        state = .joining
        return [.join]
      }
      return read(from: place, watching: nil)
    case .waitOver:
      guard isAsking else { return [] }
      let limit = if case .atMost(let limit) = request.wait { " within \(limit.components.seconds) s" } else { "" }
      return skip(obstacle ?? .storeUnavailable("\(location): no answer\(limit): is it up?"))
    case .cancelled:
      guard state == .idle else { return isAsking ? leave(.cancelled) : [] }
      // Its task was cancelled before it could ask.
      state = .over
      return [.finish(.cancelled)]
    case .placeGone(let reason):
      return loseThePlace(reason)
    case .left:
      guard case .leaving(let error) = state else { return [] }
      state = .over
      return [.finish(error)]
    case .boundOver(let number):
      orphans.end(number)
      return lookAfterOrphans()
    case .halted(let record):
      return goOn(after: record)
    }
  }

  /// Between the start and the grant, and not on the way out.
  private var isAsking: Bool {
    switch state {
    case .joining, .looking, .arming, .waiting, .pausing, .halting: true
    case .idle, .leaving, .holding, .over: false
    }
  }

  // MARK: - What the group looks like

  private mutating func look(at status: LockStatus, from place: Place, watching: Target?, changed: Bool) -> [Action] {
    failures = 0
    guard let index = status.queue.firstIndex(where: { $0.key == place.key && $0.order == place.order }) else {
      return loseThePlace(
        "its place in the queue, token \(place.order), is gone: the lease ended or somebody deleted it")
    }
    var actions = tellStale(in: status, at: index, place: place)
    guard let found = status.obstacle(toPlace: index, of: status.queue[index]) else {
      state = .holding(place)
      return actions + [.report(.acquired(token: place.order)), .grant(token: place.order)]
    }
    let isNews = !found.isSame(as: obstacle)
    obstacle = found
    if request.wait == .none { return actions + skip(found) }
    if isNews { actions.append(.report(.waiting(found))) }
    predecessor = index > 0 ? status.queue[index - 1] : nil
    let orphaned = found.intents.filter(status.isOrphaned)
    if let overdue = orphans.overdue(among: orphaned) {
      state = .halting(place)
      return actions + [.halt(overdue)]
    }
    actions += orphans.see(orphaned).map { .awaitBound($0.number, $0.bound) }
    // A change that is at work is over with its holder's place; settled or not, that place ends.
    let target = orphaned.count < found.intents.count ? .queue : target(for: found)
    if target != watching {
      state = .arming(place, target)
      return actions + [.watch(target)]
    }
    if changed { return actions + read(from: place, watching: target) }
    state = .waiting(place, target)
    return actions
  }

  private func target(for obstacle: LockObstacle) -> Target {
    guard case .held = obstacle else { return .obstacles }
    guard request.slots == 1, let predecessor else { return .queue }
    return .place(key: predecessor.key)
  }

  /// Whoever leaves says so in the same step; a place right before ours that is gone without was lost by its owner.
  private func tellStale(in status: LockStatus, at index: Int, place: Place) -> [Action] {
    guard index == 0, request.slots == 1, let gone = predecessor else { return [] }
    return (status.last?.token ?? 0) < gone.order ? [.report(.stale(gone))] : []
  }

  private mutating func read(from place: Place, watching target: Target?) -> [Action] {
    state = .looking(place, watching: target, changed: false)
    return [.read]
  }

  private mutating func change() -> [Action] {
    switch state {
    case .waiting(let place, let target):
      // The watch on a place is used up; one on several goes on.
      let stillStands = target == .queue || target == .obstacles
      return read(from: place, watching: stillStands ? target : nil)
    case .looking(let place, let target, _):
      state = .looking(place, watching: target, changed: true)
      return []
    case .arming(let place, _):
      return read(from: place, watching: nil)
    case .idle, .joining, .pausing, .halting, .leaving, .holding, .over:
      return []
    }
  }

  private mutating func watchAnew() -> [Action] {
    switch state {
    case .waiting(let place, _), .arming(let place, _):
      return read(from: place, watching: nil)
    case .looking(let place, _, _):
      state = .looking(place, watching: nil, changed: false)
      return []
    case .idle, .joining, .pausing, .halting, .leaving, .holding, .over:
      // Whoever asks again watches anew.
      return []
    }
  }

  // MARK: - Changes whose holders are gone

  private mutating func lookAfterOrphans() -> [Action] {
    switch state {
    case .waiting(let place, let target) where target == .obstacles || target == .queue:
      return read(from: place, watching: target)
    case .looking(let place, let target, _):
      state = .looking(place, watching: target, changed: true)
      return []
    default:
      // Whoever is not at rest reads again anyway.
      return []
    }
  }

  private mutating func goOn(after halt: HaltRecord?) -> [Action] {
    let told: [Action] = halt.map { [.report(.halted($0))] } ?? []
    switch state {
    case .halting(let place): return told + read(from: place, watching: nil)
    // Somebody gave up meanwhile: what was done is told all the same.
    case .leaving: return told
    default: return []
    }
  }

  // MARK: - What goes wrong

  private mutating func fail(_ error: LockError) -> [Action] {
    let place: Place?
    switch state {
    case .joining: place = nil
    case .looking(let own, _, _), .arming(let own, _), .waiting(let own, _), .halting(let own): place = own
    case .idle, .pausing, .leaving, .holding, .over: return []
    }
    guard case .unavailable = error, request.wait != .none else { return leave(error) }
    failures += 1
    let found = LockObstacle.storeUnavailable("\(error)")
    let isNews = !found.isSame(as: obstacle)
    obstacle = found
    state = .pausing(place)
    return (isNews ? [.report(.waiting(found))] : []) + [.retryLater(attempt: failures)]
  }

  private mutating func loseThePlace(_ reason: String) -> [Action] {
    switch state {
    case .holding:
      state = .over
      return [.end(.lost(reason)), .report(.lost(reason))]
    case .looking, .arming, .waiting, .halting, .pausing(.some):
      // Asking anew puts us at the queue's end: the order is the store's to give.
      state = .joining
      predecessor = nil
      obstacle = nil
      return [.report(.lost(reason)), .join]
    case .idle, .joining, .pausing(nil), .leaving, .over:
      return []
    }
  }

  private mutating func skip(_ obstacle: LockObstacle) -> [Action] {
    [.report(.skipped(obstacle))] + leave(.notAcquired(obstacle))
  }

  private mutating func leave(_ error: LockError) -> [Action] {
    state = .leaving(error)
    return [.leave]
  }
}
