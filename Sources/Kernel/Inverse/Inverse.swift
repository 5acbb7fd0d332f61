import CMnl
import CNftnl
import Model
import Netlink
package import Plan

/// How a change is taken back which the kernel does not hold on trial: what stood before where it writes. It is all in
/// its bytes, so that another process, or the same one after a restart, can do it.
///
/// The bytes are netlink messages, one after another: those that would make what was there, and those that would remove
/// what was not. They are not sent as they are, for a part of them may be so already; they are compared with what the
/// kernel has.
package struct Inverse: Hashable, Sendable {
  package let bytes: [UInt8]

  /// As another process noted it.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// Whether there is nothing to take back.
  package var isEmpty: Bool { bytes.isEmpty }

  /// - Parameters:
  ///   - changes: planned from `snapshot`; of these, the routes and policy rules count.
  ///   - inPlace: the changes of nftables that are made without a trial.
  /// - Throws: `KernelError` for changes which this program could not take back.
  package init(of changes: [Change], inPlace: [Change], from snapshot: Snapshot) throws(KernelError) {
    let routing = changes.filter { $0.tableID == nil }
    var writer = InverseWriter()
    try writer.addRouting(routing, snapshot)
    try writer.addTables(inPlace, snapshot)
    bytes = writer.bytes
  }
}

/// What an inverse says, read from its bytes.
struct InverseContents {
  var routing: RoutingUndo?
  /// Whose routes and rules.
  var routeProtocol: UInt8?
  var tables: [TableRestoration] = []
  /// What the record was, if a change of nftables wrote another one: `keep` if none did.
  var record = RecordUpdate.keep
}

/// The first message: a version, the protocol of the routes, and whether all routing is noted or only some places.
struct InverseHeader: BitwiseCopyable {
  static let version: UInt16 = 1
  static let wholeRouting: UInt8 = 1

  var version = Self.version
  var routeProtocol: UInt8 = 0
  var flags: UInt8 = 0
}

/// The messages of one inverse, in the order in which its parts are to be taken back.
struct InverseWriter: ~Copyable {
  var writer = MessageWriter(firstSequence: 0, capacity: 4096)
  private(set) var header = InverseHeader()

  var bytes: [UInt8] {
    guard writer.count > 0 || header.routeProtocol != 0 else { return [] }
    var head = MessageWriter(firstSequence: 0, capacity: 64)
    head.beginMessage(type: UInt16(NLMSG_NOOP), flags: 0)
    head.putHeader(header)
    head.endMessage()
    let sizes = (head.count, writer.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: sizes.0 + sizes.1) { buffer, count in
      unsafe head.withBytes { bytes in unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes) }
      unsafe writer.withBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[sizes.0...]).copyMemory(
          from: bytes)
      }
      count = sizes.0 + sizes.1
    }
  }

  /// The tables' part is written as a transaction's is.
  mutating func withBatch(
    _ body: (inout Batch) throws(NotWritable) -> Void
  ) throws(NotWritable) {
    var batch = Batch(noting: exchange(&writer, with: MessageWriter(firstSequence: 0, capacity: 64)))
    let result: Result<Void, NotWritable>
    do throws(NotWritable) { result = .success(try body(&batch)) } catch { result = .failure(error) }
    writer = batch.finish()
    try result.get()
  }

  mutating func setRouting(_ routeProtocol: UInt8, isWhole: Bool) {
    header.routeProtocol = routeProtocol
    header.flags = isWhole ? InverseHeader.wholeRouting : 0
  }
}

extension Inverse {
  /// - Throws: `KernelError` if the bytes are not what this version of the program wrote.
  func contents() throws(KernelError) -> InverseContents {
    if bytes.isEmpty { return InverseContents() }
    var routing: RoutingPartReader?
    var tables = TablesPartReader()
    var isKnown = false
    let isWhole = unsafe bytes.withUnsafeBytes { bytes in
      unsafe Message.split(ReceivedBytes(bytes)) { message in
        if message.type == UInt16(NLMSG_NOOP), let header = message.header(as: InverseHeader.self) {
          isKnown = header.version == InverseHeader.version
          routing = RoutingPartReader(header)
        } else if message.type >> 8 == UInt16(NFNL_SUBSYS_NFTABLES) {
          tables.take(message)
        } else {
          routing?.take(message)
        }
      }
    }
    guard isWhole, isKnown else {
      throw KernelError(.io(errno: nil), "what was noted of the state before the change cannot be read")
    }
    return InverseContents(
      routing: routing?.undo, routeProtocol: routing?.routeProtocol, tables: tables.restorations, record: tables.record)
  }
}
