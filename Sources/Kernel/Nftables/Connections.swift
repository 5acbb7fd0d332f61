import CMnl
import CNftnl
import Glibc
import Netlink
import Plan

/// A connection as conntrack tells it, as far as its removal asks for it.
private struct TrackedConnection {
  var family: UInt8
  var tuple: [UInt8]
  var zone: UInt16?
  /// Tells it from a later one with the same addresses and ports.
  var id: UInt32?
}

extension NetlinkSocket {
  /// Makes conntrack forget the connections that began on trial, so that their next packet meets the rules as a new one's.
  /// - Returns: how many they were.
  mutating func cutConnections(seenBy witnesses: [TrialWitness]) throws(NetlinkError) -> Int {
    let connections = try dump(
      type: messageType(IPCTNL_MSG_CT_GET), to: "list the connections", into: [TrackedConnection]()
    ) { writer in
      writer.putHeader(nfgenmsg())
    } each: { (connections, message) throws(NetlinkError) in
      guard let header = message.header(as: nfgenmsg.self) else { return }
      let attributes = message.attributes(after: MemoryLayout<nfgenmsg>.size)
      guard let labels = attributes.first(CTA_LABELS).map({ Array($0.payload) }),
        witnesses.contains(where: { $0.isIn(labels) }), let tuple = attributes.first(CTA_TUPLE_ORIG)
      else { return }
      connections.append(
        TrackedConnection(
          family: header.nfgen_family, tuple: Array(tuple.payload), zone: attributes.short(CTA_ZONE),
          id: attributes.number(CTA_ID)))
    }
    for connection in connections { try cut(connection) }
    return connections.count
  }

  private mutating func cut(_ connection: TrackedConnection) throws(NetlinkError) {
    do throws(NetlinkError) {
      try request(type: messageType(IPCTNL_MSG_CT_DELETE), to: "cut a connection that began on trial") { writer in
        writer.putHeader(nfgenmsg(nfgen_family: connection.family, version: 0, res_id: 0))
        writer.putNested(UInt16(CTA_TUPLE_ORIG.rawValue)) { writer in writer.putEncoded(connection.tuple) }
        if let zone = connection.zone { writer.number(CTA_ZONE, zone) }
        if let id = connection.id { writer.number(CTA_ID, id) }
      }
    } catch {
      // It has ended by itself.
      guard error.errno == ENOENT else { throw error }
    }
  }

  private func messageType(_ type: cntl_msg_types) -> UInt16 {
    UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(type.rawValue)
  }
}
