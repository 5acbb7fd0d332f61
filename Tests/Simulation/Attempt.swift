import Agent
import Locking

/// One attempt at the baton and the grant that comes of it: `QueueAttempt`, `EtcdSeat`, `EtcdLease` and `EtcdGuard`, in
/// virtual time.
final class Attempt {
  final class Lease {
    let id: Int
    var machine: LeaseMachine
    /// A message that is lost breaks the stream of renewals; the next one has another number.
    var stream = 0
    var isStreamBroken = false
    var failures = 0
    /// A stream keeps the order.
    var lastArrival: Microseconds = 0
    var lastAnswer: Microseconds = 0
    var isGone = false
    var isRenewed = true

    init(id: Int, asked: ContinuousClock.Instant) {
      self.id = id
      machine = LeaseMachine(timeToLive: Cluster.timeToLive.duration, asked: asked)
    }
  }

  unowned let process: AgentProcess
  let request: LockRequest
  private var machine: QueueMachine
  var lease: Lease?
  var term: BatonTerm?
  private var order: UInt64?
  private var watch = 0
  private var steps = 0
  private var isLeft = false

  init(_ process: AgentProcess, _ request: LockRequest) {
    self.process = process
    self.request = request
    machine = QueueMachine(request)
  }

  var cluster: Cluster { process.cluster }
  private var isCurrent: Bool { process.attempt === self }

  func start() {
    if case .atMost(let limit) = request.wait {
      process.timer(after: limit.microseconds) { [self] in handle(.waitOver) }
    }
    handle(.started)
  }

  func handle(_ event: QueueMachine.Event) {
    for action in machine.handle(event) { perform(action) }
  }

  private func perform(_ action: QueueMachine.Action) {
    switch action {
    case .join: begin { [self] in join($0) }
    case .read: begin { [self] in read($0) }
    case .watch(let target):
      // The one before is given up at once, even if it has not been asked for yet.
      watch += 1
      let number = watch
      process.step { [self] in
        if number == watch { watch(target, number) }
      }
    case .retryLater(let attempt):
      let limit = min(5_000, 100 << min(attempt, 6))
      let pause = cluster.random.number(in: limit / 2...limit)
      process.timer(after: .milliseconds(pause)) { [self] in handle(.retryDue) }
    case .leave: process.step { [self] in leave { [self] in handle(.left) } }
    case .grant(let token): hold(token)
    case .awaitBound(let number, let bound):
      process.timer(after: bound.microseconds) { [self] in handle(.boundOver(number)) }
    case .halt(let intent): begin { [self] in halt(over: intent, $0) }
    case .end(let reason): term?.end(reason)
    case .report(let outcome): process.tell("baton: \(outcome.name)")
    case .finish(let error):
      guard isCurrent else { return }
      process.attempt = nil
      process.handle(.batonRefused("\(error)"))
    }
  }

  // MARK: - Asking

  /// A step takes the place of the one before, whose answer means nothing any more.
  private func begin(_ body: @escaping (Int) -> Void) {
    steps += 1
    let number = steps
    process.step { body(number) }
  }

  private func tell(_ event: QueueMachine.Event, _ number: Int) {
    if number == steps { handle(event) }
  }

  private func join(_ number: Int) {
    guard let lease, !lease.isGone else { return takeLease(number) }
    let record = QueueRecord(holder: request.holder, purpose: "", asked: "", slots: request.slots)
    let place = Store.place(lease: lease.id)
    process.ask(.takePlace(lease: lease.id, record)) { [self] answer in
      switch answer {
      case .success(.status(let status, _)):
        guard let own = status.queue.first(where: { $0.key == place }) else { fallthrough }
        order = own.order
        tell(.joined(key: place, order: own.order, seen(status)), number)
      case .success:
        forget(lease)
        tell(.failed(AgentProcess.unavailable), number)
      case .failure(let error): tell(.failed(error), number)
      }
    }
  }

  private func takeLease(_ number: Int) {
    let id = cluster.nextLease()
    let first = process.node.clock.now
    let started = process.elapsed
    process.call(.grantLease(id)) { [self] answer, sent in
      guard !isLeft else { return process.ask(.revokeLease(id)) { _ in } }
      guard case .success(let reply) = answer else { return tell(.failed(AgentProcess.unavailable), number) }
      // An earlier try whose answer was lost: it counts from the first.
      let isEarlier = if case .leaseExists = reply { true } else { false }
      var asked = isEarlier ? first : first.advanced(by: (sent - started).duration)
      if cluster.mutation == .deadlineFromAnswer { asked = process.node.clock.now }
      let lease = Lease(id: id, asked: asked)
      self.lease?.isRenewed = false
      self.lease = lease
      order = nil
      keep(lease)
      join(number)
    }
  }

