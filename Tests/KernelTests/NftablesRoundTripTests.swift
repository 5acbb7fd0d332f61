import Kernel
import Model
import Plan
import Support
import Testing

/// nft writes, netbaton reads and writes it into another namespace: nft must print the same of both, and netbaton
/// must find nothing left to do there.
@Suite struct NftablesRoundTripTests {
  @Test(arguments: SampleRulesets.all)
  func listsTheSame(_ sample: SampleRuleset) async throws { try await check(sample) }

  /// Whole files, from a folder that an environment variable names; for measuring, not part of the project.
  @Test(.enabled(if: SampleRulesets.folder != nil), arguments: SampleRulesets.files)
  func listsTheSameOfFile(_ sample: SampleRuleset) async throws { try await check(sample) }

  private func check(_ sample: SampleRuleset) async throws {
    try await NetworkNamespace.with { source in
      for device in sample.devices { try await source.addInterface(device) }
      let loaded = try await source.run("nft", "-f", sample.path ?? "-", input: sample.text)
      if sample.path != nil, loaded.status != 0 { return }
      try #require(loaded.status == 0, "nft refuses the sample: \(loaded.errorOutput)")
      let tables = try await everything(in: try LiveKernel(namespace: source.path))
      try await NetworkNamespace.with { copy in
        for device in sample.devices { try await copy.addInterface(device) }
        let kernel = try LiveKernel(namespace: copy.path)
        let plan = try Plan(current: NetworkState(), desired: NetworkState(tables: tables))
        _ = try await kernel.commit(plan.nftables, from: kernel.generation(), with: Samples.baton())
        let (wanted, got) = (try await source.ruleset(), try await copy.ruleset())
        #expect(normalized(got) == normalized(wanted))

        let again = try await kernel.read(ReadScope())
        let rest = try Plan(current: again.state, desired: NetworkState(tables: tables))
        #expect(rest.nftables.isEmpty, "\(rest.nftables)")
      }
    }
  }

  /// All tables, as a spec would ask for them.
  private func everything(in kernel: LiveKernel) async throws -> [Table] {
    let names = try await kernel.read(ReadScope()).state.tables.map(\.id)
    return try await kernel.read(ReadScope(tables: Set(names))).state.tables.map { table in
      var table = table
      table.isOwn = true
      return table
    }
  }

  /// Time goes on between two listings.
  private func normalized(_ listing: String) -> String {
    listing.replacing(/expires [0-9a-z]+/) { _ in "expires" }
  }
}
