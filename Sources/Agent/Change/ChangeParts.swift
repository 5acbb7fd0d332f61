package import History
package import Kernel
package import Locking
package import Logging
package import Probing

/// What a change is made with.
package struct ChangeParts: Sendable {
  package var reconciler: Reconciler
  package var kernel: any TrialKernel
  package var lock: any LockBackend
  package var recorder: ChangeRecorder
  package var journal: ChangeJournal
  package var deadMan: any DeadManStarter
  package var prober: any Prober
  package var terms: ProofTerms
  /// Asked while the probes run, and may be the last that has to say yes; nil if nobody is asked.
  package var consent: (any Consent)?

  package init(
    reconciler: Reconciler, kernel: any TrialKernel, lock: any LockBackend, recorder: ChangeRecorder,
    journal: ChangeJournal, deadMan: any DeadManStarter, prober: any Prober, terms: ProofTerms,
    consent: (any Consent)? = nil
  ) {
    self.reconciler = reconciler
    self.kernel = kernel
    self.lock = lock
    self.recorder = recorder
    self.journal = journal
    self.deadMan = deadMan
    self.prober = prober
    self.terms = terms
    self.consent = consent
  }

  /// The node's change, for as long as the claim lives.
  package func claim() throws -> ChangeClaim {
    guard let claim = try journal.claim() else {
      throw RecoveryFailure(
        "another process on this node is in the middle of a change (`fuser -v \(journal.folder)/change.lock`)")
    }
    switch try claim.find() {
    case .none, .torn: return claim
    case .foreign, .earlierBoot, .open:
      throw RecoveryFailure("an earlier change of this node is still open (\(journal.path))")
    }
  }

  /// Makes plain what a confirmed trial left in the kernel.
  package func promote(with baton: Baton) async throws {
    tell(try await kernel.promote(record: .keep, with: baton))
  }

  func tell(_ promotion: Promotion?) {
    guard let shortfall = promotion?.shortfall else { return }
    logger.warning("some counters miss packets", metadata: ["reason": "\(shortfall)"])
  }

  package var logger: Logger { recorder.logger }
}

/// Somebody who must agree before a change stays.
package protocol Consent: Sendable {
  func ask(until deadline: ContinuousClock.Instant) async -> ConsentAnswer
}

package enum ConsentAnswer: Hashable, Sendable {
  case yes
  /// Somebody looked and does not want it.
  case no(String)
  /// Nobody could answer, which may be the change's fault.
  case unanswered(String)
}

/// A step that did not end well.
struct StepFailure: Error, CustomStringConvertible {
  var reason: String
  /// As the kernel or a plan gave it, which may know the spec's line.
  var cause: (any Error)?
  /// False only if it is certain that the step changed nothing.
  var hadEffect: Bool

  init(_ reason: String, hadEffect: Bool) {
    self.reason = reason
    self.hadEffect = hadEffect
  }

  var description: String { reason }

  /// - Parameter hadEffect: of what came before in the same step.
  init(_ error: any Error, hadEffect: Bool = false) {
    let isUnknown = (error as? KernelError)?.cause == .unknownOutcome
    self.init("\(error)", hadEffect: hadEffect || isUnknown)
    cause = error
  }
}
