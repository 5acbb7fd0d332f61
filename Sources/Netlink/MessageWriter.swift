internal import CMnl
import Glibc

/// Netlink messages one after another in one growing buffer, as they are sent.
///
/// Attributes are written through a pointer, with room made at most once for each: a set of a million elements is
/// encoded at some nanoseconds an element.
@safe package struct MessageWriter: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// Bytes written so far.
  package private(set) var count = 0
  /// What the next message is numbered.
  package private(set) var nextSequence: UInt32
  /// Whether some attribute was too long for its 16 bits of length; such a buffer is not sent.
  package private(set) var isTooLong = false
  private var messageStart = 0

  /// - Parameter firstSequence: from the socket (`NetlinkSocket.makeWriter`), so that no two requests share one.
  package init(firstSequence: UInt32, capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    unsafe base = MessageWriter.resized(nil, to: self.capacity)
    nextSequence = firstSequence
  }

  deinit { unsafe free(base) }

  private static func resized(_ block: UnsafeMutableRawPointer?, to size: Int) -> UnsafeMutableRawPointer {
    guard let resized = unsafe realloc(block, size) else {
      preconditionFailure("no memory for \(size) bytes of messages")
    }
    return unsafe resized
  }

  /// All that was written; only valid inside the closure.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }
}

extension MessageWriter {
  /// Begins a message; `NLM_F_REQUEST` is always set.
  /// - Returns: the message's sequence number.
  @discardableResult
  package mutating func beginMessage(type: UInt16, flags: UInt16) -> UInt32 {
    let sequence = nextSequence
    nextSequence &+= 1
    messageStart = count
    reserve(MemoryLayout<nlmsghdr>.size)
    unsafe store(UInt32(0))
    unsafe store(type)
    unsafe store(flags | UInt16(NLM_F_REQUEST))
    unsafe store(sequence)
    // The port: zero is the kernel's own, to which the message goes.
    unsafe store(UInt32(0))
    return sequence
  }

  /// Writes the length of the message begun last.
  package mutating func endMessage() {
    unsafe base.storeBytes(
      of: UInt32(truncatingIfNeeded: count - messageStart), toByteOffset: messageStart, as: UInt32.self)
  }

  /// A protocol's own header (`nfgenmsg`, `rtmsg` …), right after the message's, padded to 4 bytes.
  package mutating func putHeader<Header: BitwiseCopyable>(_ header: Header) {
    let size = MemoryLayout<Header>.size
    reserve(size + 3)
    unsafe base.storeBytes(of: header, toByteOffset: count, as: Header.self)
    pad(after: size)
  }

  /// Where a nested attribute began, for `endNested`.
  package struct Nested {
    fileprivate let start: Int
  }

  /// Begins an attribute that holds attributes (`NLA_F_NESTED`).
  package mutating func beginNested(_ type: UInt16) -> Nested {
    reserve(4)
    let start = count
    unsafe store(UInt16(0))
    unsafe store(type | UInt16(NLA_F_NESTED))
    return Nested(start: start)
  }

  package mutating func endNested(_ nested: Nested) {
    let length = count - nested.start
    if length > Int(UInt16.max) { isTooLong = true }
    unsafe base.storeBytes(of: UInt16(truncatingIfNeeded: length), toByteOffset: nested.start, as: UInt16.self)
  }

  /// Bytes in the nested attribute so far, its own header included.
  package func length(of nested: Nested) -> Int { count - nested.start }

  /// An attribute that holds attributes, written by `body`.
  package mutating func putNested<Failure: Error>(
    _ type: UInt16, _ body: (inout MessageWriter) throws(Failure) -> Void
  ) throws(Failure) {
    let nested = beginNested(type)
    try body(&self)
    endNested(nested)
  }
}

extension MessageWriter {
  // One function for each width: a generic one is not specialized in the modules that call it.

  /// An integer in the machine's own byte order, as rtnetlink wants it.
  package mutating func put(_ type: UInt16, _ value: UInt8) { putInteger(type, value) }
  package mutating func put(_ type: UInt16, _ value: UInt16) { putInteger(type, value) }
  package mutating func put(_ type: UInt16, _ value: UInt32) { putInteger(type, value) }

