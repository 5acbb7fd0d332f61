import EtcdSupport
import FoundationEssentials
import Locking
import LockingEtcd
import Logging
import Support
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct EtcdProbeTests {
  @Test func eachProbeIsANewConnection() async throws {
    let server = try EtcdServer()
    defer { server.remove() }
    try await server.whileRunning { process in
      let relay = try Relay(to: server)
      let settings = try EtcdSettings(url: "etcd://127.0.0.1:\(relay.port)/probe")
      let backend = EtcdBackend(settings, log: Logger(label: "test"))
      // Waits until the server is up, over the connection that stays.
      while (try? await backend.status()) == nil { try await Task.sleep(for: .milliseconds(20)) }
      let before = try relay.connections()
      for _ in 0..<3 { try await backend.probe() }
      #expect(try relay.connections() == before + 3)
      _ = try await backend.status()
      #expect(try relay.connections() == before + 3)
      // Whoever has a connection still has it; a server that is stopped answers nobody who is new.
      try process.stop()
      await #expect(throws: LockError.self) { try await backend.probe() }
      try process.resume()
      try await backend.probe()
      await backend.close()
    }
  }
}

/// Passes connections on, and counts them.
private final class Relay: Sendable {
  let port = Int.random(in: 2_000..<10_000)
  private let process: ToldProcess
  private let log: String

  init(to server: EtcdServer) throws {
    log = server.folder.appending("relay").string
    process = try ToldProcess([
      "socat", "-d", "-d", "-lf", log, "TCP-LISTEN:\(port),bind=127.0.0.1,reuseaddr,fork",
      "TCP:127.0.0.1:\(server.port)",
    ])
  }

  func connections() throws -> Int {
    let data = try Data(contentsOf: URL(filePath: log))
    return String(decoding: data, as: UTF8.self).split(separator: "\n").count { $0.contains("accepting connection") }
  }
}
