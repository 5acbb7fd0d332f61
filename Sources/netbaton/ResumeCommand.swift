import ArgumentParser
import History
import Locking

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Clears a halt, so that the cluster goes on.",
    discussion: """
      A generation that failed is not tried again before its spec has changed, unless --retry allows it. A change whose \
      node vanished holds the others back until that node comes back and settles it; if it never will, --abandon clears it, \
      as one that failed.
      """)

  @OptionGroup var common: CommonFlags

  @Option(help: "Why it may go on, for others to read.")
  var reason: String

  @Flag(help: "Allow generations that failed to be tried again.")
  var retry = false

  @Option(help: "A node that will not come back: its change under way is given up; may be repeated.")
  var abandon: [String] = []

  func validate() throws { try Reason.validate(reason) }

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let lock = try wiring.lock()
      try refuseUnknown(in: try await lock.status())
      let request = ResumeRequest(abandon: Set(abandon), retry: retry)
      let (who, why) = (wiring.person, reason)
      let resumption = try await lock.resume(request) { (resumption) throws(LockError) in
        try ResumeCommand.record(of: resumption, wiring, "\(who): \(why)")
      }
      let status = try await lock.status()
      await lock.close()
      if resumption.halt == nil { try Output.line("there is no halt") }
      for line in ResumeCommand.lines(for: resumption) { try Output.line(line) }
      for line in ResumeCommand.warnings(for: resumption, status) { Output.error("netbaton: \(line)") }
    }
  }

  /// Nothing is done where one of the names is wrong.
  private func refuseUnknown(in status: LockStatus) throws {
    for node in abandon {
      guard let intent = status.intents.first(where: { $0.node == node }) else {
        throw UsageError("\(node) has no change under way that could be given up; see `netbaton status`")
      }
      guard status.isOrphaned(intent) else {
        throw UsageError("\(node) is at work on its change, since \(intent.since); it cannot be given up")
      }
    }
  }

  private static func record(
    of resumption: Resumption, _ wiring: Wiring, _ word: String
  ) throws(LockError) -> [UInt8] {
    let spec = resumption.halt?.generation.map {
      HistoryRecord.SpecVersion(generation: $0, commit: resumption.halt?.commit)
    }
    let text = ([word] + lines(for: resumption)).joined(separator: "\n  ")
    do {
      return try HistoryRecord(wiring, .resume, reason: text, spec: spec).jsonLine()
    } catch {
      throw .badRecord(what: "the record of the resumption", detail: "\(error)")
    }
  }

  private static func lines(for resumption: Resumption) -> [String] {
    var lines: [String] = []
    if let halt = resumption.halt {
      lines.append("cleared the halt by \(halt.who) since \(halt.since): \(halt.words)")
    }
    lines += resumption.abandoned.map { "gave up the change of \($0.node) since \($0.since), token \($0.token)" }
    let generations = Set(resumption.retried.map { $0.generation.prefix(12) }).sorted()
    return lines + generations.map { "generation \($0) may be tried again" }
  }

  private static func warnings(for resumption: Resumption, _ status: LockStatus) -> [String] {
    let failed = Set(status.nodes.filter(\.hasFailed).map { $0.generation.prefix(12) })
    return resumption.standing.map {
      """
      \($0.node) vanished in the middle of a change: until it comes back and settles it, the others wait, and halt after \
      \($0.bound) s; if it never will, `netbaton resume --reason TEXT --abandon \($0.node)`
      """
    } + failed.sorted().map { "generation \($0) failed and is not tried again; --retry allows it" }
  }
}
