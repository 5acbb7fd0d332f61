import EtcdSupport
import Locking
import LockingEtcd
import Logging
import Testing

private let log = Logger(label: "test")

@Suite("Who may speak to etcd", .serialized)
struct EtcdSecurityTests {
  /// What a URL says of TLS, with files by name, and what is told.
  private struct Case: Sendable {
    var server = "server"
    var query: String
    var answer: String
  }

  private static let cases = [
    Case(query: "cert=client.pem&key=client.key", answer: "is not of an authority that this system trusts"),
    Case(query: "ca=other.pem&cert=client.pem&key=client.key", answer: "is not of the authority in other.pem"),
    Case(query: "ca=ca.pem", answer: "asks for a client certificate: name it with --etcd-cert and --etcd-key"),
    Case(query: "ca=ca.pem&cert=stranger.pem&key=stranger.key", answer: "refuses the client certificate stranger.pem"),
    Case(
      query: "ca=ca.pem&cert=former.pem&key=former.key",
      answer: "refuses the client certificate former.pem: it expired on"),
    Case(query: "ca=none.pem", answer: "none.pem cannot be read (No such file or directory); name the right file"),
    Case(query: "ca=ca.pem&cert=none.pem&key=client.key", answer: "the client's certificate none.pem cannot be read"),
    Case(query: "ca=ca.pem&cert=client.pem&key=none.key", answer: "the client's key none.key cannot be read"),
    Case(query: "ca=ca.key", answer: "ca.key has no PEM block of a certificate in it"),
    Case(query: "ca=ca.pem&cert=client.pem&key=ca.pem", answer: "ca.pem has no PEM block of a private key in it"),
    Case(query: "ca=ca.pem&cert=client.pem&key=server.key", answer: "the client's key does not belong to its"),
    Case(server: "expired", query: "ca=ca.pem&cert=client.pem&key=client.key", answer: "expired on 20"),
    Case(server: "elsewhere", query: "ca=ca.pem&cert=client.pem&key=client.key", answer: "is for another name"),
  ]

  @Test("TLS with a client certificate works, and what is wrong with it is told in one line")
  func tls() async throws {
    let places = try EtcdServer()
    defer { places.remove() }
    let made = try await Certificates(in: places.folder)
    for name in ["server", "expired", "elsewhere"] {
      let server = try EtcdServer(tls: [
        "--cert-file", made.path("\(name).pem"), "--key-file", made.path("\(name).key"),
        "--client-cert-auth", "--trusted-ca-file", made.path("ca.pem"),
      ])
      defer { server.remove() }
      let at = "127.0.0.1:\(server.port)/test"
      try await server.whileRunning { _ in
        if name == "server" {
          try await becomesReady(
            EtcdBackend(try settings("etcds://\(at)", "ca=ca.pem&cert=client.pem&key=client.key", made), log: log))
          #expect(try await failure(try EtcdSettings(url: "etcd://\(at)"), made).contains("write etcds://"))
        } else {
          try await accepts(server)
        }
        // Each is tried for two seconds.
        try await withThrowingTaskGroup(of: Void.self) { group in
          for test in Self.cases where test.server == name {
            group.addTask {
              let told = try await failure(try settings("etcds://\(at)", test.query, made), made)
              #expect(told.contains(test.answer), "\(test.query)")
              #expect(!told.contains("SSL") && !told.contains("Channel") && !told.contains("\n"), "\(told)")
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  private func settings(_ url: String, _ query: String, _ made: Certificates) throws -> EtcdSettings {
    try EtcdSettings(url: "\(url)?\(query.replacing("=", with: "=\(made.folder)/"))")
  }

  /// What is told, files by name.
  private func failure(_ settings: EtcdSettings, _ made: Certificates) async throws -> String {
    let backend = EtcdBackend(settings, log: log)
    let error = await #expect(throws: LockError.self) { try await backend.status() }
    await backend.close()
    return "\(try #require(error))".replacing("\(made.folder)/", with: "")
  }

  /// Waits until something listens; it is not asked anything.
  private func accepts(_ server: EtcdServer) async throws {
    let plain = EtcdBackend(try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/test"), log: log)
    for _ in 0..<10 {
      do {
        _ = try await plain.status()
      } catch {
        if !"\(error)".contains("nothing listens") { break }
      }
    }
    await plain.close()
  }

  @Test("a login is renewed when its token has expired, and a wrong one is told")
  func login() async throws {
    let server = try EtcdServer(options: ["--auth-token", "simple"])
    defer { server.remove() }
    try await server.whileRunning { _ in
      try await becomesReady(try LockingEtcdTests.backend(server))
      for name in ["root", "lock"] { try await server.control("user", "add", "\(name):secret") }
      try await server.control("role", "add", "lock")
      try await server.control("role", "grant-permission", "lock", "readwrite", "test/", "--prefix=true")
      try await server.control("user", "grant-role", "lock", "lock")
      try await server.control("user", "grant-role", "root", "root")
      try await server.control("auth", "enable")

      var settings = try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/test?ttl=2")
      let nobody = EtcdBackend(settings, log: log)
      let refused = await #expect(throws: LockError.self) { try await nobody.status() }
      #expect("\(try #require(refused))".contains("asks for a login"))
      await nobody.close()

      settings.user = .init(name: "lock", password: "wrong")
      let wrong = EtcdBackend(settings, log: log)
      let unknown = await #expect(throws: LockError.self) { try await wrong.status() }
      #expect("\(try #require(unknown))".contains("does not know this user"))
      await wrong.close()

      settings.user = .init(name: "lock", password: "secret")
      let right = EtcdBackend(settings, log: log)
      let baton = try await right.acquire(request("a")) { _ in }
      // With the user, etcd forgets its tokens.
      let root = ["--user", "root:secret"]
      try await server.control("user", "delete", "lock", options: root)
      try await server.control("user", "add", "lock:secret", options: root)
      try await server.control("user", "grant-role", "lock", "lock", options: root)
      try await right.put(NodeRecord(node: "a", generation: "g", version: "test", outcome: "x"), with: baton)
      try await right.release(baton)
      await right.close()
    }
  }
}
