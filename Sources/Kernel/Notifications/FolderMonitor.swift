@preconcurrency @unsafe import Dispatch
import Glibc
package import SystemPackage

/// Tells that something below some folders may have changed: inotify(7).
///
/// The folders themselves, those below them and their parents are watched, so that an edit in place, a rename over
/// a file, a folder swapped for another, and the symbolic link `..data` that a mounted ConfigMap turns round are all
/// seen. What changed is not told: whoever listens reads the folders again and compares.
package struct FolderMonitor: Sendable {
  /// One element for each burst of events; bursts that nobody has looked at yet are one.
  package let changes: AsyncStream<Void>

  /// - Parameter paths: files or folders; what does not exist (yet) is noticed through its parent.
  /// - Throws: `Errno` if inotify itself is not to be had (`EMFILE`: fs.inotify.max_user_instances).
  package init(paths: [FilePath]) throws(Errno) {
    let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    let watches = Watches(descriptor: FileDescriptor(rawValue: descriptor), roots: paths)
    watches.add()
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
    source.setEventHandler {
      watches.drain()
      watches.add()
      continuation.yield()
    }
    source.setCancelHandler { watches.close() }
    continuation.onTermination = { _ in source.cancel() }
    source.resume()
    changes = stream
  }
}

/// The inotify descriptor and what it should watch.
private struct Watches: Sendable {
  let descriptor: FileDescriptor
  let roots: [FilePath]

  private static let mask = UInt32(
    IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF
      | IN_ONLYDIR)

  /// Watches every folder that is there now; asking again for one that is watched costs nothing.
  func add() {
    for root in roots {
      watch(root.removingLastComponent().isEmpty ? FilePath(".") : root.removingLastComponent())
      addTree(root, depth: 0)
    }
  }

  /// Folders deeper than any spec source may be are left out.
  private func addTree(_ folder: FilePath, depth: Int) {
    guard watch(folder), depth < 8 else { return }
    for name in Watches.folders(in: folder) { addTree(folder.appending(name), depth: depth + 1) }
  }

  @discardableResult private func watch(_ folder: FilePath) -> Bool {
    unsafe folder.withPlatformString { unsafe inotify_add_watch(descriptor.rawValue, $0, Watches.mask) } >= 0
  }

  private static func folders(in folder: FilePath) -> [String] {
    guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      guard unsafe entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// What exactly happened does not matter, nor does an overflow of the queue: it means "look again" like the rest.
  func drain() {
    unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      while let count = try? unsafe descriptor.read(into: buffer, retryOnInterrupt: true), count > 0 {}
    }
  }

  func close() {
    // Nothing was written through it, so there is nothing that a failure could lose.
    try? descriptor.close()
  }
}
