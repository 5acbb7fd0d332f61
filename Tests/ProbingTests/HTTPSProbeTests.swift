import FoundationEssentials
import NIOSSL
import Probing
import Spec
import Support
import Testing

@Suite struct HTTPSProbeTests {
  private static let answer = TestServers.Behaviour.words("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

  @Test func certificatesAreChecked() async throws {
    try await Certificates.with { certificates in
      try await ProbeNetwork.with { network in
        try await network.servers.listen(8443, Self.answer, tls: try certificates.server("server"))
        try await network.servers.listen(8444, Self.answer, tls: try certificates.server("other"))
        func result(_ port: UInt16, _ trust: HTTPProbe.Trust) async -> ProbeResult {
          await network.run(HTTPProbe(isSecure: true, host: "10.9.0.1", port: port, path: "/", trust: trust))
        }
        let authorities = HTTPProbe.Trust.authorities(file: certificates.folder + "/ca.crt")
        #expect(await result(8443, authorities) == .passed)
        #expect(await result(8443, .nothing) == .passed)
        #expect(
          await result(8443, .system) == .failed("its certificate is not trusted: name its authority with `ca`"))
        #expect(await result(8444, authorities) == .failed("its certificate is for another host"))
        #expect(await result(8444, .nothing) == .passed)
        let missing = certificates.folder + "/none.crt"
        #expect(
          await result(8443, .authorities(file: missing))
            == .failed("\(missing) is no readable PEM file with certificates"))
      }
    }
  }

  @Test func whatSpeaksNoTLSIsNamed() async throws {
    try await ProbeNetwork.with { network in
      try await network.servers.listen(8445, Self.answer)
      try await network.servers.listen(8446, .hangUp)
      #expect(try await network.run("https://10.9.0.1:8445/") == .failed("what answers does not speak TLS"))
      let result = try await network.run("https://10.9.0.1:8446/")
      #expect(result == .failed("the connection was closed without an answer"), "\(result)")
    }
  }
}

/// An authority, and two servers' certificates from it: for the server of a `ProbeNetwork`, and for another host.
private struct Certificates {
  let folder: String

  static func with(_ body: (Certificates) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/netbaton-tls-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try await Command.run(["sh", "-ec", script, "sh", folder])
    guard made.status == 0 else { throw CommandError(description: made.errorOutput) }
    try await body(Certificates(folder: folder))
  }

  private static let script = """
    cd "$1"
    curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl req -x509 $curve -keyout ca.key -out ca.crt -days 2 -subj /CN=ca
    for name in server:10.9.0.1 other:10.9.0.77; do
      openssl req $curve -keyout ${name%:*}.key -out request -subj /CN=server
      echo "subjectAltName=IP:${name#*:}" >extensions
      openssl x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out ${name%:*}.crt
    done
    """

  func server(_ name: String) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMFile("\(folder)/\(name).crt").map(NIOSSLCertificateSource.certificate)
    let key = try NIOSSLPrivateKey(file: "\(folder)/\(name).key", format: .pem)
    return try NIOSSLContext(
      configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
  }
}
