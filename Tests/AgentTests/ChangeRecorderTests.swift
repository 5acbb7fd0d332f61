import History
import Locking
import Logging
import SystemPackage
import Testing

@testable import Agent

/// How a change ended that another process of the node began.
struct ChangeRecorderTests {
  let folder: TemporaryFolder
  let recorder: ChangeRecorder

  init() throws {
    folder = try TemporaryFolder()
    recorder = ChangeRecorder(
      disk: HistoryLog(folder: folder.path),
      holder: Locking.Holder(node: "n", instance: "later", pid: 2, version: "0"), logger: Logger(label: "test"))
  }

  private func append(_ outcome: HistoryRecord.Outcome, token: UInt64, difference: String = "") throws {
    try recorder.disk.append(
      HistoryRecord(
        time: .now(), node: "n", instance: "earlier", attempt: "\(token)", event: .change, outcome: outcome,
        token: token, difference: difference))
  }

  @Test(arguments: [[], [HistoryRecord.Outcome.applied]])
  func isToldOnceOnDiskAndWithItsDifference(alreadyTold: [HistoryRecord.Outcome]) throws {
    try append(.planned, token: 6, difference: "another")
    try append(.planned, token: 7, difference: "+ rule")
    for outcome in alreadyTold { try append(outcome, token: 7) }
    for _ in 0..<2 {
      let line = try #require(recorder.endedElsewhere(7, outcome: .applied, reason: nil))
      let record = try HistoryRecord(jsonLine: line)
      #expect(record.outcome == .applied && record.instance == "earlier" && record.difference == "+ rule")
    }
    let ends = try recorder.disk.read().entries.filter { $0.record.outcome == .applied }
    #expect(ends.count == 1)
  }

  @Test func saysNothingOfWhatWasNeverOnRecord() throws {
    try append(.planned, token: 6)
    #expect(recorder.endedElsewhere(7, outcome: .failed, reason: "it ended") == nil)
  }
}
