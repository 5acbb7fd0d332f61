import Agent
import Testing

@Suite struct ChangeMachineTests {
  typealias Step = (event: ChangeMachine.Event, actions: [ChangeMachine.Action])

  /// Events and the actions that each must bring.
  struct Story: Sendable, CustomTestStringConvertible {
    var name: String
    var steps: [Step]
    var testDescription: String { name }

    init(_ name: String, _ steps: Step...) {
      self.name = name
      self.steps = steps
    }

    /// After other steps.
    init(_ name: String, after first: [Step], _ steps: Step...) {
      self.name = name
      self.steps = first + steps
    }
  }

  private static let plain = ChangeMachine.Outline(isProved: false, hasTrial: false, needsDeadMan: false)
  private static let trial = ChangeMachine.Outline(isProved: true, hasTrial: true, needsDeadMan: false)
  private static let routes = ChangeMachine.Outline(isProved: true, hasTrial: false, needsDeadMan: true)
  private static let both = ChangeMachine.Outline(isProved: true, hasTrial: true, needsDeadMan: true)

  /// Up to and with the request for a step, all done before it.
  private static func until(_ last: ChangeMachine.Step, of outline: ChangeMachine.Outline) -> [Step] {
    var steps: [Step] = [(.started(outline), [.perform(.announce)])]
    var done = ChangeMachine.Step.announce
    for step in order(of: outline) where done != last {
      steps.append((.done(done), [.perform(step)]))
      done = step
    }
    return steps
  }

  private static func order(of outline: ChangeMachine.Outline) -> [ChangeMachine.Step] {
    guard outline.isProved else { return [.journal, .effect] }
    return [.journal] + (outline.needsDeadMan ? [.deadMan] : []) + [.effect, .prove]
      + (outline.hasTrial ? [.confirm] : []) + (outline.needsDeadMan ? [.keep] : [])
      + (outline.hasTrial ? [.promote] : [])
  }

  private static func ended(_ outcome: ChangeMachine.Outcome) -> [Step] {
    [(.done(.settle), [.perform(.close)]), (.done(.close), [.finish(outcome)])]
  }

