import Kernel
import Locking
import Model
import Plan
import Support
import Testing

@Suite(.networkNamespace)
struct NftablesCommitTests {
  @Test func writesTableChainAndRule() async throws {
    let namespace = try #require(NetworkNamespace.current)
    let kernel = try LiveKernel(namespace: namespace.path)
    let generation = try await kernel.generation()
    let reached = try await kernel.commit(Samples.edge, from: generation, with: Samples.baton())
    #expect(reached == generation + 1)
    #expect(try await kernel.generation() == reached)
    #expect(try await namespace.ruleset() == Samples.edgeListing)
  }
}
