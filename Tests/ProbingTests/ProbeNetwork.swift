import Kernel
import Model
import NIOCore
import NIOPosix
import Probing
import Spec
import Support

/// Two hosts with a cable between them, each in a namespace of its own; the probes run on the one whose way out is the
/// other.
struct ProbeNetwork: Sendable {
  let client: NetworkNamespace
  let server: NetworkNamespace
  let prober: LiveProber
  /// Listens on the server.
  let servers: TestServers
  /// Connects from, and listens on, the client.
  let clientSide: TestServers

  static func with(_ body: (ProbeNetwork) async throws -> Void) async throws {
    try await NetworkNamespace.with { client in
      try await NetworkNamespace.with { server in
        try await server.check("ip", "link", "add", "s0", "type", "veth", "peer", "name", "c0", "netns", client.path)
        // Without a wait for other owners of the link's own address, for which no neighbour could be asked.
        try await server.check(
          "sh", "-ec",
          "echo 0 >/proc/sys/net/ipv6/conf/s0/accept_dad; ip addr add 10.9.0.1/24 dev s0; ip addr add fd09::1/64 dev s0 nodad; ip link set s0 up"
        )
        try await client.check(
          "sh", "-ec",
          """
          echo 0 >/proc/sys/net/ipv6/conf/c0/accept_dad
          ip addr add 10.9.0.2/24 dev c0; ip addr add fd09::2/64 dev c0 nodad; ip link set c0 up
          ip route add default via 10.9.0.1; ip -6 route add default via fd09::1
          """)
        try await body(
          ProbeNetwork(
            client: client, server: server, prober: LiveProber(namespace: client.path),
            servers: TestServers(server.path), clientSide: TestServers(client.path)))
      }
    }
  }

  func run(_ text: String, within time: Duration = .seconds(3)) async throws -> ProbeResult {
    guard let probe = Probe(shortForm: text, origin: SourceLocation(file: "test")) else {
      throw CommandError(description: "\(text) is no probe")
    }
    return await prober.run(probe, within: time)
  }

  func run(_ http: HTTPProbe, within time: Duration = .seconds(3)) async -> ProbeResult {
    await prober.run(Probe(.http(http), origin: SourceLocation(file: "test")), within: time)
  }

  /// The client's entry for a neighbour, as ip(8) lists it, without what only tells its age.
  func entry(of address: String) async throws -> String {
    try await client.check("ip", "neigh", "show", address, "dev", "c0")
  }

  /// The neighbour's link-layer address as the client knows it.
  func link(of address: String) async throws -> String {
    let words = try await entry(of: address).split(separator: " ")
    guard let place = words.firstIndex(of: "lladdr") else { throw CommandError(description: "no address in \(words)") }
    return String(words[place + 1])
  }
}
