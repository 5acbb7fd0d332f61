import FoundationEssentials

/// Which commit a Git work tree is at, read from its files: no `git` is needed on a node, and no hook of it runs.
///
/// The layout is that of gitrepository-layout(5): HEAD, refs/, packed-refs; `.git` is a file in a linked work tree.
enum GitCommit {
  /// - Returns: nil if the path is in no work tree, or its commit cannot be told.
  static func find(for path: String) -> String? {
    var folder = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL
    for _ in 0..<64 {
      let entry = folder.appending(path: ".git").path
      if let git = gitFolder(entry) { return commit(in: git) }
      let parent = folder.deletingLastPathComponent().standardizedFileURL
      if parent.path == folder.path { return nil }
      folder = parent
    }
    return nil
  }

  private static func gitFolder(_ entry: String) -> String? {
    if FileManager.default.fileExists(atPath: entry + "/HEAD") { return entry }
    guard let line = firstLine(entry), line.hasPrefix("gitdir: ") else { return nil }
    return absolute(String(line.dropFirst(8)), from: String(entry.dropLast(5)))
  }

  private static func commit(in git: String) -> String? {
    guard let head = firstLine(git + "/HEAD") else { return nil }
    guard head.hasPrefix("ref: ") else { return identifier(head) }
    let ref = String(head.dropFirst(5))
    guard ref.hasPrefix("refs/"), !ref.contains("..") else { return nil }
    let common = firstLine(git + "/commondir").map { absolute($0, from: git) } ?? git
    if let line = firstLine(common + "/" + ref), let commit = identifier(line) { return commit }
    guard let packed = text(common + "/packed-refs", limit: 16 << 20) else { return nil }
    let line = packed.split(separator: "\n").first { $0.hasSuffix(" " + ref) }
    return line?.split(separator: " ").first.flatMap { identifier(String($0)) }
  }

  private static func absolute(_ path: String, from folder: String) -> String {
    path.hasPrefix("/") ? path : folder + "/" + path
  }

  /// SHA-1 or SHA-256 in hexadecimal.
  private static func identifier(_ text: String) -> String? {
    [40, 64].contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      ? text : nil
  }

  private static func firstLine(_ path: String) -> String? {
    text(path, limit: 4096)?.split(separator: "\n").first.map(String.init)
  }

  private static func text(_ path: String, limit: Int) -> String? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let size = attributes[.size] as? UInt64, size <= UInt64(limit),
      let data = FileManager.default.contents(atPath: path)
    else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
