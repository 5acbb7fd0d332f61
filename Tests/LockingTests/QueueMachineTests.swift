import Locking
import Testing

@Suite("One attempt at the baton")
struct QueueMachineTests {
  private let own = QueueEntry(key: "own", order: 5, record: record("a"))
  private let other = QueueEntry(key: "other", order: 4, record: record("b"))
  private let away = LockError.unavailable(store: "s", detail: "away")

  private static func record(_ node: String, slots: Int = 1) -> QueueRecord {
    QueueRecord(
      holder: Holder(node: node, instance: node, pid: 1, version: "test"), purpose: "test", asked: "then", slots: slots)
  }

  private func machine(_ wait: LockRequest.Wait = .unlimited) -> QueueMachine {
    QueueMachine(LockRequest(holder: own.record.holder, purpose: "test", wait: wait))
  }

  private func joined(_ queue: [QueueEntry], halt: HaltRecord? = nil) -> QueueMachine.Event {
    .joined(key: own.key, order: own.order, LockStatus(queue: queue, halt: halt))
  }

  private func read(_ queue: [QueueEntry], last: UInt64? = nil) -> QueueMachine.Event {
    .read(LockStatus(queue: queue, last: last.map { LastRecord(token: $0, holder: other.record.holder, time: "then") }))
  }

  private func orphaned(_ token: UInt64) -> QueueMachine.Event {
    let intent = IntentRecord(
      node: "c", holder: other.record.holder, token: token, generation: "g", bound: 1, since: "then")
    return .read(LockStatus(queue: [own], intents: [intent]))
  }

  private var held: LockObstacle { .held(by: [other], waitersBefore: 0) }

  /// Events with the actions that each must be answered with.
  private func check(_ machine: QueueMachine, _ steps: [(QueueMachine.Event, [QueueMachine.Action])]) {
    var machine = machine
    for (number, (event, expected)) in steps.enumerated() {
      let actions = machine.handle(event)
      #expect(actions == expected, "step \(number): \(event)")
    }
  }

  private let begin: (QueueMachine.Event, [QueueMachine.Action]) = (.started, [.report(.asked), .join])

  @Test("takes what is free")
  func free() {
    check(machine(), [begin, (joined([own]), [.report(.acquired(token: 5)), .grant(token: 5)])])
  }

  @Test("watches the place before its own, and reads again once the watch stands")
  func waits() {
    check(
      machine(),
      [
        begin,
        (joined([other, own]), [.report(.waiting(held)), .watch(.place(key: "other"))]),
        (.watchStands, [.read]),
        (read([other, own]), []),
        (.changed, [.read]),
        (read([own], last: 4), [.report(.acquired(token: 5)), .grant(token: 5)]),
      ])
  }

  @Test("a change before the watch stood is seen by the reading after it")
  func changeBeforeTheWatch() {
    check(
      machine(),
      [
        begin,
        (joined([other, own]), [.report(.waiting(held)), .watch(.place(key: "other"))]),
        (.watchStands, [.read]),
        (.changed, []),
        (read([other, own]), [.read]),
        (read([own], last: 4), [.report(.acquired(token: 5)), .grant(token: 5)]),
      ])
  }

  @Test("says once who holds, not again when the holder notes since when")
  func reportsHoldersOnce() {
    var noted = other
    noted.record.granted = "now"
    let third = QueueEntry(key: "third", order: 3, record: Self.record("c"))
    check(
      machine(),
      [
        begin,
        (
          joined([third, other, own]),
          [
            .report(.waiting(.held(by: [third], waitersBefore: 1))), .watch(.place(key: "other")),
          ]
        ),
        (.watchStands, [.read]),
        (read([other, own], last: 3), [.report(.waiting(held))]),
        (.changed, [.read]),
        (read([noted, own], last: 3), [.watch(.place(key: "other"))]),
        (
          .waitOver,
          [.report(.skipped(.held(by: [noted], waitersBefore: 0))), .leave]
        ),
      ])
  }

