import Locking
import Testing

@Suite("A change that lost its holder")
struct OrphanedChangeTests {
  private static let own = entry("a", order: 5)
  private static let other = entry("b", order: 4)
  private static let intent = IntentRecord(
    node: "b", holder: other.record.holder, token: 4, generation: "g", commit: "c", bound: 30, since: "then")
  private static let halt = HaltRecord(vanished: intent, seenBy: "a", since: "now")

  private static func entry(_ node: String, order: UInt64, slots: Int = 1) -> QueueEntry {
    let holder = Holder(node: node, instance: node, pid: 1, version: "test")
    return QueueEntry(
      key: node, order: order, record: QueueRecord(holder: holder, purpose: "test", asked: "then", slots: slots))
  }

  private static func joined(
    _ intents: [IntentRecord], halt: HaltRecord? = nil, queue: [QueueEntry] = [own]
  ) -> QueueMachine.Event {
    .joined(key: own.key, order: own.order, LockStatus(queue: queue, halt: halt, intents: intents))
  }

  private static func read(_ intents: [IntentRecord], halt: HaltRecord? = nil) -> QueueMachine.Event {
    .read(LockStatus(queue: [own], halt: halt, intents: intents))
  }

  typealias Step = (event: QueueMachine.Event, actions: [QueueMachine.Action])

  struct Story: CustomTestStringConvertible, Sendable {
    var name: String
    var wait = LockRequest.Wait.unlimited
    var steps: [Step]
    var testDescription: String { name }
  }

  private static let begin: Step = (.started, [.report(.asked), .join])
  private static let seen: Step = (
    joined([intent]), [.report(.waiting(.intents([intent]))), .awaitBound(1, .seconds(30)), .watch(.obstacles)]
  )
  /// Until it has found the change, and waits for its end.
  private static let waiting: [Step] = [begin, seen, (.watchStands, [.read]), (read([intent]), [])]
  private static let granted: [QueueMachine.Action] = [.report(.acquired(token: 5)), .grant(token: 5)]

  static let stories: [Story] = [
    Story(
      name: "its bound is waited out, then the group is halted",
      steps: waiting + [
        (.boundOver(1), [.read]),
        (read([intent]), [.halt(intent)]),
        (.halted(halt), [.report(.halted(halt)), .read]),
        (read([intent], halt: halt), [.report(.waiting(.halted(halt))), .watch(.obstacles)]),
      ]),
    Story(
      name: "who settles it in time is followed",
      steps: waiting + [(.changed, [.read]), (read([]), granted), (.boundOver(1), [])]),
    Story(
      name: "settled as the bound ends, it halts nothing",
      steps: waiting + [(.boundOver(1), [.read]), (read([]), granted)]),
    Story(
      name: "seen again, it is not counted anew",
      steps: waiting + [(.changed, [.read]), (read([intent]), []), (.boundOver(1), [.read])]),
    Story(
      name: "another change of the same node is",
      steps: waiting + [
        (.changed, [.read]),
        (
          read([second]),
          [.report(.waiting(.intents([second]))), .awaitBound(2, .seconds(30))]
        ),
        (.boundOver(1), [.read]),
        (read([second]), []),
        (.boundOver(2), [.read]),
        (read([second]), [.halt(second)]),
      ]),
    Story(
      name: "a bound that ends while the store is away halts as soon as it is back",
      steps: waiting + [
        (.changed, [.read]),
        (.failed(away), [.report(.waiting(.storeUnavailable("\(away)"))), .retryLater(attempt: 1)]),
        (.boundOver(1), []),
        (.retryDue, [.read]),
        (read([intent]), [.report(.waiting(.intents([intent]))), .halt(intent)]),
        (.failed(away), [.report(.waiting(.storeUnavailable("\(away)"))), .retryLater(attempt: 1)]),
        (.retryDue, [.read]),
        (read([intent]), [.report(.waiting(.intents([intent]))), .halt(intent)]),
      ]),
    Story(
      name: "a bound that ends during a reading is not missed",
      steps: [
        begin, seen, (.watchStands, [.read]), (.boundOver(1), []), (read([intent]), [.halt(intent)]),
      ]),
    Story(
      name: "what came between the reading and the halt is read again",
      steps: waiting + [
        (.boundOver(1), [.read]), (read([intent]), [.halt(intent)]), (.halted(nil), [.read]), (read([]), granted),
      ]),
    Story(
      name: "after a halt that somebody cleared, its bound begins anew",
      steps: waiting + [
        (.changed, [.read]),
        (read([intent], halt: halt), [.report(.waiting(.halted(halt)))]),
        (.boundOver(1), [.read]),
        (read([intent], halt: halt), []),
        (.changed, [.read]),
        (read([intent]), [.report(.waiting(.intents([intent]))), .awaitBound(2, .seconds(30))]),
      ]),
    Story(
      name: "who gives up while the halt is under way tells of it",
      steps: waiting + [
        (.boundOver(1), [.read]), (read([intent]), [.halt(intent)]), (.cancelled, [.leave]),
        (.halted(halt), [.report(.halted(halt))]), (.left, [.finish(.cancelled)]),
      ]),
    Story(
      name: "who does not wait takes no count",
      wait: .none,
      steps: [begin, (joined([intent]), [.report(.skipped(.intents([intent]))), .leave])]),
    Story(name: "one of the own node holds nobody back", steps: [begin, (joined([ofOwnNode]), granted)]),
    Story(
      name: "behind others it is not looked at",
      steps: [
        begin,
        (
          joined([intent], queue: [entry("c", order: 3), own]),
          [.report(.waiting(.held(by: [entry("c", order: 3)], waitersBefore: 0))), .watch(.place(key: "c"))]
        ),
      ]),
  ]

