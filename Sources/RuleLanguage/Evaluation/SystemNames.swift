import Synchronization

/// Names as this node knows them, from its files; each file is read when it is first asked for.
///
/// Interfaces are given by the caller: they belong to a network namespace, which files under /sys may not be of.
package final class SystemNames: NameResolver {
  /// The text of a file; nil if it cannot be read.
  private let read: @Sendable (_ path: String) -> String?
  private let interfaces: [String: UInt32]
  private let interfaceNames: [UInt32: String]
  private let tables = Mutex<[String: [String: UInt32]]>([:])

  /// What the node's clock is ahead of UTC (localtime(3)), which only the caller can ask.
  private let offset: @Sendable (_ localTime: Int64?) -> Int64

  package init(
    interfaces: [String: UInt32],
    secondsEastOfUTC offset: @escaping @Sendable (_ localTime: Int64?) -> Int64 = { _ in 0 },
    read: @escaping @Sendable (_ path: String) -> String?
  ) {
    self.offset = offset
    self.interfaces = interfaces
    interfaceNames = Dictionary(interfaces.map { ($1, $0) }) { first, _ in first }
    self.read = read
  }

  package func interfaceIndex(_ name: String) -> UInt32? { interfaces[name] }
  package func interfaceName(_ index: UInt32) -> String? { interfaceNames[index] }
  package func userID(_ name: String) -> UInt32? { lookUp(name, in: "/etc/passwd", Self.colonFields) }
  package func groupID(_ name: String) -> UInt32? { lookUp(name, in: "/etc/group", Self.colonFields) }

  package func servicePort(_ name: String) -> UInt16? {
    lookUp(name, in: "/etc/services", Self.nameFirst).flatMap(UInt16.init(exactly:))
  }

  package func protocolNumber(_ name: String) -> UInt8? {
    lookUp(name, in: "/etc/protocols", Self.nameFirst).flatMap(UInt8.init(exactly:))
  }

  package func secondsEastOfUTC(at localTime: Int64?) -> Int64 { offset(localTime) }

  package func number(of name: String, in file: String) -> UInt32? { lookUp(name, in: file, Self.numberFirst) }

  private func lookUp(_ name: String, in file: String, _ parse: (Substring) -> [(String, UInt32)]) -> UInt32? {
    tables.withLock { tables in
      if let known = tables[file] { return known[name] }
      var entries: [String: UInt32] = [:]
      for line in (read(file) ?? read(Self.fallback(file)) ?? "").split(separator: "\n") {
        // The first entry counts, as with getservbyname(3).
        for (name, number) in parse(line.prefix { $0 != "#" }) where entries[name] == nil { entries[name] = number }
      }
      tables[file] = entries
      return entries[name]
    }
  }

  /// Since version 6.5 iproute2 has its own files under /usr/share; those under /etc, where there are any, count before.
  private static func fallback(_ file: String) -> String {
    file.hasPrefix("/etc/iproute2/") ? "/usr/share" + file.dropFirst("/etc".count) : file
  }

  /// passwd(5), group(5): `name:password:number:…`
  private static func colonFields(_ line: Substring) -> [(String, UInt32)] {
    let fields = line.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count > 2, let number = UInt32(fields[2]) else { return [] }
    return [(String(fields[0]), number)]
  }

  /// services(5), protocols(5): `name number[/protocol] alias…`
  private static func nameFirst(_ line: Substring) -> [(String, UInt32)] {
    let fields = line.split { $0 == " " || $0 == "\t" }
    guard fields.count > 1, let number = UInt32(fields[1].prefix { $0 != "/" }) else { return [] }
    return ([fields[0]] + fields[2...]).map { (String($0), number) }
  }

  /// iproute2's files and connlabel.conf: `number name`, the number decimal or hexadecimal.
  private static func numberFirst(_ line: Substring) -> [(String, UInt32)] {
    let fields = line.split { $0 == " " || $0 == "\t" }
    guard fields.count > 1 else { return [] }
    let number = fields[0].hasPrefix("0x") ? UInt32(fields[0].dropFirst(2), radix: 16) : UInt32(fields[0])
    return number.map { [(String(fields[1]), $0)] } ?? []
  }
}
