import FoundationEssentials
import Subprocess
package import SystemPackage

/// A real etcd of one member on a loopback port, for as long as a closure runs.
///
/// `NETBATON_ETCD` names another server program than the `etcd` that PATH finds; `etcdctl` is then taken from beside it.
package struct EtcdServer: Sendable {
  /// Holds its data and its log; removed with `remove`.
  package let folder: FilePath
  package let port: Int
  package let arguments: [String]
  private let scheme: String

  /// - Parameter tls: options such as `--cert-file`; the client's address is then https.
  package init(tls: [String] = [], options: [String] = []) throws {
    let name = "netbaton-etcd-\(UInt64.random(in: 0...UInt64.max))"
    folder = FilePath(FileManager.default.temporaryDirectory.path).appending(name)
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    // Below the ports that the kernel gives out by itself (ip_local_port_range). Taken ones make `whileRunning` fail.
    port = Int.random(in: 5_000..<16_000) * 2
    scheme = tls.isEmpty ? "http" : "https"
    let (client, peer) = ("\(scheme)://127.0.0.1:\(port)", "http://127.0.0.1:\(port + 1)")
    arguments =
      [
        "--name", "test", "--data-dir", folder.appending("data").string,
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "test=\(peer)",
        "--logger", "zap", "--log-outputs", folder.appending("log").string,
      ] + tls + options
  }

  private static var program: FilePath { FilePath(ProcessInfo.processInfo.environment["NETBATON_ETCD"] ?? "etcd") }

  private static func executable(_ path: FilePath) -> Executable {
    path.components.count > 1 ? .path(path) : .name(path.string)
  }

  package func remove() { try? FileManager.default.removeItem(atPath: folder.string) }

  /// Starts the server, over the data of an earlier run, and ends it with the closure, also when that throws.
  /// - Parameter body: is given the server's process, to be stopped or killed.
  package func whileRunning<Value: Sendable>(_ body: @Sendable (Process) async throws -> Value) async throws -> Value {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
    return try await Subprocess.run(
      EtcdServer.executable(EtcdServer.program), arguments: Arguments(arguments), platformOptions: options,
      input: .none, output: .discarded, error: .discarded
    ) { execution in
      let process = Process { signal in try execution.send(signal: signal) }
      do {
        let value = try await body(process)
        // It may have been killed by the test.
        try? execution.send(signal: .kill)
        return value
      } catch {
        try? execution.send(signal: .kill)
        throw error
      }
    }.closureResult
  }

  package struct Process: Sendable {
    fileprivate let send: @Sendable (Signal) throws -> Void

    package func kill() throws { try send(.kill) }
    /// Nothing is answered from now on, as when the network is cut.
    package func stop() throws { try send(.suspend) }
    package func resume() throws { try send(.resume) }
  }

  /// Runs `etcdctl` on this server.
  @discardableResult
  package func control(_ arguments: String..., options: [String] = []) async throws -> String {
    let all = ["--endpoints", "\(scheme)://127.0.0.1:\(port)"] + options + arguments
    let program = EtcdServer.program.removingLastComponent().appending("etcdctl")
    return try await EtcdServer.command(program, all, environment: ["ETCDCTL_API": "3"])
  }

  /// - Returns: what the command printed.
  static func command(
    _ program: FilePath, _ arguments: [String], environment: [Environment.Key: String?] = [:]
  ) async throws -> String {
    let result = try await Subprocess.run(
      executable(program), arguments: Arguments(arguments), environment: .inherit.updating(environment),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
      throw CommandFailure(command: "\(program) \(arguments)", output: result.standardError)
    }
    return result.standardOutput
  }
}

package struct CommandFailure: Error {
  package let command: String
  package let output: String
}

/// A certificate authority of its own, and another one, with certificates made with the `openssl` program.
package struct Certificates: Sendable {
  package let folder: FilePath

  package func path(_ name: String) -> String { folder.appending(name).string }

  /// Name, what it is for, who signed it, and for how many days it is valid.
  private static let all = [
    ("server", "subjectAltName=IP:127.0.0.1", "ca", 2),
    ("expired", "subjectAltName=IP:127.0.0.1", "ca", -1),
    ("elsewhere", "subjectAltName=DNS:elsewhere.test", "ca", 2),
    ("client", "extendedKeyUsage=clientAuth", "ca", 2),
    ("stranger", "extendedKeyUsage=clientAuth", "other", 2),
    ("former", "extendedKeyUsage=clientAuth", "ca", -1),
  ]

  package init(in folder: FilePath) async throws {
    self.folder = folder
    for name in ["ca", "other"] {
      try await openssl(
        "req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-out", path("\(name).pem"), key: name)
    }
    for (name, use, authority, days) in Certificates.all {
      try Data("\(use)\n".utf8).write(to: URL(filePath: path("\(name).ext")))
      try await openssl("req", "-subj", "/CN=\(name)", "-out", path("\(name).csr"), key: name)
      try await openssl(
        "x509", "-req", "-days", "\(days)", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"),
        "-CAkey", path("\(authority).key"), "-CAcreateserial", "-extfile", path("\(name).ext"),
        "-out", path("\(name).pem"))
    }
  }

  /// - Parameter key: the name of a key to make.
  private func openssl(_ arguments: String..., key: String? = nil) async throws {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"]
    _ = try await EtcdServer.command(
      FilePath("openssl"), arguments + (key.map { curve + [path("\($0).key")] } ?? []))
  }
}
