import Agent
import Testing

@Suite struct AgentMachineTests {
  /// Events and the actions that each must bring.
  struct Story: Sendable, CustomTestStringConvertible {
    var name: String
    var steps: [(AgentMachine.Event, [AgentMachine.Action])]
    var testDescription: String { name }
  }

  static let stories: [Story] = [
    Story(
      name: "nothing differs: the baton is never asked for",
      steps: [
        (.specChanged, [.plan]), (.planned(.nothing), []), (.resyncDue, [.plan]), (.planned(.nothing), []),
      ]),
    Story(
      name: "a difference is applied under the baton, then the baton goes back",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.batonGranted, [.apply]), (.applied, [.release]),
        (.released, []),
      ]),
    Story(
      name: "no spec yet: what an earlier process left open is settled all the same",
      steps: [
        (.resyncDue, [.plan]), (.planned(.unsettled), [.recover]), (.recovered, [.plan]), (.planned(.nothing), []),
      ]),
    Story(
      name: "what others change does not shorten a pause, and a resync or an edit ends it",
      steps: [
        (.specChanged, [.plan]), (.planned(.refused("x")), [.retry(after: .seconds(1))]), (.kernelChanged, []),
        (.resyncDue, [.plan]), (.planned(.refused("x")), [.retry(after: .seconds(2))]), (.kernelChanged, []),
        (.specChanged, [.plan]), (.planned(.nothing), []), (.kernelChanged, [.plan]),
      ]),
    Story(
      name: "what an earlier process left open is settled before anything else",
      steps: [
        (.specChanged, [.plan]), (.planned(.unsettled), [.recover]), (.specChanged, []), (.recovered, [.plan]),
        (.planned(.changes), [.acquire]),
      ]),
    Story(
      name: "what stays open is tried again later, and nothing is changed meanwhile",
      steps: [
        (.specChanged, [.plan]), (.planned(.unsettled), [.recover]),
        (.recoveryFailed("x"), [.retry(after: .seconds(1))]), (.retryDue, [.plan]),
      ]),
    Story(
      name: "drift while applying is looked at afterwards",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.batonGranted, [.apply]), (.kernelChanged, []),
        (.applied, [.release]), (.released, [.plan]), (.planned(.nothing), []),
      ]),
    Story(
      name: "a spec edit while waiting needs no second pass: the grant plans anew",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.specChanged, []), (.batonGranted, [.apply]),
        (.applied, [.release]), (.released, []),
      ]),
    Story(
      name: "a refused plan is tried again, later each time",
      steps: [
        (.specChanged, [.plan]), (.planned(.refused("x")), [.retry(after: .seconds(1))]), (.retryDue, [.plan]),
        (.planned(.refused("x")), [.retry(after: .seconds(2))]), (.retryDue, [.plan]),
        (.planned(.refused("x")), [.retry(after: .seconds(4))]), (.specChanged, [.plan]),
        (.planned(.refused("y")), [.retry(after: .seconds(1))]),
      ]),
    Story(
      name: "a failed change gives the baton back before the pause",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.batonGranted, [.apply]),
        (.applyFailed("refused"), [.release]), (.released, [.retry(after: .seconds(1))]),
      ]),
    Story(
      name: "the baton is not to be had: try again",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]),
        (.batonRefused("halt"), [.retry(after: .seconds(1))]),
        (.retryDue, [.plan]),
      ]),
    Story(name: "stop at rest", steps: [(.stopRequested, [.finish]), (.specChanged, [])]),
    Story(
      name: "stop while planning waits for the plan and asks for nothing",
      steps: [
        (.specChanged, [.plan]), (.stopRequested, []), (.planned(.changes), [.finish]),
      ]),
    Story(
      name: "stop while waiting gives up the wait",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.stopRequested, [.abandonWait]),
        (.batonRefused("abandoned"), [.finish]),
      ]),
    Story(
      name: "a grant that crosses the stop goes straight back",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.stopRequested, [.abandonWait]),
        (.batonGranted, [.release]), (.released, [.finish]),
      ]),
    Story(
      name: "stop in the middle of a change lets it end and releases",
      steps: [
        (.specChanged, [.plan]), (.planned(.changes), [.acquire]), (.batonGranted, [.apply]), (.stopRequested, []),
        (.applied, [.release]), (.released, [.finish]),
      ]),
  ]

  @Test(arguments: stories) func story(_ story: Story) {
    var machine = AgentMachine()
    for (event, actions) in story.steps {
      #expect(machine.handle(event) == actions, "after \(event)")
    }
  }

  @Test func pausesHaveABound() {
    var machine = AgentMachine(firstPause: .seconds(1), longestPause: .seconds(10))
    _ = machine.handle(.specChanged)
    var pauses: [AgentMachine.Action] = []
    for _ in 0..<40 {
      pauses += machine.handle(.planned(.refused("no")))
      _ = machine.handle(.retryDue)
    }
    #expect(pauses.last == .retry(after: .seconds(10)))
    #expect(machine.failures == 40)
  }

  /// Whatever order events come in: an apply comes only from a grant, each grant is released before the end, and a
  /// stop ends it.
  @Test(arguments: 0..<200) func anyOrder(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    var machine = AgentMachine()
    var isHeld = false
    for step in 0..<300 {
      let event = step == 250 ? .stopRequested : event(for: machine.phase, random: &random)
      if event == .batonGranted, machine.phase == .waiting { isHeld = true }
      for action in machine.handle(event) {
        if action == .apply { #expect(isHeld) }
        if action == .acquire || action == .finish { #expect(!isHeld) }
        if action == .release {
          #expect(isHeld)
          isHeld = false
        }
      }
    }
    #expect(machine.phase == .finished)
  }

  private func event(for phase: AgentMachine.Phase, random: inout SplitMix) -> AgentMachine.Event {
    let outside: [AgentMachine.Event] = [.specChanged, .kernelChanged, .resyncDue, .retryDue]
    if Bool.random(using: &random), let event = outside.randomElement(using: &random) { return event }
    switch phase {
    case .planning:
      let results: [AgentMachine.PlanResult] = [.changes, .nothing, .unsettled]
      return .planned(results.randomElement(using: &random) ?? .nothing)
    case .recovering: return Bool.random(using: &random) ? .recovered : .recoveryFailed("x")
    case .waiting: return Bool.random(using: &random) ? .batonGranted : .batonRefused("x")
    case .applying: return Bool.random(using: &random) ? .applied : .applyFailed("x")
    case .releasing: return .released
    case .idle, .finished: return .kernelChanged
    }
  }
}

/// A small generator whose runs can be repeated (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
