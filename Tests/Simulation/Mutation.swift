/// A guard that is taken out, to see that the invariants notice. Each must be missed.
package enum Mutation: String, CaseIterable, Sendable {
  /// Records are written without comparing the grant's place in the queue.
  case tokenCompare
  /// The baton's deadline is not looked at.
  case deadlineCheck
  /// Writes ask for the baton alone, and not whether the change's own time is over.
  case changeDeadline
  /// The dead-man takes back once, and does not look for what comes late.
  case lateLook
  /// A process works on the node's change though another one does, or a dead-man.
  case claim
  /// Who is granted the baton need not be among the oldest in the queue.
  case queueOrder
  /// A change that is found open is taken for confirmed.
  case recovery
  /// The baton's deadline counts from when a renewal's answer came.
  case deadlineFromAnswer
  /// Other nodes' abandoned intents hold nobody back.
  case intentCheck
  /// An intent that arrives late, after what it announced was settled, is written all the same.
  case settledCompare
  /// An intent is written beside a halt.
  case haltCheck
  /// nftables' generation is not compared.
  case generationCompare
  /// A trial's element has no timeout.
  case timedElement
  /// A trial's guards do not look at the clock.
  case metaTime
  /// Rules are changed before the journal is on disk.
  case journalOrder
  /// Every probe holds.
  case probe
  /// Confirming does not look whether the trial's time is over by the clock.
  case confirmDeadline
  /// A trial is armed however long the baton lasts.
  case trialOutlastsLease
  /// Cleaning up takes confirmed trials away, too.
  case cleanUpSparesKept
  /// Routes are changed with no dead-man to take them back.
  case deadMan
  /// A trial is made plain before it is noted that it stays.
  case promoteOrder
  /// A generation that failed is tried again.
  case failedGeneration
  /// Announcing a change does not compare whether its generation has failed meanwhile.
  case failedCompare
  /// A change that is given up leaves no mark that it failed.
  case abandonedMark
}
