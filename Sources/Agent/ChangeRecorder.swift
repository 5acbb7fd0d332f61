package import History
package import Locking
package import Logging
import Kernel
package import Plan
import Spec

/// Tells of every difference, before and after: in the log and on disk, and with which words in the lock's store.
package struct ChangeRecorder: Sendable {
  /// etcd refuses requests beyond 1.5 MiB (`--max-request-bytes`); a thousand large records would fill it, too.
  private static let storeLimit = 256 << 10

  package var disk: HistoryLog
  package var holder: Holder
  package var logger: Logger

  package init(disk: HistoryLog, holder: Holder, logger: Logger) {
    self.disk = disk
    self.holder = holder
    self.logger = logger
  }

  /// Puts a difference that is about to be applied on record; throws if it cannot, and then nothing may be applied.
  /// - Parameter shown: the difference, if somebody has been shown it already; else it goes to the log.
  /// - Returns: the record, as short as the lock's store needs it.
  package func begin(
    _ preparation: Reconciler.Preparation, shown: PlanText? = nil, event: HistoryRecord.Event, token: UInt64
  ) async throws -> HistoryRecord {
    let text = if let shown { shown } else { await preparation.text() }
    let record = HistoryRecord(
      time: .now(), node: holder.node, instance: holder.instance, attempt: "\(token)", event: event,
      outcome: .planned, token: token,
      spec: .init(generation: preparation.spec.digest, commit: preparation.spec.commit),
      kernelGenerationBefore: preparation.snapshot.generation,
      difference: text.text)
    try disk.append(record)
    logger.info(
      "applying", metadata: ["event": "\(event)", "token": "\(token)", "changes": "\(preparation.plan.changeCount)"])
    if shown == nil {
      // The history has a large set's elements, which are not all worth a line here.
      for line in await preparation.text(elementLimit: 20).text.split(separator: "\n") {
        logger.info("difference: \(line)", metadata: ["token": "\(token)"])
      }
    }
    return try record.shortened(toFit: ChangeRecorder.storeLimit)
  }

  /// Tells how it ended. By now the kernel is what it is, so that a disk that fails is told and fails nothing.
  /// - Returns: the record for the lock's store.
  func ended(
    _ begun: HistoryRecord, outcome: HistoryRecord.Outcome, reason: String?, generation: UInt32?
  ) throws -> [UInt8] {
    var record = begun
    record.time = .now()
    record.outcome = outcome
    record.reason = reason
    record.kernelGenerationAfter = generation
    do {
      try disk.append(record.withoutDifference)
    } catch {
      logger.error("the history on disk lacks a record", metadata: ["error": "\(error)"])
    }
    return try record.jsonLine()
  }

  /// How many of the newest records are looked at for a change that an earlier process of this node began.
  private static let reach = 100

  /// Tells how a change ended that another process began.
  /// - Returns: the record for the lock's store; nil if there is none, or it cannot be read.
  func endedElsewhere(_ token: UInt64, outcome: HistoryRecord.Outcome, reason: String?) -> [UInt8]? {
    do {
      let newest = try disk.read(limit: ChangeRecorder.reach).entries.lazy.map(\.record)
      guard let record = newest.first(where: { $0.token == token }) else { return nil }
      let short = try record.shortened(toFit: ChangeRecorder.storeLimit)
      // It may have said so on disk already, and not been able to tell the store.
      if record.outcome == outcome { return try short.jsonLine() }
      return try ended(short, outcome: outcome, reason: reason, generation: nil)
    } catch {
      logger.error("the history lacks how a change ended", metadata: ["token": "\(token)", "error": "\(error)"])
      return nil
    }
  }

  /// One line an attempt at the baton: who asks, who holds it, since when, and what came of it.
  package func log(_ event: LockEvent) {
    var metadata: Logger.Metadata = [
      "node": "\(event.holder.node)", "pid": "\(event.holder.pid)", "purpose": "\(event.purpose)",
      "lock": "\(event.location)",
    ]
    switch event.outcome {
    case .acquired(let token), .released(let token): metadata["token"] = "\(token)"
    case .waiting(let obstacle), .skipped(let obstacle): metadata.merge(ChangeRecorder.fields(of: obstacle)) { $1 }
    case .stale(let entry): metadata.merge(ChangeRecorder.fields(of: entry)) { $1 }
    case .lost(let reason): metadata["reason"] = "\(reason)"
    case .halted(let halt): metadata["reason"] = "\(LockObstacle.halted(halt))"
    case .asked: break
    }
    let level: Logger.Level =
      switch event.outcome {
      case .stale, .lost, .halted: .warning
      default: .info
      }
    logger.log(level: level, "baton \(event.outcome.name)", metadata: metadata)
  }

  private static func fields(of obstacle: LockObstacle) -> Logger.Metadata {
    guard case .held(let holders, let before) = obstacle, let first = holders.first else {
      return ["reason": "\(obstacle)"]
    }
    return fields(of: first).merging(["waiters_before": "\(before)"]) { $1 }
  }

  private static func fields(of entry: QueueEntry) -> Logger.Metadata {
    ["holder": "\(entry.record.holder)", "since": "\(entry.record.since)", "held_for": "\(entry.record.purpose)"]
  }
}
