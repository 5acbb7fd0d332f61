package import Model

/// Where rule text comes from.
package struct RuleSource: Sendable {
  /// The text in UTF-8.
  package var bytes: [UInt8]
  /// Where the text begins: `nftables: |` blocks of a YAML file begin further down and to the right.
  package var start: SourceLocation
  /// How many columns each further line was indented in the file it came from.
  package var indentation: Int32

  package init(bytes: [UInt8], start: SourceLocation, indentation: Int32 = 0) {
    self.bytes = bytes
    self.start = start
    self.indentation = indentation
  }

  package init(text: String, start: SourceLocation, indentation: Int32 = 0) {
    self.init(bytes: Array(text.utf8), start: start, indentation: indentation)
  }
}

/// What rule text may ask of the node that it is compiled for; a `check` for another node has answers of its own.
package protocol NameResolver: Sendable {
  /// `iif "eth0"` is compiled to a number (`if_nametoindex(3)`).
  func interfaceIndex(_ name: String) -> UInt32?
  func interfaceName(_ index: UInt32) -> String?
  /// /etc/passwd and /etc/group
  func userID(_ name: String) -> UInt32?
  func groupID(_ name: String) -> UInt32?
  /// /etc/services; in host order.
  func servicePort(_ name: String) -> UInt16?
  /// /etc/protocols
  func protocolNumber(_ name: String) -> UInt8?
  /// /etc/iproute2/rt_marks, rt_realms and group, /etc/connlabel.conf …: `file` is the path.
  func number(of name: String, in file: String) -> UInt32?
  /// How far the node's clock is ahead of UTC when it shows `localTime` (seconds since 1970 as if in UTC), or now if
  /// nil. `meta hour` and `meta time` are written in local time and matched in UTC.
  func secondsEastOfUTC(at localTime: Int64?) -> Int64
}

extension NameResolver {
  package func secondsEastOfUTC(at localTime: Int64?) -> Int64 { 0 }
}

/// `include` of other files; paths are as written.
package protocol IncludeResolver: Sendable {
  /// All files that match, in the order nft(8) takes them. Throws a sentence without a place.
  func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource]
}

package struct IncludeError: Error, Sendable {
  package var message: String
  package init(_ message: String) { self.message = message }
}

/// What rule text declares.
package struct Ruleset: Sendable {
  package var tables: [Table]
  /// `flush ruleset` at its head and the like.
  package var warnings: [Diagnostic]

  package init(tables: [Table], warnings: [Diagnostic] = []) {
    self.tables = tables
    self.warnings = warnings
  }
}

/// All errors that were found, at least one.
package struct RulesetError: Error, Sendable {
  package var diagnostics: [Diagnostic]
  package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}
