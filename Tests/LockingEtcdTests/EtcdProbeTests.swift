import EtcdSupport
import FoundationEssentials
import Locking
import LockingEtcd
import Logging
import Testing

@Suite(.timeLimit(.minutes(1))) struct EtcdProbeTests {
  @Test func eachProbeIsANewConnection() async throws {
    let server = try EtcdServer()
    defer { server.remove() }
    try await server.whileRunning { process in
      let settings = try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/probe")
      let backend = EtcdBackend(settings, log: Logger(label: "test"))
      // Waits until the server is up, over the connection that stays.
      while (try? await backend.status()) == nil { try await Task.sleep(for: .milliseconds(20)) }
      let before = try Self.endedConnections(port: server.port)
      for _ in 0..<3 { try await backend.probe() }
      while try Self.endedConnections(port: server.port) < before + 3 { try await Task.sleep(for: .milliseconds(10)) }
      // Whoever has a connection still has it; a server that is stopped answers nobody who is new.
      try process.stop()
      await #expect(throws: LockError.self) { try await backend.probe() }
      try process.resume()
      try await backend.probe()
      await backend.close()
    }
  }

  /// Those to the port whose end is remembered: `06` is TIME_WAIT (include/net/tcp_states.h).
  private static func endedConnections(port: Int) throws -> Int {
    let data = try #require(FileManager.default.contents(atPath: "/proc/net/tcp"))
    let digits = String(port, radix: 16, uppercase: true)
    let number = String(repeating: "0", count: 4 - digits.count) + digits
    return String(decoding: data, as: UTF8.self).split(separator: "\n").count { line in
      let words = line.split(separator: " ")
      return words.count > 3 && words[3] == "06"
        && (words[1].hasSuffix(":\(number)") || words[2].hasSuffix(":\(number)"))
    }
  }
}
