/// A run of bytes of a message that the kernel sent.
///
/// It points into the socket's receive buffer: a large ruleset has millions of attributes, and copying or counting
/// references to each would cost more than all else. So it holds until the socket receives again, and must not be kept
/// beyond the closure that got the message. It reads nothing outside its bounds.
@safe package struct ReceivedBytes: BitwiseCopyable {
  private let bytes: UnsafeRawBufferPointer

  /// - Parameter bytes: must stay as they are while this value, or a part of it, is in use.
  @unsafe package init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

  package static var none: ReceivedBytes { unsafe ReceivedBytes(UnsafeRawBufferPointer(start: nil, count: 0)) }

  /// For C structures, which are loaded where they are wanted.
  package var pointer: UnsafeRawBufferPointer { unsafe bytes }

  /// - Precondition: `range` lies inside.
  package func part(_ range: Range<Int>) -> ReceivedBytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) is outside \(count) bytes")
    return unsafe ReceivedBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  package func equals(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return unsafe bytes.elementsEqual(other)
  }

  /// At most 16 bytes, the first one weighing most; nil if there are more.
  package var wideNumber: UInt128? {
    if let address = integer(UInt32.self) { return UInt128(address.bigEndian) }
    guard count <= 16 else { return nil }
    var number: UInt128 = 0
    unsafe withUnsafeMutableBytes(of: &number) { unsafe $0.copyMemory(from: bytes) }
    return UInt128(bigEndian: number) >> UInt128(128 - count * 8)
  }

  /// Up to the first zero byte.
  package var string: String {
    let length = unsafe bytes.firstIndex(of: 0) ?? count
    return unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<length]), as: UTF8.self)
  }

  /// In the machine's own byte order; nil if there are more or fewer bytes.
  func integer<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> Value? {
    guard count == MemoryLayout<Value>.size else { return nil }
    return unsafe bytes.loadUnaligned(as: Value.self)
  }

  /// - Precondition: the value lies inside.
  func integer<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value {
    precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "an integer at \(offset) of \(count) bytes")
    return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }
}

extension ReceivedBytes: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { unsafe bytes.count }

  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < endIndex, "index \(index) is outside \(endIndex) bytes")
    return unsafe bytes[index]
  }
}
