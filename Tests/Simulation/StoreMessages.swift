import Locking

/// What a node asks of etcd: each is one request, and applied as a whole when it arrives.
enum StoreRequest {
  case ping
  case view
  case grantLease(Int)
  case revokeLease(Int)
  case renewLease(Int)
  case takePlace(lease: Int, QueueRecord)
  case leave(place: String, token: UInt64, LastRecord)
  case putIntent(IntentRecord, Grant, IntentCondition)
  case openChange(node: String)
  case settle(NodeRecord, HaltRecord?, Grant?, OpenChange)
  case halt(HaltRecord)
  case haltIfStands(HaltRecord, node: String, intent: Int)
  case putNode(NodeRecord)

  /// The place that a record's transaction compares.
  struct Grant {
    var place: String
    var token: UInt64
  }

  enum IntentCondition {
    /// Nobody has one. Nothing was settled since the grant: a request that arrives late is void, and no generation has
    /// failed meanwhile.
    case alone
    /// None was written after the revision, nor anything settled, and these places stand.
    case beside(after: Int, places: [Grant])
  }
}

/// The revisions of what a settlement depends on; 0 where nothing is.
struct OpenChange {
  var intent: Int
  var token: UInt64
  var halt: Int
}

enum StoreReply {
  case done
  /// Written at this revision.
  case written(Int)
  case leaseExists
  case leaseGone
  case timeToLive(Microseconds)
  case status(LockStatus, revision: Int)
  /// Nil if the node has no intent; and whether the grant that was named is still the store's.
  case change(OpenChange?, holds: Bool)
  /// A transaction's condition does not hold.
  case refused
}
