import FoundationEssentials
import Model

/// nftables' own test data, which is not part of this project: tests use it where the environment variable names a copy.
enum Conformance {
  static let root = ProcessInfo.processInfo.environment["NETBATON_CONFORMANCE"]

  struct Line: Sendable, CustomStringConvertible {
    var place: String
    /// As nft takes it: a rule, or an `add` command.
    var text: String
    var isCommand: Bool
    var mustPass: Bool
    var description: String { "\(place): \(text)" }
  }

  /// Every rule, set, element and object of the `.t` files.
  static func lines() -> [Line] {
    files(under: "rules", ending: ".t").flatMap { path, text in
      text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
        Self.line(String(line), at: "\(path):\(number + 1)")
      }
    }
  }

  /// Whole rulesets as `nft list ruleset` prints them.
  static func rulesets() -> [(path: String, text: String)] { files(under: "rulesets", ending: ".nft") }

  private static func files(under folder: String, ending suffix: String) -> [(path: String, text: String)] {
    guard let root else { return [] }
    let base = "\(root)/\(folder)"
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: base)) ?? []
    return paths.filter { $0.hasSuffix(suffix) }.sorted().compactMap { path in
      (try? String(contentsOfFile: "\(base)/\(path)", encoding: .utf8)).map { (path, $0) }
    }
  }

  private static func line(_ line: String, at place: String) -> Line? {
    guard let first = line.first, !"#*:-".contains(first), !line.allSatisfy(\.isWhitespace) else { return nil }
    if "!?%".contains(first) {
      guard let end = line.lastIndex(of: ";") else { return nil }
      let body = String(line[line.index(after: line.startIndex)..<end])
      let state = line[line.index(after: end)...].filter { !$0.isWhitespace }
      return Line(place: place, text: command(first, body), isCommand: true, mustPass: state == "ok")
    }
    let parts = line.split(separator: ";", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 else { return nil }
    let state = parts[1].filter { !$0.isWhitespace }
    guard state == "ok" || state == "fail" else { return nil }
    return Line(place: place, text: String(parts[0]), isCommand: false, mustPass: state == "ok")
  }

  private static func command(_ kind: Character, _ body: String) -> String {
    let name = body.prefix { $0 != " " }
    let rest = String(body.dropFirst(name.count + 1))
    switch kind {
    case "?": return "add element ip t \(name) { \(rest) }"
    case "%":
      let words = rest.split(separator: " ", omittingEmptySubsequences: false).dropFirst()
      guard let kind = words.first else { return "" }
      let isConntrack = kind == "ct"
      let object = isConntrack ? words.prefix(2).joined(separator: " ") : String(kind)
      return "add \(object) ip t \(name) \(words.dropFirst(isConntrack ? 2 : 1).joined(separator: " "))"
    default: return "add \(rest.contains(" : ") ? "map" : "set") ip t \(name) { \(setOptions(rest)) }"
    }
  }

  /// `type x timeout 60s flags interval` with the semicolons that nft wants.
  private static func setOptions(_ text: String) -> String {
    text.split(separator: " ").reduce(into: "") { result, word in
      if word == "timeout" || word == "flags" { result += ";" }
      result += " \(word)"
    }
  }
}
