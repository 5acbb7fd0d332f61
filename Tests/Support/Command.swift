import Glibc

/// A program that was run to its end.
package struct CommandResult: Sendable {
  /// The exit status, or 128 and the signal's number.
  package var status: Int32
  package var output: String
  package var errorOutput: String
}

package struct CommandError: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

/// Runs programs for tests. Their input and output stand in files without names, so that nothing waits on a pipe.
package enum Command {
  /// - Parameter arguments: the program first, looked for in `PATH`.
  package static func run(_ arguments: [String], input: String = "") async throws -> CommandResult {
    let files = try (0..<3).map { _ in try temporaryFile() }
    defer { for file in files { close(file) } }
    try write(input, to: files[0])
    let process = try spawn(arguments, files: files)
    let status = try await wait(for: process)
    return CommandResult(status: status, output: try read(files[1]), errorOutput: try read(files[2]))
  }

  /// Starts a program whose standard streams are the given descriptors.
  /// - Returns: its process id.
  static func spawn(_ arguments: [String], files: [Int32]) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
    }
    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { for index in 0..<arguments.count { unsafe free(words[index]) } }
    var process: pid_t = 0
    let failure = unsafe posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
    guard failure == 0 else { throw CommandError(description: "cannot run \(arguments): errno \(failure)") }
    return process
  }

  /// Waits on a thread of its own, for the shared pool has few.
  private static func wait(for process: pid_t) async throws -> Int32 {
    try await withCheckedThrowingContinuation { continuation in
      let waiter = unsafe Unmanaged.passRetained(Waiter(process: process, continuation: continuation))
      var thread = pthread_t()
      let failure = unsafe pthread_create(
        &thread, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          unsafe Unmanaged<Waiter>.fromOpaque(argument).takeRetainedValue().run()
          return nil
        }, waiter.toOpaque())
      guard failure == 0 else {
        unsafe waiter.release()
        continuation.resume(throwing: CommandError(description: "cannot start a thread: errno \(failure)"))
        return
      }
      pthread_detach(thread)
    }
  }

  private final class Waiter: Sendable {
    let process: pid_t
    let continuation: CheckedContinuation<Int32, any Error>

    init(process: pid_t, continuation: CheckedContinuation<Int32, any Error>) {
      self.process = process
      self.continuation = continuation
    }

    func run() {
      var status: Int32 = 0
      while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
      continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
    }
  }

  /// Open, and without a name already.
  static func temporaryFile() throws -> Int32 {
    var name = Array("/tmp/netbaton-test-XXXXXX".utf8CString)
    let file = unsafe mkstemp(&name)
    guard file >= 0 else { throw CommandError(description: "cannot make a temporary file: errno \(errno)") }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    unsafe unlink(name)
    return file
  }

  private static func write(_ text: String, to file: Int32) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { bytes in unsafe Glibc.write(file, bytes.baseAddress, bytes.count) }
      guard written > 0 else { throw CommandError(description: "cannot write a temporary file: errno \(errno)") }
      rest = rest.dropFirst(written)
    }
    lseek(file, 0, SEEK_SET)
  }

  private static func read(_ file: Int32) throws -> String {
    lseek(file, 0, SEEK_SET)
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe Glibc.read(file, &buffer, buffer.count)
      guard count >= 0 else { throw CommandError(description: "cannot read a temporary file: errno \(errno)") }
      if count == 0 { return String(decoding: all, as: UTF8.self) }
      all += buffer.prefix(count)
    }
  }
}
