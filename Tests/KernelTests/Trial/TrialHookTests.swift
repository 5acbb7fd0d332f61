import Kernel
import Model
import Plan
import RuleLanguage
import Support
import Testing

/// At every hook, with packets: armed they meet the new rules, expired the old ones, confirmed and promoted the new ones.
@Suite struct TrialHookTests {
  @Test(arguments: TrialCase.all)
  func meetsOneGenerationOrTheOther(_ scenario: TrialCase) async throws {
    try await TrialNetwork.with(bridge: scenario.onBridge) { network in
      let bench = try TrialBench(network.middle)
      let settles = { (wanted: String) in
        try await eventually(wanted) { try await scenario.probe.result(in: network) }
      }
      if !scenario.other.isEmpty { try await network.middle.load(scenario.other) }
      try await bench.apply(scenario.old)
      try await settles(scenario.wanted.old)
      let before = try await bench.listing()

      // The element ends it.
      var trial = try await bench.plan(scenario.new)
      try await bench.arm(trial, timeout: .milliseconds(300))
      try await eventually(.expired) { try await bench.view().trial?.phase }
      try await settles(scenario.wanted.old)
      _ = try await bench.kernel.cleanUp(record: .keep)
      #expect(try await bench.listing() == before)

      trial = try await bench.plan(scenario.new)
      let armed = try await bench.kernel.arm(
        trial, lasting: .seconds(120), record: .keep, from: bench.kernel.generation(), with: Samples.baton())
      try await settles(scenario.wanted.new)
      try await bench.kernel.confirm(armed, with: Samples.baton())
      try await settles(scenario.wanted.new)
      _ = try await bench.kernel.promote(record: .keep, with: Samples.baton())
      try await settles(scenario.wanted.new)
      let promoted = try await bench.plainListing()

      try await bench.apply(scenario.old)
      try await bench.apply(scenario.new)
      #expect(try await bench.plainListing() == promoted)
    }
  }
}

extension TrialCase.Probe {
  func result(in network: TrialNetwork) async throws -> String {
    switch self {
    case .ports(let from, let address, let at):
      var answers = ""
      for (port, digit) in [(UInt16(1111), "1"), (2222, "2")] {
        if try await network.ask(from: from, address, port, at: at) != nil { answers += digit }
      }
      return answers.isEmpty ? "none" : answers
    case .translated(let from, let address, let at):
      return try await network.ask(from: from, address, 5000, at: at).map { "\($0.port)" } ?? "none"
    case .source: return try await network.ask(from: .client, "10.0.2.2", 1111, at: .server)?.source ?? "none"
    case .neighbour(let address, let at):
      try await network.client.check("ip", "neigh", "flush", "all")
      return try await network.ask(from: .client, address, 1111, at: at) == nil ? "no" : "yes"
    }
  }
}
