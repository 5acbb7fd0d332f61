package import Model

/// Reads what a probe asks, as specs, flags and variables write it.
enum ProbeText {
  static let endpointForm = "HOST:PORT, as in 192.0.2.10:6443 or [2001:db8::1]:6443"
  static let urlForm = "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH"

  /// `HOST:PORT`, an IPv6 address in brackets.
  static func endpoint(_ text: Substring) -> Probe.Kind? {
    guard let (host, port) = authority(text), let port else { return nil }
    return .tcp(host: host, port: port)
  }

  static func url(_ text: Substring) -> HTTPProbe? {
    guard let isSecure = text.hasPrefix("https://") ? true : text.hasPrefix("http://") ? false : nil else { return nil }
    let rest = text.dropFirst(isSecure ? 8 : 7)
    let end = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
    guard let (host, port) = authority(rest[..<end]) else { return nil }
    let path = rest[end...]
    // What a request line can hold (RFC 9112, 3): nothing is escaped here. A fragment is never sent.
    guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else { return nil }
    return HTTPProbe(
      isSecure: isSecure, host: host, port: port ?? (isSecure ? 443 : 80),
      path: path.hasPrefix("/") ? String(path) : "/\(path)")
  }

  private static func authority(_ text: Substring) -> (host: String, port: UInt16?)? {
    var host = text
    var port: UInt16?
    if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
      host = text[..<colon]
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      let address = host.dropFirst().dropLast()
      return IPAddress(address)?.family == .ipv6 ? (String(address), port) : nil
    }
    // Letters, digits and what else stands in host names; an address is no different in that.
    let isName =
      !host.isEmpty && host.utf8.count <= 253
      && host.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
      }
    return isName ? (String(host), port) : nil
  }

  /// 1 to 15 bytes without slash, colon or blank (`dev_valid_name` of the kernel's net/core/dev.c).
  static func isDevice(_ bytes: some Collection<UInt8>) -> Bool {
    (1...15).contains(bytes.count) && !bytes.contains { $0 == 0x2F || $0 == 0x3A || $0 <= 0x20 }
      && !bytes.elementsEqual(".".utf8) && !bytes.elementsEqual("..".utf8)
  }
}

extension Probe {
  /// The short form: `tcp:HOST:PORT`, `http://…`, `https://…` or `gateway:DEVICE`; nil for anything else.
  package init?(shortForm text: String, origin: SourceLocation) {
    let kind: Kind?
    if text.hasPrefix("tcp:") {
      kind = ProbeText.endpoint(text.dropFirst(4))
    } else if text.hasPrefix("gateway:") {
      let device = String(text.dropFirst(8))
      kind = ProbeText.isDevice(device.utf8) ? .gateway(device: device) : nil
    } else {
      kind = ProbeText.url(text[...]).map(Kind.http)
    }
    guard let kind else { return nil }
    self.init(kind, origin: origin)
  }
}
