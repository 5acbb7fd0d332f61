import Kernel
package import Netlink
import NIOCore
import NIOPosix
package import Spec

/// Probes the network of this process, or of another network namespace.
package struct LiveProber: Prober {
  private let group: MultiThreadedEventLoopGroup
  private let namespace: String?

  package init() {
    group = .singleton
    namespace = nil
  }

  /// - Parameter namespace: a file that names another network namespace; for tests and the demo. Names are still looked
  ///   up in the process's own.
  package init(namespace: String) async throws(NetlinkError) {
    group = try await NamespaceThread(namespace).run { MultiThreadedEventLoopGroup(numberOfThreads: 1) }
    self.namespace = namespace
  }

  package func run(_ probe: Probe, within time: Duration) async -> ProbeResult {
    switch probe.kind {
    case .tcp(let host, let port): await TCPProbing(group: group).run(host, port, within: time)
    case .http(let http): .failed("\(http.url)")
    case .gateway(let device): .failed("\(device)")
    }
  }
}
