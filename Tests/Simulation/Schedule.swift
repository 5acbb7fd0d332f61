import Agent
import Locking

/// One run of a cluster from a seed.
package enum Schedule {
  package struct Result: Sendable {
    package var seed: UInt64
    package var breach: Breach?
    /// Equal for equal runs.
    package var digest: UInt64
    package var events: Int
    package var nodes: Int
    package var slots: Int
    /// Empty unless it was asked for.
    package var story: [String]
  }

  /// How long it may take until all is well once nothing goes wrong any more.
  private static let patience = Microseconds.seconds(900)

  /// In events; the usual schedule has a thousand.
  private static let longest = 100_000

  package static func run(seed: UInt64, without mutation: Mutation? = nil, isTold: Bool = false) -> Result {
    let cluster = Cluster(seed: seed, mutation: mutation, isTold: isTold)
    defer { cluster.dismantle() }
    let end = begin(cluster)
    var events = 0
    while cluster.breach == nil, cluster.advance() {
      events += 1
      cluster.checkInvariants()
      cluster.noticeHalt()
      if events > longest { cluster.breach("liveness", "it goes on and on: " + stillOpen(cluster)) }
      if cluster.isTroubled { continue }
      if cluster.isConverged { break }
      if cluster.now > end + patience { cluster.breach("liveness", stillOpen(cluster)) }
    }
    return Result(
      seed: seed, breach: cluster.breach, digest: cluster.story.digest, events: events, nodes: cluster.nodes.count,
      slots: cluster.slots, story: cluster.story.lines)
  }

  /// - Returns: when the troubles end.
  private static func begin(_ cluster: Cluster) -> Microseconds {
    for node in cluster.nodes {
      // On some, somebody works by hand beside the agent.
      for _ in 0...(cluster.random.once(in: 20) ? 1 : 0) {
        cluster.later(after: cluster.random.number(in: 0...300_000)) { node.launch() }
      }
    }
    var time = 0
    for _ in 1...cluster.random.pick([1, 1, 2, 3]) {
      time += cluster.random.number(in: 500_000...cluster.random.pick([2_000_000, 20_000_000]))
      cluster.later(after: time) { cluster.push(isFlawed: cluster.random.once(in: 2)) }
    }
    let end = time + cluster.random.number(in: 3_000_000...25_000_000)
    cluster.later(after: end) {
      cluster.endTroubles()
      cluster.push(isFlawed: false)
    }
    return end
  }

  private static func stillOpen(_ cluster: Cluster) -> String {
    var open: [String] = []
    if let halt = cluster.store.halt?.record { open.append("halt by \(halt.who)") }
    open += cluster.store.intents.map { "intent of \($0.record.node)" }
    open += cluster.store.queue.map { "place \($0.order) of \($0.record.holder.node)" }
    for node in cluster.nodes {
      let phases = node.processes.map { "\($0.agent.phase), \($0.agent.problem ?? "no problem")" }
      open.append(
        "\(node.name): rules \(node.kernel.rules.number), routes \(node.kernel.routes), trial \(node.kernel.trial?.number ?? 0), "
          + "journal \(node.disk.journal?.token ?? 0), \(phases)")
    }
    return "not all is well: " + open.joined(separator: "; ")
  }
}
