import FoundationEssentials
import Glibc
import History
import Kernel
import Locking
import Model
import Plan
import Support
import SystemPackage
import Testing

/// A namespace with routes over 192.0.2.1, and a state folder.
final class DeadManBench: Sendable {
  private let namespace: NetworkNamespace
  private let kernel: LiveKernel
  private let folder: FilePath
  let journal: ChangeJournal

  init(routes: Int) async throws {
    namespace = try #require(NetworkNamespace.current)
    kernel = try LiveKernel(namespace: namespace.path)
    folder = FilePath(FileManager.default.temporaryDirectory.path()).appending("netbaton-guard-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    journal = try ChangeJournal(folder: folder, node: "n1")
    try await namespace.check(
      "sh", "-ec",
      """
      ip link add v0 type veth peer name v1
      ip link set v0 up; ip link set v1 up; ip addr add 192.0.2.2/24 dev v0
      """)
    let batch = (0..<routes).map { "route add 10.\($0 / 256).\($0 % 256).0/24 via 192.0.2.1 proto 110\n" }.joined()
    try await namespace.check("ip", "-batch", "-", input: batch)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder.string) }

  /// Beside the bundle of the tests.
  private static var program: String {
    FilePath(CommandLine.arguments[0]).removingLastComponent().appending("change-host").string
  }

  /// - Parameter wrapper: a program that runs it.
  func host(milliseconds: Int, under wrapper: [String] = []) throws -> ToldProcess {
    try ToldProcess(
      ["nsenter", "--net=\(namespace.path)"] + wrapper
        + [Self.program, "make", folder.string, "\(milliseconds)", "192.0.2.9"])
  }

  var tracePath: String { folder.appending("trace").string }
  var folderName: String { folder.lastComponent?.string ?? "" }

  func trace() throws -> [Substring] {
    String(decoding: try Data(contentsOf: URL(filePath: tracePath)), as: UTF8.self).split(separator: "\n")
  }

  /// Of all own routes.
  func gateways() async throws -> Swift.Set<String> {
    let routes = try await kernel.read(ReadScope()).state.routes
    return Swift.Set(routes.flatMap(\.nextHops).compactMap { $0.gateway.map { "\($0)" } })
  }

  func mark() throws -> ChangeMark? {
    guard case .open(let change) = try journal.find() else { return nil }
    return change.mark
  }

  func waitUntilBack(
    within time: Duration, _ what: String, from begin: ContinuousClock.Instant = .now
  ) async throws {
    let end = ContinuousClock.now + time
    while try await gateways() != ["192.0.2.1"], ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(1))
    }
    #expect(try await gateways() == ["192.0.2.1"])
    print("\(what): the routes were back after \(ContinuousClock.now - begin)")
    // The mark follows.
    while try mark().map({ if case .undone = $0 { false } else { true } }) ?? true, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  /// The one child that the process has.
  func deadMan(of host: ToldProcess) throws -> pid_t {
    let path = "/proc/\(host.pid)/task/\(host.pid)/children"
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(host.pid)/task")
    let children = tasks.compactMap { FileManager.default.contents(atPath: "/proc/\(host.pid)/task/\($0)/children") }
      .flatMap { String(decoding: $0, as: UTF8.self).split(separator: " ") }.compactMap { pid_t($0) }
    return try #require(children.first, "\(path) names none")
  }
}
