/// Gives something a time to answer in.
enum Deadline {
  /// - Parameter body: ends soon after it is cancelled.
  static func run(within time: Duration, _ body: @escaping @Sendable () async -> ProbeResult) async -> ProbeResult {
    await withTaskGroup(of: ProbeResult?.self) { group in
      group.addTask { await body() }
      group.addTask {
        // Cut short once the other has answered.
        try? await Task.sleep(for: time, clock: .continuous)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first ?? .failed("no answer within \(time.inWords)")
    }
  }
}
