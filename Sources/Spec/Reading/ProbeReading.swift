import Model

private enum ProbeKey: String, CaseIterable { case tcp, gateway }

private let probeKeys = KeyTable<ProbeKey>("a probe")

extension SpecDecoder {
  mutating func probes(_ node: Int) -> [Probe] {
    var probes: [Probe] = []
    items(of: node, "probes") { decoder, item in
      var kinds: [Probe.Kind] = []
      let errors = decoder.report.errorCount
      decoder.fields(of: item, probeKeys) { decoder, key, value in
        switch key {
        case .tcp: if let kind = decoder.endpoint(value) { kinds.append(kind) }
        case .gateway:
          if let device = decoder.device(value, "gateway") { kinds.append(.gateway(device: device)) }
        }
      }
      if kinds.count == 1 {
        probes.append(Probe(kind: kinds[0], origin: decoder.tree.location(item)))
      } else if decoder.report.errorCount == errors {
        decoder.error("a probe is one of tcp and gateway", at: item)
      }
    }
    return probes
  }

  /// `HOST:PORT`, an IPv6 address in brackets.
  private mutating func endpoint(_ node: Int) -> Probe.Kind? {
    let text = tree.isScalar(node) ? tree.string(node) : ""
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      mismatch(node, "tcp", expected: "HOST:PORT, as in 192.0.2.10:6443 or [2001:db8::1]:6443")
      return nil
    }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]"), IPAddress(host.dropFirst().dropLast()) != nil {
      return .tcp(host: String(host.dropFirst().dropLast()), port: port)
    }
    guard !host.isEmpty, !host.contains(where: { ":[]/ ".contains($0) }) else {
      mismatch(node, "tcp", expected: "HOST:PORT, as in 192.0.2.10:6443 or [2001:db8::1]:6443")
      return nil
    }
    return .tcp(host: String(host), port: port)
  }
}
