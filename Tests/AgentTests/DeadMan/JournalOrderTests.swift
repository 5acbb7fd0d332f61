import Glibc
import Support
import Testing

/// In the order of the system calls of a real process: the journal is whole on the disk before the first effect.
@Suite(.networkNamespace) struct JournalOrderTests {
  @Test func theJournalIsOnTheDiskBeforeTheFirstEffect() async throws {
    let bench = try await DeadManBench(routes: 3)
    let calls = try await bench.systemCalls()
    // Routes are changed by RTM_NEWROUTE; those that only read ask for RTM_GETROUTE.
    let wanted = ["write journal", "sync file", "rename", "sync folder", "start dead-man", "change routes"]
    #expect(calls == wanted)
  }
}

extension DeadManBench {
  /// What strace(1) sees of a change, by the names that matter here, each when it is first seen.
  func systemCalls() async throws -> [String] {
    let host = try host(milliseconds: 60_000, under: ["strace", "-f", "-y", "-s", "64", "-o", tracePath])
    try await host.waitFor("changed")
    try await host.say("keep")
    try await host.waitFor("keep: done")
    let rules: [(name: String, call: String, word: String)] = [
      ("write journal", "write(", "change.new"), ("sync file", "fsync(", "change.new"),
      ("rename", "rename", "change.new"), ("start dead-man", "execve(", "dead-man"),
      ("change routes", "sendto(", "RTM_NEWROUTE"),
    ]
    var seen: [String] = []
    for line in try trace() {
      for rule in rules where line.contains(rule.call) && line.contains(rule.word) && !seen.contains(rule.name) {
        seen.append(rule.name)
      }
      // The folder itself, and not a file in it.
      if line.contains("fsync("), line.contains(folderName + ">"), !seen.contains("sync folder") {
        seen.append("sync folder")
      }
    }
    return seen
  }
}
