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
  /// Reads the two sets that say it, in each own table.
  fileprivate mutating func trialVerdict(_ number: UInt64) throws(NetlinkError) -> TrialVerdict {
    let (verdict, _) = try readAtOneGeneration(to: "read how trial \(number) stands") {
      (socket) throws(NetlinkError) in try socket.readVerdict(Trial.sets(of: number))
    }
    return verdict
  }

  private mutating func readVerdict(_ sets: (armed: String, kept: String)) throws(NetlinkError) -> TrialVerdict {
    let own = try dumpNftables(NFT_MSG_GETTABLE, family: 0, to: "read the tables", into: [TableID]()) {
      (tables, family, attributes) throws(NetlinkError) in
      if let table = Table(attributes, family: family), table.isOwn { tables.append(table.id) }
    }
    var isArmed = false
    for table in own {
      // All tables are confirmed at once, so one that is says that all are.
      if try hasElements(table, sets.kept) { return .kept }
      if try hasElements(table, sets.armed) { isArmed = true }
    }
    return isArmed ? .armed : .gone
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
