/// A short run of bytes, as it stands in a register or in a set element; up to 16 bytes take no allocation.
///
/// An address, a port or a mark is compared, hashed and copied millions of times in a large set, and an
/// array for each would cost more than all else.
package struct Bytes: Hashable, Sendable {
  private enum Storage: Hashable, Sendable {
    case short(UInt64, UInt64, count: UInt8)
    case long([UInt8])
  }

  private var storage: Storage

  package init() { storage = .short(0, 0, count: 0) }

  /// Takes the bytes in the order in which they stand in memory.
  package init(_ bytes: some Sequence<UInt8>) {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var count = 0
    var rest: [UInt8] = []
    for byte in bytes {
      if count < 8 {
        first |= UInt64(byte) << UInt64(count * 8)
      } else if count < 16 {
        second |= UInt64(byte) << UInt64((count - 8) * 8)
      } else {
        if count == 16 { rest = Bytes(storage: .short(first, second, count: 16)).map(\.self) }
        rest.append(byte)
      }
      count += 1
    }
    storage = count <= 16 ? .short(first, second, count: UInt8(count)) : .long(rest)
  }

  private init(storage: Storage) { self.storage = storage }

  /// `count` zero bytes.
  package init(zeros count: Int) { self.init(repeatElement(0, count: count)) }

  /// The integer's `width` low bytes, most significant first (network order).
  /// - Precondition: `width` is 1 to 8.
  package init(bigEndian value: UInt64, width: Int) {
    self.init(UInt128(value), count: width, bigEndian: true)
  }

  /// The integer's `width` low bytes as the machine itself keeps them (host order).
  /// - Precondition: `width` is 1 to 8.
  package init(hostEndian value: UInt64, width: Int) {
    self.init(UInt128(value), count: width, bigEndian: false)
  }

  /// The integer's `count` low bytes, most significant first or, if not `bigEndian`, in the machine's own order.
  /// - Precondition: `count` is 1 to 16.
  package init(_ value: UInt128, count: Int, bigEndian: Bool) {
    precondition((1...16).contains(count), "\(count) bytes of an integer")
    guard 1.littleEndian == 1 else {
      self.init((0..<count).map { UInt8(truncatingIfNeeded: value >> UInt128((count - 1 - $0) * 8)) })
      return
    }
    let inMemory = bigEndian ? value.byteSwapped >> UInt128(128 - count * 8) : value
    let kept = count == 16 ? inMemory : inMemory & ((1 << UInt128(count * 8)) - 1)
    self.init(
      storage: .short(UInt64(truncatingIfNeeded: kept), UInt64(truncatingIfNeeded: kept >> 64), count: UInt8(count)))
  }

  /// The value read most significant byte first; only the last 8 bytes count.
  package var bigEndianValue: UInt64 {
    guard case .short(let first, _, let count) = storage, count <= 8 else { return reduce(0) { $0 << 8 | UInt64($1) } }
    return first.byteSwapped >> UInt64(64 - Int(count) * 8)
  }

  /// The value read in the machine's own order; only the first 8 bytes count on a little-endian machine.
  package var hostEndianValue: UInt64 {
    1.littleEndian == 1 ? prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) } : bigEndianValue
  }
}

extension Bytes {
  /// The last byte first.
  package var byteSwapped: Bytes {
    guard case .short(let first, let second, let count) = storage else { return Bytes(reversed()) }
    let swapped = (UInt128(second) << 64 | UInt128(first)).byteSwapped >> UInt128(128 - Int(count) * 8)
    return Bytes(
      storage: .short(UInt64(truncatingIfNeeded: swapped), UInt64(truncatingIfNeeded: swapped >> 64), count: count))
  }
}

extension Bytes: RandomAccessCollection {
  package var startIndex: Int { 0 }

  package var endIndex: Int {
    switch storage {
    case .short(_, _, let count): Int(count)
    case .long(let bytes): bytes.count
    }
  }

  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < endIndex, "index \(index) is outside \(endIndex) bytes")
    switch storage {
    case .short(let first, let second, _):
      return UInt8(truncatingIfNeeded: index < 8 ? first >> UInt64(index * 8) : second >> UInt64((index - 8) * 8))
    case .long(let bytes): return bytes[index]
    }
  }
}

extension Bytes: Comparable {
  /// Byte by byte, the first byte weighing most: the order of addresses and ports in network order.
  package static func < (left: Bytes, right: Bytes) -> Bool {
    guard case .short(let first, let second, let count) = left.storage,
      case .short(let otherFirst, let otherSecond, let otherCount) = right.storage
    else { return left.lexicographicallyPrecedes(right) }
    // What lies beyond the count is zero, so only a run of zeros is left for the count to decide.
    return (first.byteSwapped, second.byteSwapped, count) < (
      otherFirst.byteSwapped, otherSecond.byteSwapped, otherCount
    )
  }
}

extension Bytes: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: UInt8...) { self.init(elements) }
}

extension Bytes: CustomStringConvertible {
  /// Two hexadecimal digits a byte, nothing between.
  package var description: String {
    map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

// Whole words, for those who read and write millions of values.
extension Bytes {
  /// The value's bytes in two words, the first byte being the first word's lowest; nil beyond 16 bytes.
  package var words: (UInt64, UInt64)? {
    guard case .short(let first, let second, _) = storage else { return nil }
    return (first, second)
  }
}
