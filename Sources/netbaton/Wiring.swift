import Agent
import FoundationEssentials
import History
import Kernel
import Locking
import LockingEtcd
import Logging
import Model
import Plan
import Probing
import RuleLanguage
import Spec
import SystemPackage

/// Puts the parts together: the only place that names concrete backends.
struct Wiring: Sendable {
  let settings: Settings
  let logger: Logger
  let holder: Holder

  init(_ flags: CommonFlags) throws {
    settings = try Settings(flags, environment: environment())
    logger = try settings.logger()
    holder = Holder(
      node: settings.nodeName, instance: Wiring.randomID(), pid: ProcessInfo.processInfo.processIdentifier,
      version: version)
  }

  private static func randomID() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  func kernel() throws -> LiveKernel { try LiveKernel() }

  func history() -> HistoryLog { HistoryLog(folder: settings.stateFolder.appending("history")) }

  func lock() throws -> any LockBackend {
    let url = settings.lock
    if let path = url.prefixed("file:") { return FileBackend(path: FilePath(path)) }
    if url.hasPrefix("etcd://") || url.hasPrefix("etcds://") {
      return EtcdBackend(try etcdSettings(url), log: logger)
    }
    throw settings.wrongLock("file:PATH, etcd://HOST:PORT/PREFIX or etcds://HOST:PORT/PREFIX")
  }

  private func etcdSettings(_ url: String) throws -> EtcdSettings {
    var etcd = try EtcdSettings(url: url)
    let files = settings.etcd
    if var tls = etcd.tls {
      tls.authority = files.authority ?? tls.authority
      tls.certificate = files.certificate ?? tls.certificate
      tls.key = files.key ?? tls.key
      etcd.tls = tls
    }
    guard let user = files.user else { return etcd }
    guard let path = files.passwordFile, let text = HostFile.read(path) else {
      throw UsageError("the etcd user \(user) needs a password: name a readable file with --etcd-password-file")
    }
    etcd.user = .init(name: user, password: String(text.prefix { !$0.isNewline }))
    return etcd
  }

  func node() throws -> Node { Node(name: settings.nodeName, labels: try settings.labels()) }

  /// Reads specs and kernel, and plans.
  func prepare(_ paths: [String], reconciler: Reconciler) async throws -> Reconciler.Preparation {
    let source = try SpecLoader.load(paths: try settings.specs(paths))
    var cache = SpecCache(node: try node(), names: names)
    _ = cache.take(source)
    let spec = try cache.resolve(on: try await reconciler.kernel.links()).spec
    for warning in spec.warnings { Output.error(warning.description) }
    return try await reconciler.prepare(spec)
  }

  func names(_ interfaces: [String: UInt32]) -> any NameResolver {
    HostFile.names(interfaces)
  }

  func reconciler(kernel: any Kernel, allowsRemoval: Bool) throws -> Reconciler {
    Reconciler(
      kernel: kernel, nodeName: settings.nodeName,
      options: PlanOptions(
        routeProtocol: try settings.routeProtocol(), allowsRemoval: try settings.allowsRemoval(allowsRemoval)))
  }

  func recorder() -> ChangeRecorder { ChangeRecorder(disk: history(), holder: holder, logger: logger) }

  /// What a change is made with.
  func changeParts(
    kernel: LiveKernel, lock: any LockBackend, terms: ProofTerms, allowsRemoval: Bool
  ) throws -> ChangeParts {
    ChangeParts(
      reconciler: try reconciler(kernel: kernel, allowsRemoval: allowsRemoval), kernel: kernel, lock: lock,
      recorder: recorder(),
      journal: try ChangeJournal(folder: settings.stateFolder, node: holder.node),
      deadMan: DeadManProcess(logger: logger), prober: LiveProber(), terms: terms)
  }

  func terms(_ proof: ProofFlags) throws -> ProofTerms {
    ProofTerms(
      mode: try settings.trialMode(proof), deadline: try settings.trialDeadline(proof),
      probes: try settings.probes(proof), provesLock: !settings.lock.hasPrefix("file:"))
  }
}

extension String {
  /// What follows `prefix`; nil if the text does not begin with it.
  func prefixed(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
