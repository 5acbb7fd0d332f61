import History
import Kernel
import Locking
import Logging
import Model
import Plan
package import Spec

/// Carries out what the agent's machine decides, and tells it what came of that.
///
/// It keeps what one pass hands to the next: the spec in force, the last preparation, the baton.
package actor AgentDriver {
  package struct Parts: Sendable {
    package var change: ChangeParts
    package var slots: Int
    /// Reads the spec source anew.
    package var loadSpec: @Sendable () throws -> SpecSource

    package init(change: ChangeParts, slots: Int, loadSpec: @escaping @Sendable () throws -> SpecSource) {
      self.change = change
      self.slots = slots
      self.loadSpec = loadSpec
    }
  }

  private let parts: Parts
  private var cache: SpecCache
  private var preparation: Reconciler.Preparation?
  private var baton: Baton?
  /// nftables' generation after the last read or own commit; what differs from it was somebody else.
  private var knownGeneration: UInt32?
  /// The digest that this node was last brought to, or found in.
  private var settledDigest: String?
  private var lastRejection: String?
  private var lastLoadError: String?
  private var reportedDigest: String?
  /// Of the source that selects this node by no spec.
  private var unselectedDigest: String?
  /// Whether it is known that no earlier process of this node left an intent without a journal.
  private var isIntentChecked = false
  /// Whether parts of a trial were seen that nobody confirmed.
  private var hasLeftovers = false

  package init(parts: Parts, cache: SpecCache) {
    self.parts = parts
    self.cache = cache
  }

  private var logger: Logger { parts.change.logger }
  private var lock: any LockBackend { parts.change.lock }
  private var holder: Holder { parts.change.recorder.holder }
  private var recovery: Recovery { Recovery(parts.change) }

  /// - Returns: whether there is a source that differs from the one before. A bad one is told and otherwise ignored.
  package func loadSpec() -> Bool {
    do {
      let isNew = cache.take(try parts.loadSpec())
      lastLoadError = nil
      return isNew
    } catch {
      let text = "\(error)"
      if text != lastLoadError {
        logger.error("the spec source cannot be used; what is in force stays", metadata: ["error": "\(text)"])
      }
      lastLoadError = text
      return false
    }
  }

  /// Another process of this node may have announced a change since, and ended.
  package func forgetIntentCheck() { isIntentChecked = false }

  /// Whether nftables was changed by somebody else since it was last looked at.
  package func kernelMoved() async throws -> Bool {
    guard let knownGeneration else { return false }
    let generation = try await parts.change.reconciler.kernel.generation()
    guard generation != knownGeneration else { return false }
    self.knownGeneration = generation
    return true
  }

  package func plan() async -> AgentMachine.Event {
    do {
      if try await isUnsettled() { return .planned(.unsettled) }
      guard cache.hasSource else { return .planned(.nothing) }
      let preparation = try await prepare()
      switch preparation.leftover {
      case .unconfirmed:
        guard try parts.change.journal.claim() != nil else {
          return .planned(.refused("another process on this node has a change on trial"))
        }
        hasLeftovers = true
        return .planned(.unsettled)
      case .confirmed: break
      case nil:
        guard !preparation.plan.isEmpty else {
          settledDigest = preparation.spec.digest
          logger.debug("in sync", metadata: ["generation": "\(preparation.spec.digest)"])
          await report(preparation.spec, outcome: "in sync")
          return .planned(.nothing)
        }
      }
      self.preparation = preparation
      return .planned(.changes)
    } catch {
      logger.error("no plan", metadata: ["error": "\(error)"])
      return .planned(.refused("\(error)"))
    }
  }

  /// Whether an earlier process of this node left a change open.
  private func isUnsettled() async throws -> Bool {
    if try recovery.isJournalOpen() { return true }
    guard !isIntentChecked else { return false }
    do {
      if try await recovery.hasIntent() { return true }
      isIntentChecked = true
    } catch let error as LockError {
      // Without the store nothing can be changed either; it is asked again with the next pass.
      logger.warning("whether this node left an intent is not known yet", metadata: ["error": "\(error)"])
    }
    return false
  }

  package func recover() async -> AgentMachine.Event {
    do {
      try await recovery.settleJournal()
      try await recovery.settleIntent()
      isIntentChecked = true
      if hasLeftovers { try await recovery.removeLeftovers() }
      hasLeftovers = false
      return .recovered
    } catch {
      logger.error("an earlier change is still open", metadata: ["error": "\(error)"])
      return .recoveryFailed("\(error)")
    }
  }

  private func prepare() async throws -> Reconciler.Preparation {
    let resolution = try cache.resolve(on: try await parts.change.reconciler.kernel.links())
    if let rejection = resolution.rejection, rejection != lastRejection {
      logger.error(
        "the new spec is not good for this node; the last good one stays in force",
        metadata: ["in_force": "\(resolution.spec.digest)", "error": "\(rejection)"])
    }
    lastRejection = resolution.rejection
    let preparation = try await parts.change.reconciler.prepare(resolution.spec, after: preparation)
    knownGeneration = preparation.snapshot.generation
    tellWhatStays(preparation)
    if settledDigest == nil { settledDigest = preparation.snapshot.record?.specGeneration }
    return preparation
  }

  /// A source that selects other nodes alone removes nothing here, and says nothing of what is here: once for each.
  private func tellWhatStays(_ preparation: Reconciler.Preparation) {
    let digest = preparation.spec.documents.isEmpty ? preparation.spec.digest : nil
    defer { unselectedDigest = digest }
    guard let digest, digest != unselectedDigest else { return }
    let state = preparation.snapshot.state
    let own = parts.change.reconciler.options.routeProtocol
    logger.warning(
      "no spec selects this node; what netbaton has applied here stays in force and is not repaired",
      metadata: [
        "generation": "\(digest)",
        "tables": "\(state.tables.filter(\.isOwn).map(\.id.description).joined(separator: ", "))",
        "routes": "\(state.routes.count { $0.routeProtocol == own })",
        "policy_rules": "\(state.policyRules.count { $0.routeProtocol == own })",
      ])
  }

  package func acquire() async -> AgentMachine.Event {
    let recorder = parts.change.recorder
    let spec = preparation?.spec
    do {
      if let preparation { try parts.change.terms.check(preparation) }
      if let spec { try await refuseIfHindered(spec, token: nil) }
      let request = LockRequest(
        holder: holder, purpose: spec?.digest == settledDigest ? "drift" : "spec change", slots: parts.slots,
        atLeast: spec.flatMap { parts.change.terms.term(for: $0) })
      baton = try await lock.acquire(request) { recorder.log($0) }
      return .batonGranted
    } catch {
      if error as? LockError != .cancelled { logger.error("no baton", metadata: ["error": "\(error)"]) }
      return .batonRefused("\(error)")
    }
  }

  /// What failed on one node is not tried again, here or there, until somebody asks for it. And nothing is begun beside an
  /// intent that this node has not settled.
  /// - Parameter token: of the own grant, if there is one.
  private func refuseIfHindered(_ spec: NodeSpec, token: UInt64?) async throws {
    let status = try await lock.status()
    if let intent = status.intents.first(where: { $0.node == holder.node && $0.token != token }) {
      isIntentChecked = false
      throw RecoveryFailure("this node's change of token \(intent.token) is not settled yet")
    }
    if let failed = status.failed(generation: spec.digest) { throw LockError.obstructed(.failed(failed)) }
  }

  /// Plans again, for the wait may have been long, and applies.
  package func apply() async -> AgentMachine.Event {
    guard let baton else { return .applyFailed("there is no baton") }
    do {
      // First of all: what another process of this node has changed is settled then, and is planned from.
      let claim = try parts.change.claim()
      var preparation = try await prepare()
      // What was so when the baton was asked for, need not be so any more.
      try await refuseIfHindered(preparation.spec, token: baton.token)
      if preparation.leftover == .confirmed {
        try await parts.change.promote(with: baton)
        preparation = try await prepare()
      }
      guard !preparation.plan.isEmpty else {
        logger.debug("in sync", metadata: ["generation": "\(preparation.spec.digest)"])
        settledDigest = preparation.spec.digest
        return .applied
      }
      return await apply(preparation, claim, with: baton)
    } catch {
      logger.error("nothing applied", metadata: ["error": "\(error)"])
      return .applyFailed("\(error)")
    }
  }

  private func apply(
    _ preparation: Reconciler.Preparation, _ claim: ChangeClaim, with baton: Baton
  ) async -> AgentMachine.Event {
    let event: HistoryRecord.Event = preparation.spec.digest == settledDigest ? .drift : .change
    let work = ChangeWork(parts.change, preparation, claim, with: baton, event: event)
    let outcome = await work.run()
    // While a change was on trial, others may have committed: that is looked for with the next poll.
    if await work.armed == nil { knownGeneration = await work.generation ?? knownGeneration }
    let metadata: Logger.Metadata = [
      "event": "\(event)", "token": "\(baton.token)", "generation": "\(preparation.spec.digest)",
    ]
    switch outcome {
    case .applied, .nothingLeft:
      settledDigest = preparation.spec.digest
      reportedDigest = preparation.spec.digest
      logger.info("\(outcome == .applied ? "applied" : "nothing was left to change")", metadata: metadata)
      return await work.isTold ? .applied : .applyFailed("the lock's store could not be told of it")
    case .refused(let reason), .reverted(let reason), .declined(let reason), .stuck(let reason):
      logger.error("the change failed", metadata: metadata.merging(["error": "\(reason)"]) { $1 })
      return .applyFailed(reason)
    }
  }

  package func release() async -> AgentMachine.Event {
    if let baton {
      do throws(LockError) {
        try await lock.release(baton)
      } catch {
        logger.warning(
          "the baton could not be given back; it ends by its deadline",
          metadata: ["token": "\(baton.token)", "error": "\(error)"])
      }
    }
    baton = nil
    // Between changes nothing of the node's network is held in memory but the spec.
    preparation = nil
    return .released
  }

  /// Tells the others what this node runs, once for each generation that needed no change.
  private func report(_ spec: NodeSpec, outcome: String) async {
    guard reportedDigest != spec.digest else { return }
    do throws(LockError) {
      try await lock.put(
        NodeRecord(
          node: holder.node, generation: spec.digest, commit: spec.commit, version: holder.version, outcome: outcome),
        with: nil)
      reportedDigest = spec.digest
    } catch {
      logger.warning("the node's record was not written", metadata: ["error": "\(error)"])
    }
  }
}
