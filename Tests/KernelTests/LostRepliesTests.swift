import Glibc
import Locking
import Model
import Netlink
import Plan
import Support
import Testing

@testable import Kernel

/// The replies find no room in the socket, as when a node is short of memory: what there is then, is read.
@Suite(.networkNamespace)
struct LostRepliesTests {
  let namespace: NetworkNamespace
  let thread: NetfilterThread

  init() throws {
    namespace = try #require(NetworkNamespace.current)
    thread = try NetfilterThread(namespace: namespace.path)
  }

  /// A change, and how a commit of it ends.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var changes: [Change]
    var record: RecordUpdate
    /// nil for the commit's own generation as what it returns.
    var refusal: String?
    var isMadeFromOldGeneration = false
    var hasEffect = false
  }

  private static let refused: [Change] = [
    .addRule(TableID(.inet, "nowhere"), chain: "input", Rule(expressions: [.verdict(.drop)]), before: nil)
  ]

  static let cases = [
    Case(
      testDescription: "one that took effect", changes: Samples.edge, record: .write(Samples.record), refusal: nil,
      hasEffect: true),
    Case(
      testDescription: "one that was refused", changes: refused, record: .write(Samples.record),
      refusal: "nothing was changed"),
    Case(
      testDescription: "one without a record, of which nothing says whose it was", changes: Samples.edge, record: .keep,
      refusal: "must be read again", hasEffect: true),
    Case(
      testDescription: "one that came too late", changes: Samples.edge, record: .write(Samples.record),
      refusal: "must be read again", isMadeFromOldGeneration: true),
  ]

  @Test(arguments: cases) func areSettledByReading(_ test: Case) async throws {
    let before = try await thread.run { socket in try socket.nftablesGeneration() }
    if test.isMadeFromOldGeneration { try await namespace.load("table ip other {}") }
    let rules = try await namespace.ruleset()
    let commit: @Sendable (inout NetlinkSocket) throws -> UInt32 = { socket in
      let (descriptor, next) = (socket.descriptor, socket.makeWriter().nextSequence)
      // The record's table is looked for first, which takes one number; the third is one of the batch's.
      return try socket.commit(test.changes, record: test.record, from: before) {
        overflow(descriptor, withAnswersTo: next + 2)
      }
    }
    if let refusal = test.refusal {
      let error = await #expect(throws: KernelError.self) { try await thread.run(commit) }
      #expect(error?.cause == .unknownOutcome)
      #expect(error?.message.contains(refusal) == true)
      #expect(try await namespace.ruleset() == (test.hasEffect ? Samples.edgeListing : rules))
    } else {
      #expect(try await thread.run(commit) == before + 1)
      #expect(try await thread.run { socket in try socket.readRecord() } == Samples.record)
      #expect(try await namespace.ruleset().contains(Samples.edgeListing))
    }
  }

  /// What did come of the refusals is true, whatever was lost.
  @Test func fewOfManyRefusalsFindRoom() async throws {
    try await namespace.load("table inet here { set s { type ipv4_addr; elements = { 10.0.0.1 }; }; }")
    let before = try await namespace.ruleset()
    let changes = Samples.edge + Array(repeating: Self.refused[0], count: 200)
    let error = await #expect(throws: KernelError.self) {
      try await thread.run { socket in
        limitReceiveBuffer(of: socket.descriptor)
        let generation = try socket.nftablesGeneration()
        return try socket.commit(changes, record: .write(Samples.record), from: generation) {}
      }
    }
    #expect(error?.cause == .refused(errno: 2))
    #expect(try await namespace.ruleset() == before)
  }
}

/// Asks for more answers than the socket's receive buffer can have, so that what else is answered is lost (`ENOBUFS`).
/// - Parameter sequence: of the messages: a reply to something else would be told as such.
private func overflow(_ descriptor: Int32, withAnswersTo sequence: UInt32) {
  limitReceiveBuffer(of: descriptor)
  for _ in 0..<64 {
    var writer = MessageWriter(firstSequence: sequence)
    // NFNL_SUBSYS_NFTABLES and NFT_MSG_GETGEN, with the header `nfgenmsg`.
    writer.beginMessage(type: 10 << 8 | 16, flags: 0)
    writer.putHeader(UInt32(0))
    writer.endMessage()
    let sent = unsafe writer.withBytes { bytes in unsafe send(descriptor, bytes.baseAddress, bytes.count, 0) }
    #expect(sent == writer.count)
  }
}

/// Leaves room for two or three replies.
func limitReceiveBuffer(of descriptor: Int32) {
  // The kernel takes its own least size instead (SOCK_MIN_RCVBUF in include/net/sock.h).
  var size: Int32 = 0
  let limited = unsafe setsockopt(
    descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  #expect(limited == 0)
}
