package import Glibc
import SystemPackage

/// A process that is told what to do line by line.
package final class ToldProcess: Sendable {
  package let pid: pid_t
  private let input: Int32
  private let output: Int32

  package init(_ arguments: [String]) throws {
    var descriptors: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &descriptors) == 0 else {
      throw CommandError(description: "cannot make a pair of sockets: errno \(errno)")
    }
    output = try Command.temporaryFile()
    pid = try Command.spawn(arguments, files: [descriptors[0], output, 2])
    close(descriptors[0])
    input = descriptors[1]
  }

  deinit {
    kill(pid, SIGKILL)
    close(input)
    close(output)
    waitpid(pid, nil, 0)
  }

  package func signal(_ number: Int32) { kill(pid, number) }

  package func wait() {
    // Reaped at the end; here it is enough that it has ended.
    var info = unsafe siginfo_t()
    unsafe waitid(P_PID, id_t(pid), &info, Int32(WEXITED | WNOWAIT))
  }

  package func say(_ line: String) async throws {
    try FileDescriptor(rawValue: input).writeAll(Array((line + "\n").utf8))
  }

  /// Waits for a line that begins so.
  package func waitFor(_ text: String) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      if try lines().contains(where: { $0.hasPrefix(text) }) { return }
      try await Task.sleep(for: .milliseconds(1))
    }
    throw CommandError(description: "it never said `\(text)`: \(try lines())")
  }

  /// The process writes at the place where the last reading ended, so that is left alone.
  private func lines() throws -> [Substring] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe pread(output, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
  }
}
