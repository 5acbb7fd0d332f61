import Crypto
import FoundationEssentials

/// The journal's file: the lengths of what follows, the header as JSON, the inverse, room for marks, and what shows that
/// all of it is there: the SHA-256 of all before the marks' room.
///
/// Marks are written into room that the file has from the beginning, so that a full disk is no hindrance. Each has its
/// own checksum; one that is torn is none.
struct ChangeFormat {
  private static let name = Array("netbaton change ".utf8)
  private static let version: UInt = 1
  static let magic = name + Array("\(version)\n".utf8)
  static let markSlots = 8
  /// In bytes.
  static let markSize = 1024
  private static let digestSize = 32

  var headerLength: Int
  var inverseLength: Int

  /// Magic and two lengths of 8 bytes, the lowest first.
  static var prefixLength: Int { magic.count + 16 }
  var marksOffset: Int { Self.prefixLength + headerLength + inverseLength + Self.digestSize }
  var fileLength: Int { marksOffset + Self.markSlots * Self.markSize }

  var prefix: [UInt8] { Self.magic + Self.bytes(headerLength) + Self.bytes(inverseLength) }

  /// - Returns: nil if the lengths are not there, or are those of no file of `size` bytes.
  init?(prefix: some Collection<UInt8>, size: Int) {
    let bytes = Array(prefix.prefix(Self.prefixLength))
    guard bytes.count == Self.prefixLength, bytes.starts(with: Self.magic) else { return nil }
    let numbers = bytes.dropFirst(Self.magic.count)
    guard let header = Self.number(numbers.prefix(8)), let inverse = Self.number(numbers.dropFirst(8)),
      header < size, inverse < size
    else { return nil }
    self.init(headerLength: header, inverseLength: inverse)
    guard fileLength == size else { return nil }
  }

  /// The format's version, if it is another one than this program's: such a file may be whole.
  static func otherVersion(of file: Data) -> UInt? {
    guard file.starts(with: name) else { return nil }
    let line = file.dropFirst(name.count).prefix(10).prefix { $0 != UInt8(ascii: "\n") }
    return UInt(String(decoding: line, as: UTF8.self)).flatMap { $0 == version ? nil : $0 }
  }

  init(headerLength: Int, inverseLength: Int) {
    self.headerLength = headerLength
    self.inverseLength = inverseLength
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  private static func number(_ bytes: some Collection<UInt8>) -> Int? {
    Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  static func digest(of parts: [UInt8]...) -> [UInt8] {
    var hash = SHA256()
    for part in parts { hash.update(data: part) }
    return Array(hash.finalize())
  }
}

extension ChangeFormat {
  /// Header and inverse; nil if a byte of them is not what was written.
  func contents(of file: Data) -> OpenChange? {
    guard file.count == fileLength else { return nil }
    let inverseOffset = Self.prefixLength + headerLength
    let digestOffset = inverseOffset + inverseLength
    var hash = SHA256()
    hash.update(data: file[..<digestOffset])
    guard Array(hash.finalize()) == Array(file[digestOffset..<marksOffset]),
      let header = try? JSONDecoder().decode(ChangeHeader.self, from: file[Self.prefixLength..<inverseOffset])
    else { return nil }
    return OpenChange(
      header: header, inverse: Array(file[inverseOffset..<digestOffset]), mark: marks(of: file).last?.mark)
  }

  /// The whole ones, in the order in which they were written.
  func marks(of file: Data) -> [(slot: Int, mark: ChangeMark)] {
    (0..<Self.markSlots).compactMap { slot in
      let start = marksOffset + slot * Self.markSize
      return Self.mark(Array(file[start..<start + Self.markSize])).map { (slot, $0) }
    }
  }

  /// A slot's bytes: the length of the JSON in two bytes, the JSON, its SHA-256, zeros.
  static func slot(of mark: ChangeMark) throws -> [UInt8] {
    var mark = mark
    while true {
      let json = try HistoryRecord.encode(mark)
      if json.count <= markSize - 2 - digestSize {
        let length = [UInt8(truncatingIfNeeded: json.count), UInt8(truncatingIfNeeded: json.count >> 8)]
        let used = length + json + digest(of: length, json)
        return used + [UInt8](repeating: 0, count: markSize - used.count)
      }
      mark = mark.shortened
    }
  }

  private static func mark(_ slot: [UInt8]) -> ChangeMark? {
    let length = Array(slot.prefix(2))
    let count = Int(length[0]) | Int(length[1]) << 8
    guard count > 0, count <= markSize - 2 - digestSize else { return nil }
    let json = Array(slot.dropFirst(2).prefix(count))
    guard digest(of: length, json) == Array(slot.dropFirst(2 + count).prefix(digestSize)) else { return nil }
    return try? JSONDecoder().decode(ChangeMark.self, from: Data(json))
  }
}

extension ChangeMark {
  /// With half of the reason.
  fileprivate var shortened: ChangeMark {
    func half(_ text: String) -> String { String(text.prefix(text.count / 2)) }
    switch self {
    case .kept: return .kept
    case .undoing(let reason): return .undoing(half(reason))
    case .undone(let reason): return .undone(half(reason))
    case .ended(let outcome): return .ended(half(outcome))
    }
  }
}
