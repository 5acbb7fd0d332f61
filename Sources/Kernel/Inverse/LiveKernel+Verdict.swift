import CMnl
import CNftnl
import Glibc
import Model
import Netlink
import Plan

extension LiveKernel {
  package func verdict(of number: UInt64) async throws -> TrialVerdict {
    try rereading {
      try withNetfilter { (socket) throws(NetlinkError) in try socket.trialVerdict(number) }
    }
  }
}

extension NetlinkSocket {
  /// Reads the two sets that say it, in each own table; again if a commit came in between.
  fileprivate mutating func trialVerdict(_ number: UInt64) throws(NetlinkError) -> TrialVerdict {
    for _ in 0..<16 {
      let generation = try nftablesGeneration()
      let own = try dumpNftables(NFT_MSG_GETTABLE, family: 0, to: "read the tables", into: [TableID]()) {
        (tables, family, attributes) throws(NetlinkError) in
        if let table = Table(attributes, family: family), table.isOwn { tables.append(table.id) }
      }
      let sets = Trial.sets(of: number)
      var isKept = false
      var isArmed = false
      for table in own {
        // All tables are confirmed at once, so one that is says that all are.
        if try hasElements(table, sets.kept) { isKept = true }
        if try hasElements(table, sets.armed) { isArmed = true }
      }
      if try nftablesGeneration() == generation { return isKept ? .kept : isArmed ? .armed : .gone }
    }
    throw NetlinkError("read how trial \(number) stands", .interrupted)
  }

  /// An element that has timed out is not listed.
  private mutating func hasElements(_ table: TableID, _ set: String) throws(NetlinkError) -> Bool {
    do throws(NetlinkError) {
      return try dumpNftables(
        NFT_MSG_GETSETELEM, family: table.family.rawValue, to: "read how a trial stands", into: false,
        filter: { writer in
          writer.text(NFTA_SET_ELEM_LIST_TABLE, table.name)
          writer.text(NFTA_SET_ELEM_LIST_SET, set)
        }
      ) { (isThere, _, attributes) throws(NetlinkError) in
        if let list = attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS), list.count > 0 { isThere = true }
      }
    } catch {
      guard error.errno == ENOENT else { throw error }
      return false
    }
  }
}
