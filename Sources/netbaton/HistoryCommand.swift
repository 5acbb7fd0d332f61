import ArgumentParser
import History
import Locking

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Shows the log of differences, newest first.",
    discussion: "The cluster's log is kept in the lock's store; with --local, this node's own log on disk is read.")

  @OptionGroup var common: CommonFlags

  @Flag(help: "Read this node's own log on disk.")
  var local = false

  @Option(help: "How many records at most.")
  var limit = 20

  @Option(name: .shortAndLong, help: "How to print it: text, or json (a record a line).")
  var output = OutputFormat.text

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is 1 or more") }
  }

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      guard !local else { return try show(try localRecords(wiring), place: "on this node's disk") }
      let lock = try wiring.lock()
      try show(
        try await storedRecords(lock), place: "in \(lock.location); --local reads what this node has on its disk")
    }
  }

  private func show(_ records: [HistoryRecord], place: String) throws {
    for record in records {
      switch output {
      case .json: try Output.bytes(try record.jsonLine() + [10])
      case .text: try Output.line(HistoryCommand.text(of: record))
      }
    }
    if records.isEmpty, output == .text { try Output.line("nothing on record \(place)") }
  }

  private func localRecords(_ wiring: Wiring) throws -> [HistoryRecord] {
    let reading = try wiring.history().read(limit: limit)
    for damage in reading.damages { Output.error("netbaton: \(damage)") }
    return reading.entries.map(\.record)
  }

  private func storedRecords(_ lock: any LockBackend) async throws -> [HistoryRecord] {
    let entries = try await lock.history(limit: limit)
    await lock.close()
    return entries.compactMap { entry in
      do {
        return try HistoryRecord(jsonLine: entry.record)
      } catch {
        // As of a file that is damaged: what can be read is told all the same.
        Output.error("netbaton: \(lock.location): a record under token \(entry.token) cannot be read: \(error)")
        return nil
      }
    }
  }

  static func text(of record: HistoryRecord) -> String {
    var head = "\(record.time) \(record.node) \(record.event) \(record.outcome)"
    if let token = record.token { head += " token=\(token)" }
    if let spec = record.spec { head += " generation=\(spec.generation.prefix(12))" }
    if let commit = record.spec?.commit { head += " commit=\(commit.prefix(12))" }
    if let reason = record.reason { head += "\n  \(reason)" }
    let lines = record.difference.split(separator: "\n", omittingEmptySubsequences: false)
    if let omitted = record.omitted { head += "\n  (\(omitted) bytes more are in the node's own history)" }
    return ([head] + lines.map { $0.isEmpty ? "" : "  \($0)" }).joined(separator: "\n")
  }
}
