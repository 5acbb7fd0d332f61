import Kernel
import Support
import Testing

@Suite(.networkNamespace) struct RouteMonitorTests {
  /// Done by others to the namespace, and whether own routes may have been touched.
  static let events: [(commands: String, isTold: Bool)] = [
    ("ip route add 10.0.0.0/8 via 192.0.2.1 proto bird", false),
    ("ip route del 10.9.0.0/16 proto bird", false),
    ("ip route add 10.0.0.0/8 via 192.0.2.1 proto 110", true),
    ("ip route del 10.8.0.0/16", true),
    ("ip route replace 10.8.0.0/16 via 192.0.2.9 proto bird", true),
    ("ip -6 route add 2001:db8:1::/48 via 2001:db8::1 proto bird", false),
    ("ip -6 route del 2001:db8:8::/48", true),
    ("ip -6 route replace 2001:db8:8::/48 via 2001:db8::9 proto bird", true),
    ("ip rule add priority 7 table 7", true),
    ("ip link set v1 down", true),
    ("ip addr del 192.0.2.2/24 dev v0", true),
  ]

  @Test(arguments: events) func tellsWhatMatters(commands: String, isTold: Bool) async throws {
    let namespace = try await RoutingNamespace()
    try await namespace.ip(
      """
      ip route add 10.9.0.0/16 via 192.0.2.1 proto bird
      ip route add 10.8.0.0/16 via 192.0.2.1 proto 110
      ip -6 route add 2001:db8:8::/48 via 2001:db8::1 proto 110
      """)
    let monitor = try await namespace.routing.monitor()
    try await namespace.ip(commands)
    let told = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in monitor.changes { return true }
        return false
      }
      group.addTask {
        // What is not told cannot be waited for; what is told comes at once.
        try? await Task.sleep(for: .milliseconds(isTold ? 5000 : 300))
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
    #expect(told == isTold)
  }
}
