import Kernel
import Model
package import Plan
package import Spec

/// How a node's changes are proved before they stay.
package struct ProofTerms: Hashable, Sendable {
  /// Whether changes are on trial at all.
  package var mode: TrialMode
  /// How long a change is held until it is confirmed, where no spec says; nil for `usualDeadline`.
  package var deadline: Duration?
  /// Of the agent's own settings, beside those of the specs.
  package var probes: [Probe]
  /// Whether reaching the lock is proof of anything: it is not, if the lock is a file of this machine.
  package var provesLock: Bool
  /// How long a person has for a consent, whatever the specs say; nil if nobody is asked.
  package var consentTime: Duration?

  package static let usualDeadline = Duration.seconds(10)

  package init(
    mode: TrialMode = .auto, deadline: Duration? = nil, probes: [Probe] = [], provesLock: Bool = false
  ) {
    self.mode = mode
    self.deadline = deadline
    self.probes = probes
    self.provesLock = provesLock
  }

  /// Between the end of the proof and that of the trial: a confirmation takes a fraction of a millisecond, and a kernel that
  /// is asked for it with too little time left refuses.
  static let confirmingTime = Duration.milliseconds(300)
  /// What must be left of the baton's term beyond a trial: the second that the kernel's trial asks for, and the way there.
  static let spareTime = Duration.milliseconds(1_500)
  /// With less, an ordinary delay of the network would take a good change back.
  static let shortestTrial = Duration.seconds(1)

  func probes(for spec: NodeSpec) -> [Probe] { probes + spec.probes }

  func isProved(_ spec: NodeSpec) -> Bool {
    mode != .off && (provesLock || consentTime != nil || !probes(for: spec).isEmpty)
  }

  private func wish(of spec: NodeSpec) -> Duration? { consentTime ?? spec.trial?.deadline ?? deadline }
  private func time(for spec: NodeSpec) -> Duration { wish(of: spec) ?? ProofTerms.usualDeadline }

  /// How long a change is held at most: as long as is wished, if the baton lasts for it.
  func trialTime(for spec: NodeSpec, left: Duration?) throws(StepFailure) -> Duration {
    let left = left ?? .zero
    let time = min(time(for: spec), left - ProofTerms.spareTime)
    if time >= ProofTerms.shortestTrial { return time }
    throw StepFailure(
      """
      the baton is held for \(left) more, which leaves no time to prove the change: give the lock a longer time to live \
      (`?ttl=15` in its URL)
      """, hadEffect: false)
  }

  /// How long the baton must last for what the spec asks for; nil where any will do.
  package func term(for spec: NodeSpec) -> Duration? {
    guard isProved(spec), let wished = wish(of: spec) else { return nil }
    // Of a lease that is renewed at each third, two thirds are left at the least.
    return (wished + ProofTerms.spareTime) * 3 / 2
  }

  /// How long others wait for a node that is gone before they take its change for failed: its kernel has taken back what
  /// was on trial by then, and the node had some time to come back and say so itself.
  func intentBound(for spec: NodeSpec) -> Duration {
    time(for: spec) + .seconds(5)
  }

  private func isRequired(_ spec: NodeSpec) -> Bool { mode == .required || spec.trial?.isRequired == true }

  /// Throws if the change would be refused once the baton is held.
  package func check(_ preparation: Reconciler.Preparation) throws {
    let spec = preparation.spec
    guard isRequired(spec) else { return }
    try checkProof(of: spec)
    try check(TrialPlan(preparation, number: 0), for: spec)
  }

  /// Throws if only changes on trial are allowed, and there can be none.
  func checkProof(of spec: NodeSpec) throws(StepFailure) {
    if let reason = unproved(spec), isRequired(spec) {
      throw StepFailure("only changes on trial are allowed here, and \(reason)", hadEffect: false)
    }
  }

  /// Throws if only changes on trial are allowed, and this one cannot be tried.
  func check(_ trial: TrialPlan, for spec: NodeSpec) throws(StepFailure) {
    guard isRequired(spec), let first = trial.obstacles.first else { return }
    throw StepFailure(
      "this change cannot be tried, and only changes on trial are allowed here: \(first.obstacle)", hadEffect: false)
  }

  /// Why nothing is on trial; nil if it is.
  private func unproved(_ spec: NodeSpec) -> String? {
    if isProved(spec) { return nil }
    if mode == .off { return "trials are off" }
    return "nothing would prove this: there are no probes, and the lock is a file of this machine"
  }

  /// What would become of the plan.
  package func forecast(of preparation: Reconciler.Preparation) -> TrialForecast {
    let spec = preparation.spec
    if let reason = unproved(spec) {
      return TrialForecast(isRequired(spec) ? .refused : .direct, reason: reason)
    }
    let trial = TrialPlan(preparation, number: 0)
    do throws(StepFailure) {
      try check(trial, for: spec)
    } catch {
      return TrialForecast(.refused, reason: error.reason)
    }
    return TrialForecast(trial, routes: preparation.plan.routes.count, deadline: time(for: spec))
  }
}

extension TrialPlan {
  init(_ preparation: Reconciler.Preparation, number: UInt64) {
    self.init(
      number: number, current: preparation.snapshot.state.tables, desired: preparation.spec.state.tables,
      changes: preparation.plan.nftables)
  }
}
