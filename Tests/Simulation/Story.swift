/// What happened in one schedule, in words, and a digest of it that is made even when nobody listens.
struct Story {
  private(set) var lines: [String] = []
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  let isTold: Bool

  init(isTold: Bool) { self.isTold = isTold }

  /// FNV-1a's step, over whole words.
  mutating func mix(_ word: Int) { digest = (digest ^ UInt64(bitPattern: Int64(word))) &* 0x100_0000_01B3 }

  mutating func tell(at time: Microseconds, _ text: @autoclosure () -> String) {
    guard isTold else { return }
    let millis = String(time / 1_000 % 1_000)
    let micros = String(time % 1_000)
    let padded = { (text: String) in String(repeating: "0", count: 3 - text.count) + text }
    lines.append("\(time / 1_000_000).\(padded(millis))\(padded(micros)) s  \(text())")
  }
}
