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
        for line in StatusText.lines(status, of: lock.location) + StatusText.nodes(status) { try Output.line(line) }
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

  struct Change: Encodable {
    var node: String
    var token: UInt64
    var generation: String
    var commit: String?
    var since: String
    /// Seconds.
    var bound: Int
    var holderIsGone: Bool

    init(_ intent: IntentRecord, isHolderGone: Bool) {
      node = intent.node
      token = intent.token
      generation = intent.generation
      commit = intent.commit
      since = intent.since
      bound = intent.bound
      holderIsGone = isHolderGone
    }
  }

  var holders: [Place]
  var waiters: [Place]
  var halt: HaltRecord?
  var intents: [Change]
  var nodes: [NodeRecord]

  init(_ status: LockStatus) {
    holders = status.holders.map(Place.init)
    waiters = status.waiters.map(Place.init)
    halt = status.halt
    intents = status.intents.map { Change($0, isHolderGone: status.isOrphaned($0)) }
    nodes = status.nodes
  }
}
