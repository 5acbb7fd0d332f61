import Locking

/// A group's state, for people.
enum StatusText {
  /// What `lock status` and `status` begin with.
  static func lines(_ status: LockStatus, of location: String) -> [String] {
    halt(status) + baton(status, of: location) + changes(status)
  }

  /// First of all, for nothing goes on before it is dealt with.
  private static func halt(_ status: LockStatus) -> [String] {
    guard let halt = status.halt else { return [] }
    var version = halt.generation.map { " for \(generation($0, halt.commit))" } ?? ""
    if let node = halt.node, node != halt.who { version += " on \(node)" }
    var lines = ["halted by \(halt.who) since \(halt.since)\(version)", "  \(halt.words)"]
    guard let node = halt.node else { return lines + ["  when it may go on: netbaton resume --reason TEXT"] }
    lines.append("  fix the spec, then: netbaton resume --reason TEXT")
    if let change = status.intents.first(where: { $0.node == node }), status.isOrphaned(change) {
      lines.append("  if \(node) will not come back to settle its change, add: --abandon \(node)")
    }
    if let generation = halt.generation, status.failed(generation: generation) != nil {
      lines.append("  to try the same generation again, add: --retry")
    }
    return lines
  }

  private static func baton(_ status: LockStatus, of location: String) -> [String] {
    var lines = ["Lock \(location)"]
    if status.holders.isEmpty { lines.append("  free") }
    for entry in status.holders { lines.append("  held by \(line(entry)), token \(entry.order)") }
    for (place, entry) in status.waiters.enumerated() { lines.append("  waiting (\(place + 1)): \(line(entry))") }
    return lines
  }

  private static func line(_ entry: QueueEntry) -> String {
    "\(entry.record.holder), since \(entry.record.since), for \(entry.record.purpose)"
  }

  private static func changes(_ status: LockStatus) -> [String] {
    guard !status.intents.isEmpty else { return [] }
    let lines = status.intents.map { intent in
      let holder =
        status.isOrphaned(intent)
        ? "its holder is gone: whoever is next halts the cluster after \(intent.bound) s" : "its holder is at work"
      return "  \(intent.node): \(generation(intent.generation, intent.commit)), since \(intent.since), "
        + "token \(intent.token), \(holder)"
    }
    return ["Changes under way:"] + lines
  }

  /// What each node runs.
  static func nodes(_ status: LockStatus) -> [String] {
    let lines = status.nodes.sorted { $0.node < $1.node }.map { node in
      "  \(node.node): \(generation(node.generation, node.commit)), \(node.outcome), \(node.time)"
    }
    return ["Nodes:"] + (lines.isEmpty ? ["  none has said anything yet"] : lines)
  }

  private static func generation(_ digest: String, _ commit: String?) -> String {
    "generation \(digest.prefix(12))" + (commit.map { " (commit \($0.prefix(12)))" } ?? "")
  }
}
