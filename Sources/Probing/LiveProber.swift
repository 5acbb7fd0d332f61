import Kernel
package import Netlink
import NIOPosix
package import Spec

/// Probes the network of this process, or of another network namespace.
package struct LiveProber: Prober {
  /// nil for the process's own group: its threads begin with the first probe, for most changes need none.
  private let group: MultiThreadedEventLoopGroup?
  private let namespace: String?

  package init() {
    group = nil
    namespace = nil
  }

  /// - Parameter namespace: a file that names another network namespace; for tests and the demo. Names are still looked
  ///   up in the process's own.
  package init(namespace: String) async throws(NetlinkError) {
    let thread = try NamespaceThread(namespace)
    group = await thread.run { MultiThreadedEventLoopGroup(numberOfThreads: 1) }
    self.namespace = namespace
  }

  private var connector: Connector { Connector(group: group ?? .singleton) }

  package func run(_ probe: Probe, within time: Duration) async -> ProbeResult {
    switch probe.kind {
    case .tcp(let host, let port): await TCPProbing(connector: connector).run(host, port, within: time)
    case .http(let http): await HTTPProbing(connector: connector).run(http, within: time)
    case .gateway(let device): await GatewayProbing(namespace: namespace).run(device, within: time)
    }
  }
}
