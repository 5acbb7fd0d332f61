package import Spec

/// All that must hold before a change stays: the probes of specs and settings, and the lock itself.
package struct ProbeSet: Sendable {
  /// The lock's store, asked over a new connection.
  package struct Lock: Sendable {
    var location: String
    var probe: @Sendable () async throws -> Void

    package init(location: String, probe: @escaping @Sendable () async throws -> Void) {
      self.location = location
      self.probe = probe
    }

    fileprivate func run(within time: Duration) async -> ProbeResult {
      await Deadline.run(within: time) {
        do {
          try await probe()
          return .passed
        } catch {
          return .failed(reason(error))
        }
      }
    }

    /// Its errors begin with its location, which the failure names already.
    private func reason(_ error: any Error) -> String {
      let (text, prefix) = ("\(error)", "\(location): ")
      return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }
  }

  fileprivate struct Member: Sendable {
    var number: Int
    var name: String
    var place: String?
    var timeout: Duration
    var run: @Sendable (_ within: Duration) async -> ProbeResult
  }

  private let members: [Member]

  /// - Parameter lock: nil if reaching it proves nothing, for it is a file of this machine.
  package init(_ probes: [Probe], lock: Lock?, prober: any Prober) {
    var members = probes.enumerated().map { number, probe in
      Member(
        number: number, name: "\(probe)", place: "\(probe.origin)", timeout: probe.timeout,
        run: { await prober.run(probe, within: $0) })
    }
    if let lock {
      members.append(
        Member(
          number: members.count, name: lock.location, timeout: Probe.usualTimeout,
          run: { await lock.run(within: $0) }))
    }
    self.members = members
  }

  /// Before a change: what fails already says nothing about the change.
  ///
  /// A probe that fails at once is tried again until its own timeout is over, so that a moment's failure does not take
  /// a good probe out of the proof.
  package func failuresBefore() async -> [ProbeFailure] {
    await failures(of: members) { $0.timeout }
  }

  /// After a change: all but those that failed before are tried, side by side and again and again, until each has passed
  /// once or the time is over.
  /// - Returns: what did not pass; empty if the change is proved.
  package func failures(
    until deadline: ContinuousClock.Instant, without before: [ProbeFailure] = []
  ) async -> [ProbeFailure] {
    let counted = members.filter { member in !before.contains { $0.number == member.number } }
    let time = ContinuousClock.now.duration(to: deadline)
    return await failures(of: counted) { _ in time }
  }

  private func failures(of members: [Member], time: (Member) -> Duration) async -> [ProbeFailure] {
    await withTaskGroup(of: ProbeFailure?.self) { group in
      for member in members {
        let round = ProbeRound(lasting: time(member), timeout: member.timeout)
        group.addTask { await member.failure(in: round) }
      }
      var failures: [ProbeFailure] = []
      for await failure in group { if let failure { failures.append(failure) } }
      return failures.sorted { $0.number < $1.number }
    }
  }
}

extension ProbeSet.Member {
  fileprivate func failure(in round: ProbeRound) async -> ProbeFailure? {
    var round = round
    let start = ContinuousClock.now
    guard var within = round.firstTry else { return failure("no time was left for it") }
    while true {
      let result = await run(within)
      switch round.answered(result, at: start.duration(to: .now)) {
      case .passed: return nil
      case .failed(let reason): return failure(reason)
      case .tryAgain(let pause, let time):
        within = time
        do {
          try await Task.sleep(for: pause, clock: .continuous)
        } catch {
          return failure("it was given up")
        }
      }
    }
  }

  private func failure(_ reason: String) -> ProbeFailure {
    ProbeFailure(number: number, name: name, place: place, reason: reason)
  }
}
