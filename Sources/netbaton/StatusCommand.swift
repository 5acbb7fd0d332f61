import ArgumentParser
import Locking

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows the cluster: who holds the baton, who waits and why, each node's generation, halts.")

  @OptionGroup var common: CommonFlags

  @Option(name: .shortAndLong, help: "How to print it: text or json.")
  var output = OutputFormat.text

  func run() async throws {
    try await reporting {
      let lock = try Wiring(common).lock()
      let status = try await lock.status()
      await lock.close()
      switch output {
      case .json: try Output.bytes(try RecordCoding.encode(StatusReport(status)) + [10])
      case .text:
        try LockStatusCommand.print(status, of: lock.location)
        try Output.line("Nodes:")
        if status.nodes.isEmpty { try Output.line("  none has said anything yet") }
        for node in status.nodes.sorted(by: { $0.node < $1.node }) {
          let commit = node.commit.map { " (commit \($0.prefix(12)))" } ?? ""
          try Output.line(
            "  \(node.node): generation \(node.generation.prefix(12))\(commit), \(node.outcome), \(node.time)")
        }
      }
    }
  }
}

/// `-o json`: what the store has, with the holders told from the waiters.
struct StatusReport: Encodable {
  struct Place: Encodable {
    var token: UInt64
    var node: String
    var pid: Int32
    var instance: String
    var purpose: String
    var since: String

    init(_ entry: QueueEntry) {
      token = entry.order
      node = entry.record.holder.node
      pid = entry.record.holder.pid
      instance = entry.record.holder.instance
      purpose = entry.record.purpose
      since = entry.record.since
    }
  }

  var holders: [Place]
  var waiters: [Place]
  var halt: HaltRecord?
  var intents: [IntentRecord]
  var nodes: [NodeRecord]

  init(_ status: LockStatus) {
    holders = status.holders.map(Place.init)
    waiters = status.waiters.map(Place.init)
    halt = status.halt
    intents = status.intents
    nodes = status.nodes
  }
}