  private static let away = LockError.unavailable(store: "s", detail: "away")
  private static var second: IntentRecord {
    var second = intent
    second.token = 3
    return second
  }
  private static var ofOwnNode: IntentRecord {
    var own = intent
    own.node = "a"
    return own
  }

  @Test("is waited for", arguments: stories)
  func story(_ story: Story) {
    var machine = QueueMachine(LockRequest(holder: Self.own.record.holder, purpose: "test", wait: story.wait))
    for (number, step) in story.steps.enumerated() {
      #expect(machine.handle(step.event) == step.actions, "step \(number): \(step.event)")
    }
  }

  @Test("of the same node, at work in another process, is over with its place")
  func waitsForThePlace() {
    let own = Self.entry("a", order: 5, slots: 2)
    let other = Self.entry("a", order: 4, slots: 2)
    var machine = QueueMachine(LockRequest(holder: own.record.holder, purpose: "test", slots: 2))
    _ = machine.handle(.started)
    let status = LockStatus(queue: [other, own], intents: [Self.ofOwnNode])
    #expect(
      machine.handle(.joined(key: own.key, order: own.order, status)) == [
        .report(.waiting(.intents([Self.ofOwnNode]))), .watch(.queue),
      ])
  }

  @Test("is watched anew when the watch breaks off", arguments: [true, false])
  func watchesAnew(stands: Bool) {
    var machine = QueueMachine(LockRequest(holder: Self.own.record.holder, purpose: "test"))
    for step in [Self.begin, Self.seen] { _ = machine.handle(step.event) }
    if stands {
      #expect(machine.handle(.watchStands) == [.read])
      #expect(machine.handle(Self.read([Self.intent])).isEmpty)
    }
    #expect(machine.handle(.watchBroke) == [.read])
    #expect(machine.handle(Self.read([Self.intent])) == [.watch(.obstacles)])
  }

  @Test(
    "of the same node blocks where another of its processes is at work",
    arguments: [(isAtWork: true, blocks: true), (isAtWork: false, blocks: false)])
  func ofOneNode(_ sample: (isAtWork: Bool, blocks: Bool)) {
    let own = Self.entry("a", order: 5, slots: 2)
    let other = Self.entry("a", order: 4, slots: 2)
    let status = LockStatus(queue: [own] + (sample.isAtWork ? [other] : []), intents: [Self.ofOwnNode])
    #expect((status.obstacleToChange(by: own) != nil) == sample.blocks)
    var itsOwn = Self.ofOwnNode
    itsOwn.token = own.order
    #expect(LockStatus(queue: [own], intents: [itsOwn]).obstacleToChange(by: own) == nil)
  }

  @Test(
    "blocks where its holder is gone, not where it is at work in another slot",
    arguments: [
      (slots: 1, isAtWork: false, blocks: true), (slots: 1, isAtWork: true, blocks: true),
      (slots: 2, isAtWork: false, blocks: true), (slots: 2, isAtWork: true, blocks: false),
    ])
  func slots(_ sample: (slots: Int, isAtWork: Bool, blocks: Bool)) {
    let own = Self.entry("a", order: 5, slots: sample.slots)
    let status = LockStatus(queue: [own] + (sample.isAtWork ? [Self.other] : []), intents: [Self.intent])
    #expect(status.isOrphaned(Self.intent) == !sample.isAtWork)
    #expect(status.obstacle(toPlace: 0, of: own) == (sample.blocks ? .intents([Self.intent]) : nil))
  }

  @Test(
    "a generation that failed anywhere is known by it until it may be tried again",
    arguments: [NodeRecord.failed, NodeRecord.stuck])
  func failed(_ outcome: String) {
    let node = NodeRecord(node: "b", generation: "g", version: "test", outcome: outcome)
    let other = NodeRecord(node: "a", generation: "h", version: "test", outcome: "applied")
    var status = LockStatus(queue: [], nodes: [other, node])
    #expect(status.failed(generation: "g") == node)
    #expect(status.failed(generation: "h") == nil)
    #expect(status.resumption(ResumeRequest()).isEmpty)
    status.nodes[1] = status.resumption(ResumeRequest(retry: true)).retried[0]
    #expect(status.failed(generation: "g") == nil)
  }

  @Test("a place that is for no slot at all is read as one for one", arguments: [-1, 0, 1, 2])
  func slotsInTheStore(_ slots: Int) throws {
    let holder = #"{"instance":"i","node":"b","pid":1,"version":"0.1.0"}"#
    let text = #"{"asked":"then","holder":\#(holder),"purpose":"test","slots":\#(slots)}"#
    let record = try RecordCoding.decode(QueueRecord.self, from: text.utf8, named: "place")
    #expect(record.slots == max(1, slots))
    let status = LockStatus(queue: (1...3).map { QueueEntry(key: "\($0)", order: $0, record: record) })
    #expect(status.holders.map(\.order) == Array(1...UInt64(record.slots)))
    #expect(status.waiters.count == 3 - record.slots)
  }

  @Test("what another version wrote is read")
  func otherVersions() throws {
    let holder = #"{"instance":"i","node":"b","pid":1,"version":"0.1.0"}"#
    let old = #"{"generation":"g","holder":\#(holder),"node":"b","since":"then","token":4}"#
    #expect(
      try RecordCoding.decode(IntentRecord.self, from: old.utf8, named: "old").bound == IntentRecord.defaultBound)
    let new = #"{"since":"then","who":"w","why":"y","whatever":{"is":"new"}}"#
    #expect(
      try RecordCoding.decode(HaltRecord.self, from: new.utf8, named: "new")
        == HaltRecord(who: "w", why: "y", since: "then"))
  }
}
