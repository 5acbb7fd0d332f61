import Glibc
package import SystemPackage

/// A file system in memory of a few pages, which a small process in a mount namespace of its own holds: when it ends,
/// also with the test process, nothing is left behind. Needs root.
package struct SmallFileSystem: Sendable {
  private let holder: pid_t
  private let input: Int32

  package var path: FilePath { FilePath("/proc/\(holder)/root/mnt") }

  /// - Parameter pages: of 4096 bytes.
  package init(pages: Int) throws {
    var descriptors: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &descriptors) == 0 else {
      throw CommandError(description: "cannot make a pair of sockets: errno \(errno)")
    }
    let output = try Command.temporaryFile()
    defer { close(output) }
    holder = try Command.spawn(
      ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=\(pages * 4096) none /mnt && echo ready && exec cat"],
      files: [descriptors[0], output, 2])
    close(descriptors[0])
    input = descriptors[1]
    // "ready" and a line's end.
    while lseek(output, 0, SEEK_END) < 6 {
      guard waitpid(holder, nil, WNOHANG) == 0 else {
        throw CommandError(description: "cannot mount a file system; this needs root")
      }
      usleep(1000)
    }
  }

  package func remove() {
    close(input)
    waitpid(holder, nil, 0)
  }
}
