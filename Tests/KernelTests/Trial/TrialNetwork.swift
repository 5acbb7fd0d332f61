import Glibc
import Kernel
import Support

/// client — router — server, or two hosts on a bridge.
struct TrialNetwork {
  enum Place { case client, middle, server }

  let client: NetworkNamespace
  let middle: NetworkNamespace
  let server: NetworkNamespace
  private let peers: [Place: DatagramPeer]

  static func with(bridge: Bool, _ body: (TrialNetwork) async throws -> Void) async throws {
    try await NetworkNamespace.with { client in
      try await NetworkNamespace.with { middle in
        try await NetworkNamespace.with { server in
          try await body(TrialNetwork(client, middle, server, bridge: bridge))
        }
      }
    }
  }

  private init(
    _ client: NetworkNamespace, _ middle: NetworkNamespace, _ server: NetworkNamespace, bridge: Bool
  ) async throws {
    self.client = client
    self.middle = middle
    self.server = server
    peers = try [
      .client: DatagramPeer(client), .middle: DatagramPeer(middle), .server: DatagramPeer(server),
    ]
    for (place, namespace) in [("rc", client), ("rs", server)] {
      try await middle.check(
        "ip", "link", "add", place, "type", "veth", "peer", "name", "e0", "netns", namespace.path)
      try await middle.check("ip", "link", "set", place, "up")
      try await namespace.check("ip", "link", "set", "e0", "up")
    }
    if bridge { try await makeBridge() } else { try await makeRouter() }
    for place in [Place.middle, .server] { try await peers[place]?.listen(on: [1111, 2222]) }
  }

  private func makeRouter() async throws {
    try await client.check(
      "sh", "-ec",
      """
      ip addr add 10.0.1.2/24 dev e0; ip addr add fd00:1::2/64 dev e0 nodad
      ip route add default via 10.0.1.1; ip -6 route add default via fd00:1::1
      """)
    try await middle.check(
      "sh", "-ec",
      """
      ip addr add 10.0.1.1/24 dev rc; ip addr add fd00:1::1/64 dev rc nodad
      ip addr add 10.0.2.1/24 dev rs; ip addr add 10.0.2.9/24 dev rs; ip addr add fd00:2::1/64 dev rs nodad
      echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
      ip rule add fwmark 7 table 100; ip route add unreachable default table 100
      """)
    try await server.check(
      "sh", "-ec",
      """
      ip addr add 10.0.2.2/24 dev e0; ip addr add fd00:2::2/64 dev e0 nodad
      ip route add default via 10.0.2.1; ip -6 route add default via fd00:2::1
      """)
  }

  private func makeBridge() async throws {
    try await middle.check(
      "sh", "-ec",
      """
      ip link add br0 type bridge; ip link set br0 up; ip link set rc master br0; ip link set rs master br0
      ip addr add 10.9.0.3/24 dev br0
      """)
    try await client.check("ip", "addr", "add", "10.9.0.1/24", "dev", "e0")
    try await server.check("ip", "addr", "add", "10.9.0.2/24", "dev", "e0")
  }

  func namespace(_ place: Place) -> NetworkNamespace {
    switch place {
    case .client: client
    case .middle: middle
    case .server: server
    }
  }

  /// Sends a datagram as a flow of its own.
  /// - Returns: how it arrived; nil unless the answer came back too.
  func ask(from: Place, _ address: String, _ port: UInt16, at server: Place) async throws -> DatagramPeer.Arrival? {
    guard let client = peers[from], let server = peers[server],
      let socket = try await client.send(to: address, port: port)
    else { return nil }
    let arrival = await server.answer(within: 60)
    let isAnswered = await client.isAnswered(socket, within: arrival == nil ? 0 : 60)
    return isAnswered ? arrival : nil
  }
}
