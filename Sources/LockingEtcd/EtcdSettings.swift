package import Locking

/// Where etcd is, who we are to it, and under which keys the group's records stand.
package struct EtcdSettings: Hashable, Sendable {
  package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  package struct TLS: Hashable, Sendable {
    /// PEM files. Without an authority's certificate the system's are trusted.
    package var authority: String?
    package var certificate: String?
    package var key: String?
  }

  package struct User: Hashable, Sendable {
    package var name: String
    package var password: String

    package init(name: String, password: String) {
      self.name = name
      self.password = password
    }
  }

  package var endpoints: [Endpoint]
  /// Without a slash at its end.
  package var prefix: String
  package var tls: TLS?
  /// Not in the URL, which ends up in logs and in process lists.
  package var user: User?
  /// How long a holder that vanished keeps the others waiting: 2 s at the least.
  package var timeToLive = Duration.seconds(10)

  /// Reads `etcd://HOST:PORT[,HOST:PORT…]/PREFIX[?ttl=SECONDS]`, and with TLS `etcds://…?ca=FILE&cert=FILE&key=FILE`.
  package init(url: String) throws(LockError) {
    let schemes = ["etcd://": false, "etcds://": true]
    guard let (scheme, hasTLS) = schemes.first(where: { url.hasPrefix($0.key) }) else {
      throw wrong(url, "it does not begin with etcd:// or etcds://")
    }
    let rest = url.dropFirst(scheme.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let slash = rest[0].firstIndex(of: "/") else { throw wrong(url, "it names no prefix") }
    endpoints = []
    for part in rest[0][..<slash].split(separator: ",", omittingEmptySubsequences: false) {
      endpoints.append(try readEndpoint(part, of: url))
    }
    prefix = String(rest[0][slash...].dropFirst())
    while prefix.hasSuffix("/") { prefix.removeLast() }
    guard !prefix.isEmpty else { throw wrong(url, "it names no prefix") }
    tls = hasTLS ? TLS() : nil
    for pair in (rest.count > 1 ? rest[1] : "").split(separator: "&") {
      try set(pair, of: url)
    }
    guard (tls?.certificate == nil) == (tls?.key == nil) else {
      throw wrong(url, "cert= and key= go together")
    }
  }

  private mutating func set(_ pair: Substring, of url: String) throws(LockError) {
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? String(parts[1]) : ""
    switch (parts[0], tls != nil) {
    case ("ttl", _):
      guard let seconds = Int(value), (2...3600).contains(seconds) else {
        throw wrong(url, "ttl=\(value) is not a number of seconds from 2 to 3600")
      }
      timeToLive = .seconds(seconds)
    case ("ca", true): tls?.authority = value
    case ("cert", true): tls?.certificate = value
    case ("key", true): tls?.key = value
    case ("ca", false), ("cert", false), ("key", false):
      throw wrong(url, "\(parts[0])= needs etcds://")
    default:
      throw wrong(url, "\(parts[0])= is not known; it may have ttl=, ca=, cert= and key=")
    }
  }

  /// Without secrets: there are none in it.
  package var location: String {
    "\(tls == nil ? "etcd" : "etcds")://\(endpoints.map(\.description).joined(separator: ","))/\(prefix)"
  }
}

private func wrong(_ url: String, _ problem: String) -> LockError {
  .misconfigured("\(url.debugDescription) is not a lock's URL: \(problem); write etcd://HOST:PORT[,HOST:PORT]/PREFIX")
}

private func readEndpoint(_ text: Substring, of url: String) throws(LockError) -> EtcdSettings.Endpoint {
  // An IPv6 address stands in brackets; 2379 is etcd's client port (IANA).
  let host: Substring
  let port: Substring
  if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
    host = text[text.index(after: text.startIndex)..<end]
    port = text[text.index(after: end)...]
  } else {
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    host = text[..<colon]
    port = text[colon...]
  }
  guard !host.isEmpty, port.isEmpty || port.hasPrefix(":") else {
    throw wrong(url, "\(text.debugDescription) is not HOST:PORT")
  }
  if port.isEmpty { return .init(host: String(host), port: 2379) }
  guard let number = UInt16(port.dropFirst()), number > 0 else {
    throw wrong(url, "\(text.debugDescription) has no port from 1 to 65535")
  }
  return .init(host: String(host), port: Int(number))
}
