import Kernel

/// Whether the next hops of a device's default routes answer as neighbours.
struct GatewayProbing {
  let namespace: String?

  private static let longestPause = Duration.milliseconds(50)

  func run(_ device: String, within time: Duration) async -> ProbeResult {
    do {
      return try await ask(device, within: time)
    } catch {
      return .failed("\(error)")
    }
  }

  private func ask(_ device: String, within time: Duration) async throws -> ProbeResult {
    let start = ContinuousClock.now
    let neighbours = try Neighbours(namespace: namespace)
    var waiting = try await neighbours.gateways(of: device)
    for gateway in waiting { try await neighbours.ask(gateway) }
    var pause = Duration.milliseconds(1)
    while true {
      var silent: [Gateway] = []
      var hasFailed = false
      for gateway in waiting {
        let answer = try await neighbours.answer(of: gateway, within: start.duration(to: .now))
        if answer != .answered { silent.append(gateway) }
        if answer == .failed { hasFailed = true }
      }
      waiting = silent
      if waiting.isEmpty { return .passed }
      if hasFailed || start.duration(to: .now) + pause > time {
        let names = waiting.map { "\($0.address)" }.joined(separator: ", ")
        return .failed("no neighbour answer from \(names) on \(device)")
      }
      try await Task.sleep(for: pause, clock: .continuous)
      pause = min(pause * 2, GatewayProbing.longestPause)
    }
  }
}
