import Crypto

/// The generation of a source.
enum SourceDigest {
  /// SHA-256 over all names and contents. What a node calls the folder, and in which order it lists it, does not count.
  static func digest(of files: [SpecFile]) -> String {
    var sum = SHA256()
    for file in files.sorted(by: { ($0.name, $0.root) < ($1.name, $1.root) }) {
      // With their lengths before them, no two sources read the same.
      sum.update(data: header(file.name.utf8.count))
      sum.update(data: Array(file.name.utf8))
      sum.update(data: header(file.bytes.count))
      sum.update(data: file.bytes)
    }
    return sum.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  private static func header(_ count: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } }
}
