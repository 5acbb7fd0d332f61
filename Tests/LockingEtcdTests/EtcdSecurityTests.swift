import EtcdSupport
import Locking
import LockingEtcd
import Logging
import Testing

private let log = Logger(label: "test")

@Suite("Who may speak to etcd", .serialized)
struct EtcdSecurityTests {
  @Test("TLS with a client certificate works, and what is wrong with it is told")
  func tls() async throws {
    let places = try EtcdServer()
    defer { places.remove() }
    let made = try await Certificates(in: places.folder)
    let server = try EtcdServer(tls: [
      "--cert-file", made.path("server.pem"), "--key-file", made.path("server.key"),
      "--client-cert-auth", "--trusted-ca-file", made.path("ca.pem"),
    ])
    defer { server.remove() }
    let at = "127.0.0.1:\(server.port)/test"
    let ca = "ca=\(made.path("ca.pem"))"
    let client = "cert=\(made.path("client.pem"))&key=\(made.path("client.key"))"
    try await server.whileRunning { _ in
      try await becomesReady(EtcdBackend(try EtcdSettings(url: "etcds://\(at)?\(ca)&\(client)"), log: log))
      for (url, advice) in [
        ("etcds://\(at)?\(client)", "name its authority with --etcd-ca"),
        ("etcds://\(at)?\(ca)", "client certificate"),
        ("etcd://\(at)", "etcds://"),
      ] {
        let backend = EtcdBackend(try EtcdSettings(url: url), log: log)
        let error = await #expect(throws: LockError.self) { try await backend.status() }
        #expect("\(try #require(error))".contains(advice))
        await backend.close()
      }
    }
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
      try await right.append(history: Array("{}".utf8), with: baton)
      try await right.release(baton)
      await right.close()
    }
  }
}
