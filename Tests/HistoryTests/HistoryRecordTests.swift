import History
import Testing

@Suite struct HistoryRecordTests {
  @Test func readsItsOwnLine() throws {
    let record = HistoryRecord.sample("text with \"quotes\", a / and\na newline")
    let line = try record.jsonLine()
    #expect(!line.contains(10))
    #expect(try HistoryRecord(jsonLine: line) == record)
  }

  @Test func takesWhatANewerVersionWrote() throws {
    var text = String(decoding: try HistoryRecord.sample("x").jsonLine(), as: UTF8.self)
    text.replace("\"applied\"", with: "\"promoted\"")
    text.replace("{\"attempt\"", with: "{\"novelty\":[1],\"attempt\"")
    let record = try HistoryRecord(jsonLine: Array(text.utf8))
    #expect(record.outcome == HistoryRecord.Outcome(rawValue: "promoted"))
  }

  @Test(arguments: [400, 500, 1000, 20_000]) func keepsWithinALimit(limit: Int) throws {
    var record = HistoryRecord.sample("x")
    record.difference = (0..<100).map { "+ line \"\($0)\"" }.joined(separator: "\n")
    let line = try record.shortened(toFit: limit).jsonLine()
    #expect(line.count <= limit)
    let short = try HistoryRecord(jsonLine: line)
    #expect(short.difference.utf8.count + (short.omitted ?? 0) == record.difference.utf8.count)
    #expect(
      record.difference.hasPrefix(short.difference) && (short.omitted == nil || !short.difference.hasSuffix("\n")))
    #expect((short.omitted == nil) == (limit == 20_000))
  }

  @Test func refusesALimitThatNothingFits() {
    #expect(throws: (any Error).self) { try HistoryRecord.sample("x").shortened(toFit: 50) }
  }
}

@Suite struct TimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00.000000Z", 0), ("2026-11-20T23:59:59.123456Z", 1_795_219_199_123_456),
      ("2000-02-29T12:00:00.000001Z", 951_825_600_000_001), ("1969-12-31T23:59:59.999999Z", -1),
      ("1600-03-01T00:00:00.000000Z", -11_670_912_000_000_000), ("2100-02-28T00:00:00.000000Z", 4_107_456_000_000_000),
    ] as [(String, Int64)])
  func writesAndReads(text: String, microseconds: Int64) {
    #expect(Timestamp(microseconds: microseconds).description == text)
    #expect(Timestamp(text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    ("2026-11-20", "2026-11-20T00:00:00.000000Z"), ("2026-11-20T12:30:00Z", "2026-11-20T12:30:00.000000Z"),
    ("2026-11-20T12:30:00.5+01:30", "2026-11-20T11:00:00.500000Z"),
    ("2026-11-20 00:00:00.1234567-05:00", "2026-11-20T05:00:00.123456Z"),
  ])
  func readsOtherForms(text: String, expected: String) { #expect(Timestamp(text)?.description == expected) }

  @Test(arguments: [
    "", "yesterday", "2026-13-01", "2026-02-29", "2026-04-31", "2026-00-10", "2026-11-20T24:00:00Z",
    "2026-11-20T12:00Z",
    "2026-11-20T12:00:00", "2026-11-20T12:00:00.Z", "2026-11-20Z", "2026-11-20T12:00:00Z ", "26-11-20",
  ])
  func refuses(text: String) { #expect(Timestamp(text) == nil) }
}
