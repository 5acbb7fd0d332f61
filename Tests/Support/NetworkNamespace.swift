import Glibc
package import Testing

/// A network namespace of one test's own, with the loopback interface up.
///
/// A small process holds it, which ends when its standard input does: also if the test process is killed, nothing is
/// left behind. It has no name in /run/netns, so that `unshare -rn swift test` works without root.
package struct NetworkNamespace: Sendable {
  /// The namespace that the trait made for the test that runs.
  @TaskLocal package static var current: NetworkNamespace?

  private let holder: pid_t

  /// For `LiveKernel(namespace:)`, `nsenter --net=`, and `ip link set … netns`.
  package var path: String { "/proc/\(holder)/ns/net" }

  /// Runs `body` with a new namespace, which is gone afterwards.
  package static func with<Result>(_ body: (NetworkNamespace) async throws -> Result) async throws -> Result {
    var descriptors: [Int32] = [0, 0]
    // Closed on exec from the first moment: a copy in another test's process would keep this one's holder alive.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &descriptors) == 0 else {
      throw CommandError(description: "cannot make a pair of sockets: errno \(errno)")
    }
    let output = try Command.temporaryFile()
    defer { close(output) }
    let process = try Command.spawn(
      ["unshare", "-n", "sh", "-c", "ip link set lo up && echo ready && exec cat"],
      files: [descriptors[0], output, 2])
    close(descriptors[0])
    defer {
      close(descriptors[1])
      waitpid(process, nil, 0)
    }
    // "ready" and a line's end.
    while lseek(output, 0, SEEK_END) < 6 {
      guard waitpid(process, nil, WNOHANG) == 0 else {
        throw CommandError(description: "cannot make a network namespace; this needs root, or unshare -rn")
      }
      usleep(1000)
    }
    return try await body(NetworkNamespace(holder: process))
  }

  /// Runs a program in it.
  package func run(_ arguments: String..., input: String = "") async throws -> CommandResult {
    try await Command.run(["nsenter", "--net=\(path)"] + arguments, input: input)
  }

  /// Runs a program in it that must succeed.
  /// - Returns: what it printed.
  @discardableResult
  package func check(_ arguments: String..., input: String = "") async throws -> String {
    let result = try await Command.run(["nsenter", "--net=\(path)"] + arguments, input: input)
    guard result.status == 0 else {
      throw CommandError(description: "\(arguments) exits \(result.status): \(result.errorOutput)")
    }
    return result.output
  }

  /// An interface that leads nowhere; of a second kind where the kernel has not the first.
  package func addInterface(_ name: String) async throws {
    guard try await run("ip", "link", "add", name, "type", "dummy").status != 0 else { return }
    try await check("ip", "link", "add", name, "type", "ifb")
  }

  /// Feeds a ruleset to nft(8).
  package func load(_ ruleset: String) async throws {
    try await check("nft", "-f", "-", input: ruleset)
  }

  /// What nft(8) prints of all tables but netbaton's own.
  package func ruleset() async throws -> String { try await check("nft", "list", "ruleset") }
}

/// Gives each test (or case) of what it stands at a network namespace: `@Test(.networkNamespace)`.
package struct NetworkNamespaceTrait: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true

  package func scopeProvider(for test: Test, testCase: Test.Case?) -> NetworkNamespaceTrait? {
    testCase == nil ? nil : self
  }

  @concurrent package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await NetworkNamespace.with { namespace in
      try await NetworkNamespace.$current.withValue(namespace) { try await function() }
    }
  }
}

extension Trait where Self == NetworkNamespaceTrait {
  package static var networkNamespace: Self { NetworkNamespaceTrait() }
}
