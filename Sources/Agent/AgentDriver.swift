package import History
import Kernel
package import Locking
package import Logging
import Model
import Plan
package import Spec

/// Carries out what the agent's machine decides, and tells it what came of that.
///
/// It keeps what one pass hands to the next: the spec in force, the last preparation, the baton.
package actor AgentDriver {
  package struct Parts: Sendable {
    package var reconciler: Reconciler
    package var lock: any LockBackend
    package var recorder: ChangeRecorder
    package var holder: Holder
    package var slots: Int
    package var logger: Logger
    /// Reads the spec source anew.
    package var loadSpec: @Sendable () throws -> SpecSource

    package init(
      reconciler: Reconciler, lock: any LockBackend, recorder: ChangeRecorder, holder: Holder, slots: Int,
      logger: Logger, loadSpec: @escaping @Sendable () throws -> SpecSource
    ) {
      self.reconciler = reconciler
      self.lock = lock
      self.recorder = recorder
      self.holder = holder
      self.slots = slots
      self.logger = logger
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

  package init(parts: Parts, cache: SpecCache) {
    self.parts = parts
    self.cache = cache
  }

  /// - Returns: whether there is a source that differs from the one before. A bad one is told and otherwise ignored.
  package func loadSpec() -> Bool {
    do {
      let isNew = cache.take(try parts.loadSpec())
      lastLoadError = nil
      return isNew
    } catch {
      let text = "\(error)"
      if text != lastLoadError {
        parts.logger.error("the spec source cannot be used; what is in force stays", metadata: ["error": "\(text)"])
      }
      lastLoadError = text
      return false
    }
  }

  /// Whether nftables was changed by somebody else since it was last looked at.
  package func kernelMoved() async throws -> Bool {
    guard let knownGeneration else { return false }
    let generation = try await parts.reconciler.kernel.generation()
    guard generation != knownGeneration else { return false }
    self.knownGeneration = generation
    return true
  }

  package func plan() async -> AgentMachine.Event {
    do {
      let preparation = try await prepare()
      guard preparation.plan.isEmpty else {
        self.preparation = preparation
        return .planned(.changes)
      }
      settledDigest = preparation.spec.digest
      await report(preparation.spec, outcome: "in sync", with: nil)
      return .planned(.nothing)
    } catch {
      parts.logger.error("no plan", metadata: ["error": "\(error)"])
      return .planned(.refused("\(error)"))
    }
  }

  private func prepare() async throws -> Reconciler.Preparation {
    let resolution = try cache.resolve(on: try await parts.reconciler.kernel.links())
    if let rejection = resolution.rejection, rejection != lastRejection {
      parts.logger.error(
        "the new spec is not good for this node; the last good one stays in force",
        metadata: ["in_force": "\(resolution.spec.digest)", "error": "\(rejection)"])
    }
    lastRejection = resolution.rejection
    let preparation = try await parts.reconciler.prepare(resolution.spec, after: preparation)
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
    let own = parts.reconciler.options.routeProtocol
    parts.logger.warning(
      "no spec selects this node; what netbaton has applied here stays in force and is not repaired",
      metadata: [
        "generation": "\(digest)",
        "tables": "\(state.tables.filter(\.isOwn).map(\.id.description).joined(separator: ", "))",
        "routes": "\(state.routes.count { $0.routeProtocol == own })",
        "policy_rules": "\(state.policyRules.count { $0.routeProtocol == own })",
      ])
  }

  package func recover() async -> AgentMachine.Event { .recovered }

  package func acquire() async -> AgentMachine.Event {
    let recorder = parts.recorder
    let purpose = preparation?.spec.digest == settledDigest ? "drift" : "spec change"
    do throws(LockError) {
      let request = LockRequest(holder: parts.holder, purpose: purpose, slots: parts.slots)
      baton = try await parts.lock.acquire(request) { recorder.log($0) }
      return .batonGranted
    } catch {
      if error != .cancelled { parts.logger.error("no baton", metadata: ["error": "\(error)"]) }
      return .batonRefused("\(error)")
    }
  }

  /// Plans again, for the wait may have been long, and applies.
  package func apply() async -> AgentMachine.Event {
    guard let baton else { return .applyFailed("there is no baton") }
    do {
      let preparation = try await prepare()
      guard !preparation.plan.isEmpty else {
        settledDigest = preparation.spec.digest
        return .applied
      }
      return await apply(preparation, with: baton)
    } catch {
      parts.logger.error("nothing applied", metadata: ["error": "\(error)"])
      return .applyFailed("\(error)")
    }
  }

  private func apply(_ preparation: Reconciler.Preparation, with baton: Baton) async -> AgentMachine.Event {
    let event: HistoryRecord.Event = preparation.spec.digest == settledDigest ? .drift : .change
    do {
      let record = try await parts.recorder.begin(preparation, event: event, token: baton.token)
      do {
        let (applied, generation) = try await parts.reconciler.apply(preparation, with: baton)
        knownGeneration = generation
        settledDigest = applied.spec.digest
        parts.logger.info(
          "applied", metadata: ["event": "\(event)", "token": "\(baton.token)", "generation": "\(applied.spec.digest)"])
        await parts.recorder.end(record, outcome: .applied, reason: nil, generation: generation, baton: baton)
        await report(applied.spec, outcome: "applied", with: baton)
        return .applied
      } catch {
        parts.logger.error("the change failed", metadata: ["token": "\(baton.token)", "error": "\(error)"])
        await parts.recorder.end(record, outcome: .of(error), reason: "\(error)", generation: nil, baton: baton)
        await report(preparation.spec, outcome: "failed", with: baton)
        return .applyFailed("\(error)")
      }
    } catch {
      parts.logger.error("nothing applied, for it cannot be put on record", metadata: ["error": "\(error)"])
      return .applyFailed("\(error)")
    }
  }

  package func release() async -> AgentMachine.Event {
    if let baton {
      do throws(LockError) {
        try await parts.lock.release(baton)
      } catch {
        parts.logger.warning(
          "the baton could not be given back; it ends by its deadline",
          metadata: ["token": "\(baton.token)", "error": "\(error)"])
      }
    }
    baton = nil
    // Between changes nothing of the node's network is held in memory but the spec.
    preparation = nil
    return .released
  }

  /// Tells the others what this node runs, once for each generation and outcome.
  private func report(_ spec: NodeSpec, outcome: String, with baton: Baton?) async {
    guard baton != nil || reportedDigest != spec.digest else { return }
    do throws(LockError) {
      try await parts.lock.put(
        NodeRecord(
          node: parts.holder.node, generation: spec.digest, commit: spec.commit, version: parts.holder.version,
          outcome: outcome, token: baton?.token), with: baton)
      reportedDigest = spec.digest
    } catch {
      parts.logger.warning("the node's record was not written", metadata: ["error": "\(error)"])
    }
  }
}

extension HistoryRecord.Outcome {
  /// What became of a change that ended in this error.
  package static func of(_ error: any Error) -> HistoryRecord.Outcome {
    switch error {
    case ReconcileError.takenBack: .undone
    case ReconcileError.notTakenBack: .unknown
    case let error as KernelError where error.cause == .unknownOutcome: .unknown
    default: .failed
    }
  }
}
