import Agent
import ArgumentParser
import CSignals
import Kernel
import Locking
import Logging
import ServiceLifecycle
import Spec
import SystemPackage
import UnixSignals

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Stays, and keeps the node as the specs say.",
    discussion: """
      SIGTERM ends it once no change is under way; SIGHUP has everything looked at again. A spec that turns bad keeps \
      the last good one in force.
      """)

  @OptionGroup var specs: SpecFlags
  @OptionGroup var common: CommonFlags
  @OptionGroup var proof: ProofFlags

  @Option(help: "How often everything is looked at again, such as 30s or 5m (default: 5m).")
  var resync: String?

  @Option(help: "How many nodes may hold the baton at a time; every node of a group must say the same.")
  var slots: String?

  @Flag(help: "Allow removing more than half of what netbaton owns here.")
  var allowRemoval = false

  func run() async throws {
    // It goes on without whoever reads its log.
    ignore_broken_pipes()
    try await reporting {
      let wiring = try Wiring(common)
      let settings = wiring.settings
      let paths = try settings.specs(specs.file)
      let kernel = try wiring.kernel()
      let lock = try wiring.lock()
      let driver = AgentDriver(
        parts: AgentDriver.Parts(
          change: try wiring.changeParts(
            kernel: kernel, lock: lock, terms: try wiring.terms(proof), allowsRemoval: allowRemoval),
          slots: try settings.slots(slots), loadSpec: { try SpecLoader.load(paths: paths) }),
        cache: SpecCache(node: try wiring.node(), names: wiring.names))
      let (reloads, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
      let hangUps = await UnixSignalsSequence(trapping: .sighup)
      let listening = Task { for await _ in hangUps { reload.yield() } }
      defer { listening.cancel() }
      let service = AgentService(
        driver: driver, specPaths: paths.map { FilePath($0) }, kernel: kernel,
        routeProtocol: try settings.routeProtocol(), reloads: reloads,
        timing: .init(resync: try settings.resync(resync)), logger: wiring.logger)
      wiring.logger.info("agent started", metadata: ["node": "\(settings.nodeName)", "lock": "\(lock.location)"])
      try await ServiceGroup(
        configuration: .init(
          services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
          gracefulShutdownSignals: [.sigterm, .sigint], logger: wiring.logger)
      ).run()
      await lock.close()
      wiring.logger.info("agent stopped", metadata: ["node": "\(settings.nodeName)"])
    }
  }
}