  /// An integer in network byte order, as nfnetlink wants it.
  package mutating func putBigEndian(_ type: UInt16, _ value: UInt16) { putInteger(type, value.bigEndian) }
  package mutating func putBigEndian(_ type: UInt16, _ value: UInt32) { putInteger(type, value.bigEndian) }
  package mutating func putBigEndian(_ type: UInt16, _ value: UInt64) { putInteger(type, value.bigEndian) }

  private mutating func putInteger<Value: FixedWidthInteger & BitwiseCopyable>(_ type: UInt16, _ value: Value) {
    let size = MemoryLayout<Value>.size
    reserve(4 + size + 3)
    unsafe store(UInt16(4 + size))
    unsafe store(type)
    unsafe base.storeBytes(of: value, toByteOffset: count, as: Value.self)
    pad(after: size)
  }

  /// A string with the zero byte that ends it.
  package mutating func put(_ type: UInt16, _ string: String) {
    var string = string
    string.withUTF8 { utf8 in
      unsafe put(type, UnsafeRawBufferPointer(utf8), terminated: true)
    }
  }

  package mutating func put(_ type: UInt16, _ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe put(type, bytes, terminated: false)
    }
  }

  /// Bytes of any kind.
  package mutating func put(_ type: UInt16, _ bytes: some Collection<UInt8>) {
    let length = bytes.count
    putAttributeHeader(type, length: length)
    for byte in bytes { unsafe store(byte) }
    pad(after: 0)
  }

  /// `count` bytes of two little-endian words, the first byte being the first word's lowest: short values (addresses,
  /// ports) without a call for each byte.
  /// - Precondition: `length` is at most 16.
  package mutating func put(_ type: UInt16, words first: UInt64, _ second: UInt64, length: Int) {
    precondition(length <= 16, "two words have no \(length) bytes")
    reserve(4 + 16 + 3)
    unsafe store(UInt16(4 + length))
    unsafe store(type)
    unsafe base.storeBytes(of: first.littleEndian, toByteOffset: count, as: UInt64.self)
    unsafe base.storeBytes(of: second.littleEndian, toByteOffset: count + 8, as: UInt64.self)
    pad(after: length)
  }

  /// Attributes that stand in a buffer already, headers included, each padded to 4 bytes.
  package mutating func putEncoded(_ attributes: [UInt8]) {
    reserve(attributes.count + 3)
    unsafe attributes.withUnsafeBytes { bytes in unsafe copy(bytes) }
    pad(after: 0)
  }

  /// Room must have been reserved.
  @unsafe private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
    unsafe UnsafeMutableRawBufferPointer(start: base + count, count: bytes.count).copyMemory(from: bytes)
    count += bytes.count
  }

  private mutating func put(_ type: UInt16, _ bytes: UnsafeRawBufferPointer, terminated: Bool) {
    let length = bytes.count + (terminated ? 1 : 0)
    putAttributeHeader(type, length: length)
    unsafe copy(bytes)
    if terminated { unsafe store(UInt8(0)) }
    pad(after: 0)
  }

  private mutating func putAttributeHeader(_ type: UInt16, length: Int) {
    if 4 + length > Int(UInt16.max) { isTooLong = true }
    reserve(4 + length + 3)
    unsafe store(UInt16(truncatingIfNeeded: 4 + length))
    unsafe store(type)
  }

  /// Counts `size` bytes as written and fills up to the next multiple of 4 with zeros. All that stands in the
  /// buffer begins at such a multiple.
  private mutating func pad(after size: Int) {
    count += size
    while count & 3 != 0 { unsafe store(UInt8(0)) }
  }

  /// Room must have been reserved.
  @unsafe private mutating func store<Value: BitwiseCopyable>(_ value: Value) {
    unsafe base.storeBytes(of: value, toByteOffset: count, as: Value.self)
    count += MemoryLayout<Value>.size
  }

  private mutating func reserve(_ bytes: Int) {
    if count + bytes > capacity { grow(by: bytes) }
  }

  private mutating func grow(by bytes: Int) {
    capacity = max(capacity * 2, count + bytes)
    // The kernel moves large blocks page by page (mremap(2)), so that old and new are never both in memory.
    unsafe base = MessageWriter.resized(base, to: capacity)
  }
}
