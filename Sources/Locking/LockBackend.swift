/// A store that grants the baton of one group: a lock file, etcd, Kubernetes.
///
/// Every backend passes the same suite (`Tests/Support/LockConformance.swift`). An answer that was lost means
/// "unknown": a backend settles it by reading again, and never takes it for success.
package protocol LockBackend: Sendable {
  /// The lock as a person would write it, without secrets.
  var location: String { get }

  /// Joins the queue and waits for the baton.
  ///
  /// Whoever asked first gets it first. A halt, or another node's intent, holds the first in the queue back too.
  /// When the task is cancelled, the place in the queue is given up before this throws `.cancelled`.
  /// - Parameter report: told of each step (see `LockEvent.Outcome`), and after the grant when the baton is lost.
  func acquire(_ request: LockRequest, report: @escaping @Sendable (LockEvent) -> Void) async throws(LockError) -> Baton

  /// Gives the baton back, if the store still has this grant; ends the baton's term first in any case.
  ///
  /// A second call, or one for a baton that was lost, changes nothing. Throws when the store could not be reached:
  /// the grant then ends by its deadline.
  func release(_ baton: Baton) async throws(LockError)

  /// The group as the store has it now, read in one piece.
  func status() async throws(LockError) -> LockStatus

  /// Reaches the store by a way of its own, as somebody new to it would (a new connection), and reads a little of it.
  /// Returns when the store has answered; changes nothing.
  func probe() async throws(LockError)

  /// Says what a node runs. With a baton, the record is refused once the grant is not the store's any more; without
  /// (a node that had nothing to change) it is simply put.
  func put(_ record: NodeRecord, with baton: Baton?) async throws(LockError)

  /// What was put on record with halts, words and changes, newest first; the newest 1,000 are kept.
  func history(limit: Int) async throws(LockError) -> [HistoryEntry]

  /// Stops the group: nobody is granted the baton until `resume`. Who holds it keeps it.
  /// - Parameter history: put on record where the halt is set.
  /// - Returns: the halt in force, which is an earlier one if there was one.
  func halt(_ record: HaltRecord, history: [UInt8]?) async throws(LockError) -> HaltRecord

  /// Clears the halt, and what else is asked for. Changes nothing where there is nothing to clear.
  /// - Parameter history: makes the record of it, in JSON; called again when the group changed meanwhile.
  func resume(
    _ request: ResumeRequest, history: @Sendable (Resumption) throws(LockError) -> [UInt8]
  ) async throws(LockError) -> Resumption

  /// Writes down that the baton's node begins a change: it has no expiry, and ends with `settle`.
  ///
  /// Refused as `.lost` once the grant is not the store's any more, and as `.obstructed` when there is a halt, another
  /// node's change whose holder is gone, or a node on which the generation has failed.
  /// - Parameter again: whether the generation may be tried although it has failed: because somebody says so.
  func put(_ intent: IntentRecord, again: Bool, with baton: Baton) async throws(LockError)

  /// Ends the node's own change together with what came of it, in one step: clears the intent of `record.token`, puts
  /// the record, sets the halt if one is given and none is there, and appends to the history. A generation that has
  /// failed on the node stays so if this is no decision about it (`NodeRecord.over`).
  ///
  /// With a baton, refused as `.lost` once the grant is not the store's any more. Without (a node that came back, or
  /// was cut off so long that its grant ended) it is enough that the intent still stands.
  /// - Returns: false if there is no intent of this node and token: it was settled before, or given up by a person,
  ///   and nothing was written.
  @discardableResult
  func settle(
    _ record: NodeRecord, halt: HaltRecord?, history: [UInt8]?, with baton: Baton?
  ) async throws(LockError) -> Bool

  /// Ends connections; a baton that is still held ends by its deadline.
  func close() async
}

/// The newest records of a group's history that are kept.
package let historyBound = 1_000

/// What somebody asks of a backend.
package struct LockRequest: Sendable {
  package enum Wait: Hashable, Sendable {
    /// Take it if it is free, else skip.
    case none
    /// Skip when it was not granted in this time.
    case atMost(Duration)
    case unlimited
  }

  package var holder: Holder
  /// For people: what the baton is wanted for.
  package var purpose: String
  package var wait: Wait
  /// How many may hold the baton at a time. Everybody in a group is meant to say the same number.
  package var slots: Int
  /// How long the baton must be good for at any time while the store can be reached; nil for as long as the lock is
  /// set up for.
  package var atLeast: Duration?

  package init(
    holder: Holder, purpose: String, wait: Wait = .unlimited, slots: Int = 1, atLeast: Duration? = nil
  ) {
    self.holder = holder
    self.purpose = purpose
    self.wait = wait
    self.slots = max(1, slots)
    self.atLeast = atLeast
  }
}