  private func forget(_ lease: Lease) {
    lease.isRenewed = false
    guard self.lease === lease else { return }
    self.lease = nil
    order = nil
  }

  private func read(_ number: Int) {
    process.ask(.view) { [self] answer in
      switch answer {
      case .success(.status(let status, _)): tell(.read(seen(status)), number)
      case .success: tell(.failed(AgentProcess.unavailable), number)
      case .failure(let error): tell(.failed(error), number)
      }
    }
  }

  /// What the machine gets to see of the group.
  private func seen(_ status: LockStatus) -> LockStatus {
    guard cluster.mutation == .queueOrder else { return status }
    var status = status
    status.queue.removeAll { $0.order != order }
    return status
  }

  private func watch(_ target: QueueMachine.Target, _ number: Int) {
    let wanted: Store.Target =
      switch target {
      case .place(let key): .place(key)
      case .queue: .queue
      case .obstacles: .obstacles
      }
    cluster.watch(wanted, by: process) { [self] news in
      guard number == watch, !isLeft else { return }
      switch news {
      case .stands: handle(.watchStands)
      case .changed: handle(.changed)
      case .broke: handle(.watchBroke)
      }
    }
  }

  private func halt(over intent: IntentRecord, _ number: Int) {
    process.ask(.view) { [self] answer in
      guard case .success(.status(let status, _)) = answer else {
        return tell(.failed(AgentProcess.unavailable), number)
      }
      guard status.halt == nil, status.intents.contains(intent), status.isOrphaned(intent) else {
        return tell(.halted(nil), number)
      }
      process.ask(.openChange(node: intent.node)) { [self] answer in
        guard case .success(.change(let found, _)) = answer else {
          return tell(.failed(AgentProcess.unavailable), number)
        }
        guard let found, found.token == intent.token else { return tell(.halted(nil), number) }
        set(HaltRecord(vanished: intent, seenBy: request.holder.node, since: ""), intent, found.intent, number)
      }
    }
  }

  private func set(_ halt: HaltRecord, _ intent: IntentRecord, _ revision: Int, _ number: Int) {
    process.ask(.haltIfStands(halt, node: intent.node, intent: revision)) { [self] answer in
      switch answer {
      case .success(.done):
        process.tell("halts the group: \(halt.why)")
        tell(.halted(halt), number)
      case .success: tell(.halted(nil), number)
      case .failure(let error): tell(.failed(error), number)
      }
    }
  }

  // MARK: - Holding

  private func hold(_ token: UInt64) {
    watch += 1
    cluster.checkOrder(of: token, for: process)
    guard let lease else { return process.handle(.batonRefused("its lease ended right after the grant")) }
    let clock = process.node.clock
    let term = BatonTerm(deadline: lease.machine.deadline, now: { clock.now })
    self.term = term
    process.baton = Baton(holder: request.holder, token: token, term: term)
    process.tell("holds the baton, token \(token)")
    if cluster.mutation != .deadlineCheck { watch(over: term, lease) }
    process.handle(.batonGranted)
  }

  /// Until the term's end, which renewals move on.
  private func watch(over term: BatonTerm, _ lease: Lease) {
    if let left = term.remaining {
      process.timer(after: left.microseconds) { [self] in watch(over: term, lease) }
      return
    }
    do throws(BatonError) {
      try term.check()
    } catch {
      guard error != .released else { return }
      process.tell("the baton's term is over: \(error)")
      lease.isRenewed = false
      if error == .expired { handle(.placeGone("not renewed in time")) }
      process.change?.feed(.untrusted("the baton has ended"))
      process.ask(.revokeLease(lease.id)) { _ in }
    }
  }

  /// Gives the place up, as far as the store can be reached.
  func leave(_ done: @escaping () -> Void) {
    isLeft = true
    watch += 1
    guard let lease else { return done() }
    lease.isRenewed = false
    let revoke = { [self] in
      // With the lease goes also a place whose taking was never answered.
      process.ask(.revokeLease(lease.id)) { _ in done() }
    }
    guard let order else { return revoke() }
    let last = LastRecord(token: order, holder: request.holder, time: "")
    process.call(.leave(place: Store.place(lease: lease.id), token: order, last), patience: .seconds(5)) { answer, _ in
      if case .failure = answer { return done() }
      revoke()
    }
  }
}
