import Model
import RuleLanguage

/// The files of a source, read once; all that a spec names is looked for here, and so stays inside.
struct SourceFiles: Sendable, IncludeResolver {
  /// Sorted by root and name, so that nothing depends on the order in which a folder is listed.
  let files: [SpecFile]
  private let indexByName: [[String: Int]]
  private let indexByPath: [String: Int]

  init(_ files: [SpecFile], roots: Int) {
    let sorted = files.sorted { ($0.root, $0.name) < ($1.root, $1.name) }
    self.files = sorted
    var byName = Array(repeating: [String: Int](), count: roots)
    for (index, file) in sorted.enumerated() { byName[file.root][file.name] = index }
    indexByName = byName
    indexByPath = Dictionary(sorted.enumerated().map { ($1.path, $0) }) { first, _ in first }
  }

  func file(shownAs path: String) -> SpecFile? { indexByPath[path].map { files[$0] } }

  /// The file of this path, which is beside the file that names it or at the root.
  func file(at path: String, from other: SpecFile) throws(IncludeError) -> SpecFile {
    let found = try files(matching: path, beside: other)
    guard let file = found.first, found.count == 1 else {
      throw IncludeError("\"\(path)\" names \(found.count) files; one is needed")
    }
    return file
  }

  /// As nft(8): a path with wildcards may match nothing, and what it matches is taken in alphabetical order.
  package func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] {
    guard let index = indexByPath[file] else {
      throw IncludeError("\"\(file)\" is no file of this source")
    }
    return try files(matching: path, beside: files[index]).map { RuleSource($0) }
  }

  func files(matching path: String, beside other: SpecFile) throws(IncludeError) -> [SpecFile] {
    let folder = other.name.split(separator: "/").dropLast()
    let names = try [SourceFiles.resolve(path, in: folder.map(String.init)), SourceFiles.resolve(path, in: [])]
    if Wildcard.isPattern(path) {
      for case let name? in names {
        let found = files.filter { $0.root == other.root && $0.isRuleText && Wildcard.matches(name, $0.name) }
        if !found.isEmpty { return found.filter { $0.name != other.name } }
      }
      return []
    }
    guard names.contains(where: { $0 != nil }) else {
      throw IncludeError("\"\(path)\" is outside of the source; what a spec names must be inside")
    }
    for case let name? in names {
      if let index = indexByName[other.root][name] {
        guard files[index].isRuleText else { throw IncludeError("\"\(path)\" is not a .nft file") }
        return [files[index]]
      }
    }
    guard path.hasSuffix(".nft") else {
      throw IncludeError("\"\(path)\" is not a .nft file; a source has only .yaml, .yml and .nft files")
    }
    let known = files.filter { $0.root == other.root && $0.isRuleText }.map(\.name)
    let near = Suggestion.nearest(to: path, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
    throw IncludeError("there is no file \"\(path)\" in this source\(near)")
  }

  /// The name within the root; nil if the path leads out of it.
  private static func resolve(_ path: String, in folder: [String]) throws(IncludeError) -> String? {
    guard !path.hasPrefix("/") else {
      throw IncludeError("\"\(path)\" is an absolute path; what a spec names must be inside of its source")
    }
    var parts = folder
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else { return nil }
      } else {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}

extension SpecFile {
  var isRuleText: Bool { name.hasSuffix(".nft") }
}

/// Shell wildcards as `include` takes them (glob(3)): `*`, `?` and `[…]`, none of which crosses a slash or stands for
/// the dot of a hidden file.
enum Wildcard {
  static func isPattern(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

  static func matches(_ pattern: String, _ name: String) -> Bool {
    let patterns = pattern.split(separator: "/")
    let names = name.split(separator: "/")
    return patterns.count == names.count
      && zip(patterns, names).allSatisfy {
        part($0.unicodeScalars.map(\.value)[...], $1.unicodeScalars.map(\.value)[...])
      }
  }

  private static func part(_ pattern: ArraySlice<UInt32>, _ name: ArraySlice<UInt32>) -> Bool {
    var pattern = pattern
    var name = name
    // Where the last star stood and what it has taken so far: going back there alone is enough.
    var star: (pattern: ArraySlice<UInt32>, name: ArraySlice<UInt32>)?
    while !name.isEmpty {
      if pattern.first == 0x2A {
        pattern = pattern.dropFirst()
        star = (pattern, name)
      } else if let rest = one(pattern, name) {
        pattern = rest
        name = name.dropFirst()
      } else if let last = star {
        star = (last.pattern, last.name.dropFirst())
        pattern = last.pattern
        name = last.name.dropFirst()
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == 0x2A }
  }

  /// The rest of the pattern after it has taken the name's first character; nil if it does not.
  private static func one(_ pattern: ArraySlice<UInt32>, _ name: ArraySlice<UInt32>) -> ArraySlice<UInt32>? {
    guard let character = name.first, let first = pattern.first else { return nil }
    if first == 0x3F { return pattern.dropFirst() }
    guard first == 0x5B, let end = pattern.dropFirst(2).firstIndex(of: 0x5D) else {
      return first == character ? pattern.dropFirst() : nil
    }
    var members = pattern[(pattern.startIndex + 1)..<end]
    let isNegated = members.first == 0x21 || members.first == 0x5E
    if isNegated { members = members.dropFirst() }
    var isMember = false
    while let low = members.popFirst() {
      if members.first == 0x2D, members.count > 1 {
        let high = members[members.startIndex + 1]
        members = members.dropFirst(2)
        isMember = isMember || (low <= high && (low...high).contains(character))
      } else {
        isMember = isMember || low == character
      }
    }
    return isMember != isNegated ? pattern[(end + 1)...] : nil
  }
}