  @Test("tells a place that vanished without a release")
  func stale() {
    check(
      machine(),
      [
        begin,
        (joined([other, own]), [.report(.waiting(held)), .watch(.place(key: "other"))]),
        (.watchStands, [.read]),
        (.changed, []),
        (
          read([own], last: 3),
          [.report(.stale(other)), .report(.acquired(token: 5)), .grant(token: 5)]
        ),
      ])
  }

  @Test("waits behind a halt, and watches for its end")
  func halted() {
    let halt = HaltRecord(who: "w", why: "y", since: "then")
    check(
      machine(),
      [begin, (joined([own], halt: halt), [.report(.waiting(.halted(halt))), .watch(.obstacles)])])
  }

  @Test("skips and leaves when it is not to wait")
  func skips() {
    check(
      machine(.none),
      [
        begin,
        (joined([other, own]), [.report(.skipped(held)), .leave]),
        (.left, [.finish(.notAcquired(held))]),
      ])
  }

  @Test("tries again while the store is away, and gives up when it is not to wait")
  func storeAway() {
    check(
      machine(),
      [
        begin,
        (.failed(away), [.report(.waiting(.storeUnavailable("\(away)"))), .retryLater(attempt: 1)]),
        (.retryDue, [.join]),
        (.failed(away), [.retryLater(attempt: 2)]),
        (.retryDue, [.join]),
        (joined([own]), [.report(.acquired(token: 5)), .grant(token: 5)]),
      ])
    check(machine(.none), [begin, (.failed(away), [.leave]), (.left, [.finish(away)])])
  }

  @Test("asks for nothing when it is cancelled before")
  func cancelledBefore() {
    check(machine(), [(.cancelled, [.finish(.cancelled)]), (.started, [])])
  }

  @Test("gives up at once what no waiting mends")
  func refused() {
    let refused = LockError.refused(store: "s", detail: "no")
    check(machine(), [begin, (.failed(refused), [.leave]), (.left, [.finish(refused)])])
  }

  @Test("asks anew when its place is gone while it waits")
  func placeGone() {
    check(
      machine(),
      [
        begin,
        (joined([other, own]), [.report(.waiting(held)), .watch(.place(key: "other"))]),
        (.placeGone("why"), [.report(.lost("why")), .join]),
      ])
  }

  @Test("a holder whose place is gone ends, once")
  func lost() {
    check(
      machine(),
      [
        begin, (joined([own]), [.report(.acquired(token: 5)), .grant(token: 5)]),
        (.placeGone("why"), [.end(.lost("why")), .report(.lost("why"))]),
        (.placeGone("again"), []),
      ])
  }

  @Test("a place of the same name and another order is not its own")
  func anothersPlace() {
    var machine = machine()
    _ = machine.handle(.started)
    let stolen = QueueEntry(key: own.key, order: 9, record: own.record)
    let actions = machine.handle(joined([stolen]))
    #expect(actions.last == .join)
    #expect(!actions.contains(.grant(token: 5)))
  }

  /// No order of events grants twice, or grants after it has given up.
  @Test("whatever the order of events, it grants at most once and never after leaving", arguments: 0..<2_000)
  func anyOrder(_ seed: Int) {
    var random = Seeded(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1)
    let events: [QueueMachine.Event] = [
      .started, joined([own]), joined([other, own]), read([own]), read([other, own]), read([other]), .watchStands,
      .changed, .failed(away), .retryDue, .waitOver, .cancelled, .placeGone("gone"), .left,
      orphaned(3), orphaned(2), .boundOver(1), .boundOver(2), .halted(nil),
    ]
    var machine = machine(seed.isMultiple(of: 3) ? .none : .unlimited)
    var grants = 0
    var hasLeft = false
    var isOver = false
    for _ in 0..<60 {
      let event = events[Int(random.next() % UInt64(events.count))]
      let actions = machine.handle(event)
      #expect(!isOver || actions.isEmpty, "\(event) after the end")
      for action in actions {
        switch action {
        case .grant:
          grants += 1
          #expect(!hasLeft)
        case .leave: hasLeft = true
        case .finish, .end: isOver = true
        default: break
        }
      }
    }
    #expect(grants <= 1)
  }
}

/// xorshift64: the same orders in every run.
private struct Seeded {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
