import CMnl
import CNftnl
import Glibc
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

  /// Reads several lists as they were at one moment; again from the start if a commit came in between.
  mutating func readAtOneGeneration<Result>(
    to operation: String, attempts: Int = 16, _ body: (inout NetlinkSocket) throws(NetlinkError) -> Result
  ) throws(NetlinkError) -> (Result, generation: UInt32) {
    for _ in 0..<attempts {
      let generation = try nftablesGeneration()
      try awaitCommit()
      do throws(NetlinkError) {
        let result = try body(&self)
        if try nftablesGeneration() == generation { return (result, generation) }
      } catch {
        // What was listed a moment ago may be gone when its contents are asked for.
        guard error.errno == ENOENT, try nftablesGeneration() != generation else { throw error }
      }
    }
    throw NetlinkError(operation, .interrupted)
  }

  /// Waits for the end of a commit that another program is in the middle of. The kernel counts the generation up first,
  /// and then unlinks what is gone, one by one (`nf_tables_commit` in net/netfilter/nf_tables_api.c). Until its turn comes
  /// a table that was replaced hides the new one of its name: who asks for the rules of that name is told of none.
  /// An empty batch takes the lock that a commit has from begin to end, and changes nothing.
  private mutating func awaitCommit() throws(NetlinkError) {
    let operation = "wait for a commit's end"
    var batch = Batch(makeWriter(), generation: nil)
    batch.end()
    try send(batch.writer, to: operation)
    if let refusal = try collectReplies(to: operation, batch.sequences).first { throw refusal }
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
