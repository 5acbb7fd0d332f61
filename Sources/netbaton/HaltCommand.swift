import ArgumentParser
import History
import Locking

struct HaltCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "halt",
    abstract: "Stops the cluster: nobody is granted the baton until `netbaton resume`.",
    discussion: """
      Who holds the baton keeps it, but begins no other change. Halts that are there already stay as they are.
      """)

  @OptionGroup var common: CommonFlags

  @Option(help: "Why, for others to read.")
  var reason: String

  func validate() throws { try Reason.validate(reason) }

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let lock = try wiring.lock()
      let halt = HaltRecord(who: wiring.person, why: reason)
      let record = HistoryRecord(wiring, .halt, reason: "\(halt.who): \(reason)")
      let inForce = try await lock.halt(halt, history: try record.jsonLine())
      let holders = try await lock.status().holders
      await lock.close()
      guard inForce == halt else { return try Output.line("already \(LockObstacle.halted(inForce))") }
      try Output.line("halted: nobody is granted the baton until `netbaton resume`")
      for entry in holders {
        try Output.line("\(entry.record.holder) holds it since \(entry.record.since) and keeps it")
      }
    }
  }
}

/// What a person gives as a reason.
enum Reason {
  static func validate(_ text: String) throws {
    guard text.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--reason says why, in a few words") }
    // It is shown on others' terminals.
    let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard isPlain, text.utf8.count <= 1_000 else {
      throw ValidationError("--reason is one line of at most 1000 bytes, without control characters")
    }
  }
}

extension Wiring {
  /// Who asks, as far as is known: sudo(8) tells the name of who called it.
  var person: String {
    let names = environment()
    let name = [names["SUDO_USER"], names["USER"], names["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty }
    return "\(name ?? "somebody")@\(holder.node)"
  }
}

extension HistoryRecord {
  /// A person's word, for the group's history.
  init(_ wiring: Wiring, _ event: Event, reason: String, spec: SpecVersion? = nil) {
    self.init(
      time: .now(), node: wiring.holder.node, instance: wiring.holder.instance, attempt: wiring.holder.instance,
      event: event, outcome: .applied, reason: reason, spec: spec)
  }
}