  private static let stories: [Story] = [
    Story(
      "not proved: the transaction decides",
      after: until(.effect, of: plain) + [(.done(.effect), [.settle(.applied)])] + ended(.applied)),
    Story(
      "on trial: confirmed, made plain",
      after: until(.promote, of: trial) + [(.done(.promote), [.settle(.applied)])] + ended(.applied)),
    Story("routes: kept by the dead-man", after: until(.keep, of: routes), (.done(.keep), [.settle(.applied)])),
    Story("both: the trial decides", after: until(.promote, of: both), (.done(.promote), [.settle(.applied)])),
    Story(
      "no intent, no effect", after: until(.announce, of: both),
      (.failed(.announce, reason: "x", hadEffect: false), [.settle(.refused("x"))]),
      (.done(.effect), [])),
    Story(
      "no journal, no effect", after: until(.journal, of: both),
      (.failed(.journal, reason: "full", hadEffect: false), [.settle(.refused("full"))])),
    Story(
      "no dead-man, no effect", after: until(.deadMan, of: both),
      (.failed(.deadMan, reason: "x", hadEffect: false), [.settle(.refused("x"))])),
    Story(
      "nothing of it is in effect: nothing is taken back", after: until(.effect, of: both),
      (.failed(.effect, reason: "x", hadEffect: false), [.settle(.refused("x"))])),
    Story(
      "part of it is in effect: that is taken back", after: until(.effect, of: both),
      (.failed(.effect, reason: "x", hadEffect: true), [.perform(.revert)]),
      (.done(.revert), [.settle(.reverted("x"))])),
    Story(
      "a probe fails", after: until(.prove, of: trial),
      (.failed(.prove, reason: "tcp", hadEffect: true), [.perform(.revert)]),
      (.done(.revert), [.settle(.reverted("tcp"))])),
    Story(
      "a confirmation's answer is lost, and the kernel has it", after: until(.confirm, of: both),
      (.failed(.confirm, reason: "lost", hadEffect: true), [.perform(.revert)]), (.foundKept, [.perform(.keep)]),
      (.done(.keep), [.perform(.promote)])),
    Story(
      "a confirmation comes too late", after: until(.confirm, of: trial),
      (.failed(.confirm, reason: "late", hadEffect: false), [.perform(.revert)]),
      (.done(.revert), [.settle(.reverted("late"))])),
    Story(
      "the dead-man was faster", after: until(.keep, of: routes),
      (.failed(.keep, reason: "late", hadEffect: true), [.perform(.revert)])),
    Story(
      "with a confirmed trial the dead-man needs no word", after: until(.keep, of: both),
      (.failed(.keep, reason: "hangs", hadEffect: true), [.perform(.promote)])),
    Story(
      "what is confirmed stays, also in a trial's form", after: until(.promote, of: trial),
      (.failed(.promote, reason: "busy", hadEffect: false), [.settle(.applied)])),
    Story(
      "taking back fails: the fleet halts, and the journal stays for the next", after: until(.prove, of: routes),
      (.failed(.prove, reason: "tcp", hadEffect: true), [.perform(.revert)]),
      (
        .failed(.revert, reason: "EPERM", hadEffect: true),
        [.settle(.stuck("tcp; taking it back failed too: EPERM"))]
      ),
      (.done(.settle), [.finish(.stuck("tcp; taking it back failed too: EPERM"))])),
    Story(
      "the store is away at the end: the journal stays", after: until(.promote, of: trial),
      (.done(.promote), [.settle(.applied)]),
      (.failed(.settle, reason: "away", hadEffect: false), [.finish(.applied)])),
    Story(
      "the baton ends before the effect: nothing begins", after: until(.journal, of: trial), (.untrusted("lost"), []),
      (.done(.journal), [.settle(.refused("lost"))])),
    Story(
      "the baton ends during the proof: no probe can make it good", after: until(.prove, of: trial),
      (.untrusted("lost"), [.perform(.revert)]), (.done(.prove), []), (.done(.revert), [.settle(.reverted("lost"))])),
    Story(
      "the baton ends during the effect: it is not proved", after: until(.effect, of: trial), (.untrusted("lost"), []),
      (.done(.effect), [.perform(.revert)])),
    Story(
      "the baton ends once it is confirmed: it stays", after: until(.promote, of: trial), (.untrusted("lost"), []),
      (.done(.promote), [.settle(.applied)])),
    Story(
      "another program commits: planned anew, and the journal written anew", after: until(.effect, of: trial),
      (.moved, [.plan]), (.planned(both), [.perform(.journal)]), (.done(.journal), [.perform(.deadMan)])),
    Story(
      "another program has done it", after: until(.effect, of: trial), (.moved, [.plan]),
      (.planned(nil), [.settle(.nothingLeft)])),
    Story(
      "no plan can be made any more", after: until(.effect, of: trial), (.moved, [.plan]),
      (.unplannable("x"), [.settle(.refused("x"))])),
    Story("found as kept", (.found(.kept), [.settle(.applied)])),
    Story(
      "found open, and confirmed after all", (.found(.open), [.perform(.revert)]), (.foundKept, [.settle(.applied)])),
    Story(
      "found open", (.found(.open), [.perform(.revert)]),
      (.done(.revert), [.settle(.reverted("the process that made this change ended before it was confirmed"))])),
    Story("found ended, and nobody was told", (.found(.ended(.reverted("x"))), [.settle(.reverted("x"))])),
    Story(
      "late answers of other steps mean nothing", after: until(.journal, of: both), (.done(.announce), []),
      (.done(.prove), []), (.moved, []), (.foundKept, []), (.planned(trial), []), (.started(trial), []),
      (.failed(.effect, reason: "x", hadEffect: true), [])),
    Story(
      "the end is the end",
      after: until(.effect, of: plain) + [(.done(.effect), [.settle(.applied)])] + ended(.applied),
      (.done(.close), []), (.untrusted("x"), []), (.started(plain), [])),
  ]

  @Test(arguments: stories) func story(_ story: Story) {
    var machine = ChangeMachine()
    for (number, step) in story.steps.enumerated() {
      #expect(machine.handle(step.event) == step.actions, "step \(number): \(step.event)")
    }
  }

  @Test func anotherProgramThatNeverRestsIsTold() throws {
    var machine = ChangeMachine()
    for step in Self.until(.effect, of: Self.trial) { _ = machine.handle(step.event) }
    for _ in 1..<ChangeMachine.attempts {
      #expect(machine.handle(.moved) == [.plan])
      #expect(machine.handle(.planned(Self.trial)) == [.perform(.journal)])
      #expect(machine.handle(.done(.journal)) == [.perform(.effect)])
    }
    let last = machine.handle(.moved)
    guard case .settle(.refused(let reason)) = try #require(last.first) else {
      Issue.record("it goes on: \(last)")
      return
    }
    #expect(reason.contains("nft monitor"))
  }

  @Test func onlyWhatMayHaveBeenMetHalts() {
    let outcomes: [(ChangeMachine.Outcome, Bool)] = [
      (.applied, false), (.nothingLeft, false), (.refused("x"), false), (.reverted("x"), true), (.stuck("x"), true),
      (.declined("x"), false),
    ]
    for (outcome, halts) in outcomes { #expect(outcome.halts == halts) }
  }
}
