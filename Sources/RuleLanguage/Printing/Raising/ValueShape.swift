import Model

/// What a value is, and so how it is written.
struct ValueShape: Sendable {
  var type: DataType
  /// In bits.
  var length: Int
  /// How a register holds it by nature.
  var order: ByteOrder
  var symbols: SymbolTable?
  /// nft writes some integers (raw packet bytes, masks) in hexadecimal.
  var isHexadecimal = false
  /// A register or an element holds the value shifted left by so many bits.
  var shift = 0

  init(_ type: DataType, length: Int, order: ByteOrder, symbols: SymbolTable? = nil, isHexadecimal: Bool = false) {
    self.type = type
    self.length = length
    self.order = order
    self.symbols = symbols ?? type.symbols
    self.isHexadecimal = isHexadecimal
  }

  init(_ key: SelectorKey) { self.init(key.type, length: key.length, order: key.byteOrder) }

  /// Raw bytes of which nothing is known.
  static func raw(bits: Int) -> ValueShape { ValueShape(.integer, length: bits, order: .network, isHexadecimal: true) }

  /// In whole bytes.
  var byteLength: Int { (length + 7) / 8 }

  /// Most significant byte first; strings stay as they are.
  func canonical(_ bytes: Bytes, order: ByteOrder) -> Bytes {
    type.isString || order != .host || 1.littleEndian != 1 ? bytes : bytes.byteSwapped
  }

  func canonical(_ bytes: Bytes) -> Bytes { canonical(bytes, order: order) }
}

extension Bytes {
  /// The number's bits shifted right, most significant byte first.
  func shiftedRight(_ bits: Int) -> Bytes {
    guard bits > 0 else { return self }
    let source = Array(self)
    let (whole, part) = (bits / 8, bits % 8)
    return Bytes(
      source.indices.map { index in
        let low = index - whole >= 0 ? UInt16(source[index - whole]) : 0
        let high = index - whole - 1 >= 0 ? UInt16(source[index - whole - 1]) : 0
        return UInt8(truncatingIfNeeded: (high << 8 | low) >> UInt16(part))
      })
  }

  func combined(with other: Bytes, _ operation: (UInt8, UInt8) -> UInt8) -> Bytes {
    Bytes(zip(self, other).map { operation($0, $1) })
  }

  var inverted: Bytes { Bytes(map { ~$0 }) }
  var isZero: Bool { allSatisfy { $0 == 0 } }
  var isAllOnes: Bool { allSatisfy { $0 == 0xFF } }

  /// If the bits set are one run, where it begins (from the most significant bit) and how long it is.
  var runOfOnes: Range<Int>? {
    var first: Int?
    var last: Int?
    for bit in 0..<count * 8 where self[bit / 8] & 0x80 >> UInt8(bit % 8) != 0 {
      if let last, bit != last + 1 { return nil }
      first = first ?? bit
      last = bit
    }
    guard let first, let last else { return nil }
    return first..<last + 1
  }

  /// The length of a prefix mask: ones, then zeros.
  var prefixLength: Int? {
    isZero ? 0 : runOfOnes.flatMap { $0.lowerBound == 0 ? $0.upperBound : nil }
  }

  /// The number's low `count` bytes, or with zeros before it.
  func resized(to count: Int) -> Bytes {
    if count == self.count { return self }
    return count < self.count
      ? Bytes(Array(self.suffix(count))) : Bytes(Array(repeating: 0, count: count - self.count) + Array(self))
  }
}
