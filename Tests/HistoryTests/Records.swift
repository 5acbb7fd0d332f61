import History

extension HistoryRecord {
  /// A record that says `text`, written `second` seconds after the start of 2026.
  static func sample(_ text: String, second: Int64 = 0) -> HistoryRecord {
    HistoryRecord(
      time: Timestamp(microseconds: (1_767_225_600 + second) * 1_000_000), node: "n1", instance: "i", attempt: "a",
      event: .change, outcome: .applied, reason: text, token: 7,
      spec: SpecVersion(generation: "abc", commit: "def"), kernelGenerationBefore: 3, kernelGenerationAfter: 4,
      difference: "+ ip route add 192.0.2.0/24 dev eth0")
  }
}
