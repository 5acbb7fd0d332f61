import FoundationEssentials
import Model
import RuleLanguage
import Spec

/// A folder with spec files, gone again when the test is over.
final class SpecFixture: Sendable {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    path = TemporaryFolder.value + "/netbaton-spec-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, text) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws { try write(name, bytes: Array(text.utf8)) }

  func write(_ name: String, bytes: [UInt8]) throws {
    let parts = name.split(separator: "/").dropLast()
    if !parts.isEmpty {
      let folder = path + "/" + parts.joined(separator: "/")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    try Data(bytes).write(to: URL(filePath: path + "/" + name))
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
  }

  /// The node `node-1` with these labels.
  func resolve(labels: [String: String] = [:]) throws -> NodeSpec {
    let addresses = ["192.0.2.1", "fe80::1", "2001:db8::1"].compactMap { IPAddress($0) }
    return try SpecLoader.load(paths: [path])
      .resolve(for: Node(name: "node-1", labels: labels, addresses: addresses), names: FixedNames())
  }

  /// What is said about the folder, its own path left out; empty if nothing is.
  func complaint(labels: [String: String] = [:]) -> String {
    do {
      _ = try resolve(labels: labels)
      return ""
    } catch {
      return "\(error)".replacing(path + "/", with: "").replacing(path, with: "FOLDER")
    }
  }
}

enum TemporaryFolder {
  static let value = FileManager.default.temporaryDirectory.path
}

/// A document named `test` around the lines of a spec.
func document(_ spec: String, name: String = "test") -> String {
  let lines = spec.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
  return """
    apiVersion: netbaton.dev/v1alpha1
    kind: NodeNetwork
    metadata: { name: \(name) }
    spec:
    \(lines.joined(separator: "\n"))
    """
}

/// A node that knows a few names.
struct FixedNames: NameResolver {
  func interfaceIndex(_ name: String) -> UInt32? { ["lo": 1, "eth0": 2, "eth1": 3][name] }
  func interfaceName(_ index: UInt32) -> String? { [1: "lo", 2: "eth0", 3: "eth1"][index] }
  func userID(_ name: String) -> UInt32? { name == "root" ? 0 : nil }
  func groupID(_ name: String) -> UInt32? { name == "root" ? 0 : nil }
  func servicePort(_ name: String) -> UInt16? { ["ssh": 22, "domain": 53, "https": 443][name] }
  func protocolNumber(_ name: String) -> UInt8? { ["icmp": 1, "tcp": 6, "udp": 17][name] }
  func number(of name: String, in file: String) -> UInt32? {
    file == "/etc/iproute2/rt_tables" && name == "uplink" ? 100 : nil
  }
}
