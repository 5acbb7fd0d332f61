import Probing
import Support
import Testing

@Suite(.timeLimit(.minutes(1))) struct TCPProbeTests {
  @Test func eachTryIsANewConnection() async throws {
    try await ProbeNetwork.with { network in
      let connections = try await network.servers.listen(7000, .silence)
      for host in ["10.9.0.1", "[fd09::1]", "10.9.0.1", "10.9.0.1"] {
        let known = connections.sources.count
        #expect(try await network.run("tcp:\(host):7000") == .passed)
        while connections.sources.count == known { try await Task.sleep(for: .milliseconds(1)) }
      }
      #expect(connections.sources.count == 4 && Set(connections.sources).count == 4)
    }
  }

  @Test func failuresAreNamed() async throws {
    try await ProbeNetwork.with { network in
      #expect(try await network.run("tcp:10.9.0.1:7001") == .failed("connection refused"))
      #expect(try await network.run("tcp:[fd09::1]:7001") == .failed("connection refused"))
      try await network.server.load(
        "table inet t { chain in { type filter hook input priority 0; tcp dport 7002 drop; }; }")
      try await network.servers.listen(7002, .silence)
      for host in ["10.9.0.1", "[fd09::1]"] {
        let result = try await network.run("tcp:\(host):7002", within: .milliseconds(300))
        #expect(result == .failed("no answer within 300 ms"))
      }
      for (kind, reason) in [
        ("unreachable", "no route to host"), ("throw", "network is unreachable"),
        ("blackhole", "a blackhole route takes it (invalid argument)"),
        ("prohibit", "a prohibit route, or a rule, refuses it (permission denied)"),
      ] {
        try await network.client.check("ip", "route", "replace", kind, "203.0.113.0/24")
        #expect(try await network.run("tcp:203.0.113.1:80") == .failed(reason))
      }
      #expect(
        try await network.run("tcp:no-such-name.invalid:80", within: .seconds(20))
          == .failed("the name no-such-name.invalid was not found"))
    }
  }

  /// `localhost` is 127.0.0.1, and ::1 where the hosts file says so.
  @Test func everyAddressOfANameIsTried() async throws {
    try await ProbeNetwork.with { network in
      try await network.clientSide.listen(7003, .silence, on: "127.0.0.1")
      #expect(try await network.run("tcp:localhost:7003") == .passed)
      #expect(try await network.run("tcp:localhost:7004") == .failed("connection refused"))
    }
  }

  /// The rules that cut off whoever comes, but nobody who is there.
  @Test func anEstablishedConnectionProvesNothing() async throws {
    try await ProbeNetwork.with { network in
      try await network.servers.listen(7005, .echo)
      // Connections are followed only where a rule asks for it.
      try await network.client.load(
        "table inet watch { chain out { type filter hook output priority 0; ct state new counter; }; }")
      let connection = try await EchoConnection(network.clientSide, "10.9.0.1", 7005)
      #expect(try await connection.isEchoed("before"))
      #expect(try await network.run("tcp:10.9.0.1:7005") == .passed)
      try await network.client.load(
        """
        table inet cut {
          chain in { type filter hook input priority 0; policy drop; ct state established accept; }
          chain out { type filter hook output priority 0; policy drop; ct state established accept; }
        }
        """)
      #expect(try await connection.isEchoed("after"))
      #expect(
        try await network.run("tcp:10.9.0.1:7005", within: .milliseconds(300)) == .failed("no answer within 300 ms"))
      #expect(
        try await network.run("http://10.9.0.1:7005/", within: .milliseconds(300))
          == .failed("no answer within 300 ms"))
      #expect(try await connection.isEchoed("later"))
    }
  }
}
