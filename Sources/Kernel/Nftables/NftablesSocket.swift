import CMnl
import CNftnl
import Model
import Netlink

extension NetlinkSocket {
  /// `NFTA_GEN_ID`
  mutating func nftablesGeneration() throws(NetlinkError) -> UInt32 {
    let operation = "read the generation of nftables"
    var number: UInt32?
    try request(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETGEN.rawValue), to: operation) {
      $0.putHeader(nfgenmsg())
    } reply: {
      number = $0.attributes(after: MemoryLayout<nfgenmsg>.size).number(NFTA_GEN_ID)
    }
    guard let number else { throw NetlinkError(operation, .malformed, message: "there is no number in it") }
    return number
  }

  /// Folds all objects of one type into a value.
  /// - Parameters:
  ///   - family: 0 for all.
  ///   - filter: attributes that narrow the list.
  mutating func dumpNftables<Result>(
    _ type: nf_tables_msg_types, family: UInt8, to operation: String, into initial: Result,
    filter: (inout MessageWriter) -> Void = { _ in },
    each: (inout Result, Family, Attributes) throws(NetlinkError) -> Void
  ) throws(NetlinkError) -> Result {
    try dump(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), to: operation, into: initial) { writer in
      writer.putHeader(nfgenmsg(nfgen_family: family, version: 0, res_id: 0))
      filter(&writer)
    } each: { (result, message) throws(NetlinkError) in
      guard let header = message.header(as: nfgenmsg.self) else {
        throw NetlinkError(operation, .malformed, message: "a message is too short")
      }
      // A family that this program does not know has no tables of ours.
      guard let family = Family(rawValue: header.nfgen_family) else { return }
      try each(&result, family, message.attributes(after: MemoryLayout<nfgenmsg>.size))
    }
  }
}
