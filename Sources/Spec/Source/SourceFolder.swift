import FoundationEssentials
import RuleLanguage
import SystemPackage

/// Lists and reads the files below one path that a user named.
///
/// That path itself may lead through links. Below it a link may lead on only within it: a mounted ConfigMap is
/// `edge.yaml -> ..data/edge.yaml` with `..data -> ..2026_11_20_…`, and all of it stays inside.
struct SourceFolder {
  let path: String
  let root: Int
  let limits: SpecLimits
  private var files: [SpecFile] = []
  private var bytes = 0

  private static let suffixes = [".yaml", ".yml", ".nft"]

  /// - Parameter bytesBefore: what earlier roots took of the source's limit.
  static func read(
    _ path: String, root: Int, bytesBefore: Int, filesBefore: Int, limits: SpecLimits
  ) throws(SpecError) -> [SpecFile] {
    var rest = limits
    rest.sourceBytes -= bytesBefore
    rest.files -= filesBefore
    // A mounted ConfigMap is swapped by renaming `..data`: what was read on both sides of it is read again.
    for _ in 0..<5 {
      let before = swapLink(path)
      var folder = SourceFolder(path: path, root: root, limits: rest)
      do {
        try folder.readAll()
      } catch {
        if swapLink(path) == before { throw error }
        continue
      }
      if swapLink(path) == before { return folder.files }
    }
    throw SpecError("the specs changed again and again while they were read", in: path, hint: "try once more")
  }

  private init(path: String, root: Int, limits: SpecLimits) {
    self.path = path
    self.root = root
    self.limits = limits
  }

  private static func swapLink(_ path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/..data")
  }

  private mutating func readAll() throws(SpecError) {
    switch try status(path).type {
    case .directory:
      try readFolder([])
      guard !files.isEmpty else {
        throw SpecError(
          "there is no .yaml, .yml or .nft file in this folder", in: path,
          hint: "nothing is not an order: to take back what netbaton did, say so with `netbaton uninstall`")
      }
    case .regular: try readAlone()
    default: throw SpecError("this is neither a file nor a folder", in: path)
    }
  }

  /// One file that the user named, and the rule files beside it that it may refer to.
  private mutating func readAlone() throws(SpecError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard SourceFolder.suffixes.contains(where: name.hasSuffix) else {
      throw SpecError("a spec file's name ends in .yaml, .yml or .nft", in: path)
    }
    try readFile([name], at: path, shown: path)
    let folder = path.contains("/") ? String(path.dropLast(name.count)) : "./"
    // Beside a file is anything: only what is named is read, and what that names.
    var beside = try names(in: folder).filter { $0 != name && $0.hasSuffix(".nft") && !$0.hasPrefix(".") }
    var next = 0
    while next < files.count {
      let file = files[next]
      next += 1
      for other in SourceFolder.named(beside, in: file) {
        beside.removeAll { $0 == other }
        try readBeside(other, in: folder)
      }
    }
  }

  /// Those of the file names that a file may mean: any if it includes something, else what a spec has in it.
  private static func named(_ names: [String], in file: SpecFile) -> [String] {
    let text = RuleSource(file)
    if names.isEmpty || text.mentions("include") { return names }
    guard !file.isRuleText, text.mentions(".nft") else { return [] }
    return names.filter { text.mentions($0) }
  }

  private mutating func readBeside(_ name: String, in folder: String) throws(SpecError) {
    let full = folder + name
    guard let status = try? Stat(FilePath(full)), status.type == .regular,
      (1...Int64(limits.fileBytes)).contains(status.size)
    else { return }
    // What nobody refers to after all must not stand in the way.
    guard let real = try? resolve([name], below: folder) else { return }
    let shown = path.contains("/") ? full : name
    try readFile([name], at: folder + real.joined(separator: "/"), shown: shown, isBeside: true)
  }

  private mutating func readFolder(_ parts: [String]) throws(SpecError) {
    let shown = ([path.hasSuffix("/") ? String(path.dropLast()) : path] + parts).joined(separator: "/")
    guard parts.count <= limits.folderDepth else {
      throw SpecError("more than \(limits.folderDepth) folders within each other", in: shown)
    }
    for name in try names(in: shown).sorted() where !name.hasPrefix(".") {
      let below = parts + [name]
      let real = try resolve(below, below: path)
      let full = path + "/" + real.joined(separator: "/")
      switch try status(full, shown: shown + "/" + name).type {
      case .directory:
        // A link to a folder would show the same files under two names, unless it leads to a hidden one: that is how
        // a ConfigMap with folders is mounted.
        if real == below || real.contains(where: { $0.hasPrefix(".") }) { try readFolder(below) }
      case .regular where SourceFolder.suffixes.contains(where: name.hasSuffix):
        try readFile(below, at: full, shown: shown + "/" + name)
      default:
        if SourceFolder.suffixes.contains(where: name.hasSuffix) {
          throw SpecError("this is not a regular file", in: shown + "/" + name)
        }
      }
    }
  }

  private mutating func readFile(
    _ parts: [String], at full: String, shown: String, isBeside: Bool = false
  ) throws(SpecError) {
    let size = try status(full, shown: shown).size
    guard size <= limits.fileBytes else {
      throw SpecError(
        "this file has \(size) bytes, more than the limit of \(limits.fileBytes)", in: shown,
        hint: "share it out among several files")
    }
    guard size > 0 else {
      throw SpecError(
        "this file is empty", in: shown, hint: "nothing is not an order: delete it to take back what it said")
    }
    guard files.count < limits.files else {
      throw SpecError("more than \(limits.files) files in this source", in: path)
    }
    guard let data = FileManager.default.contents(atPath: full) else {
      throw SpecError("this file cannot be read", in: shown, hint: "is it readable for this user?")
    }
    bytes += data.count
    guard bytes <= limits.sourceBytes, data.count <= limits.fileBytes else {
      throw SpecError("the files of this source have more than \(limits.sourceBytes) bytes in all", in: path)
    }
    let name = parts.joined(separator: "/")
    files.append(SpecFile(path: shown, name: name, root: root, isBeside: isBeside, bytes: [UInt8](data)))
  }

  private func names(in folder: String) throws(SpecError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw SpecError("this folder cannot be listed", in: folder, hint: "is it readable for this user?")
    }
  }

  private func status(_ full: String, shown: String? = nil) throws(SpecError) -> Stat {
    do {
      return try Stat(FilePath(full))
    } catch {
      throw SpecError("this cannot be read: \(error)", in: shown ?? full)
    }
  }

  /// Follows links name by name, and refuses to leave the folder.
  private func resolve(_ parts: [String], below folder: String) throws(SpecError) -> [String] {
    let shown = folder + "/" + parts.joined(separator: "/")
    var left = Array(parts.reversed())
    var real: [String] = []
    var links = 0
    while let part = left.popLast() {
      if part == "." { continue }
      if part == ".." {
        guard real.popLast() != nil else { throw SourceFolder.outside(shown) }
        continue
      }
      real.append(part)
      let here = folder + "/" + real.joined(separator: "/")
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: here) else { continue }
      links += 1
      // The kernel's own bound on links in one path (path_resolution(7)).
      guard links <= 40 else { throw SpecError("too many links", in: shown) }
      guard !target.hasPrefix("/") else { throw SourceFolder.outside(shown) }
      real.removeLast()
      left += target.split(separator: "/").reversed().map(String.init)
    }
    return real
  }

  private static func outside(_ shown: String) -> SpecError {
    SpecError("this link leads out of the source", in: shown, hint: "put the file itself into the folder")
  }
}
