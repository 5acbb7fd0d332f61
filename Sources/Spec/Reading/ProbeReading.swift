import Model

private enum ProbeKey: String, CaseIterable { case tcp, http, gateway, status, ca, insecure, timeout }

private let probeKeys = KeyTable<ProbeKey>("a probe")

/// A probe's keys as they are read.
private struct ProbeDraft {
  var kinds: [Probe.Kind] = []
  /// What only HTTP has, by its key, with its place.
  var httpOnly: [(key: ProbeKey, node: Int)] = []
  var statuses: ClosedRange<Int>?
  var authorities: String?
  var isInsecure = false
  var timeout: Duration?

  /// The HTTP probe with all that is said of it.
  func settled(_ http: HTTPProbe) -> HTTPProbe {
    var http = http
    if let statuses { http.statuses = statuses }
    if let authorities { http.trust = .authorities(file: authorities) }
    if isInsecure { http.trust = .nothing }
    return http
  }
}

extension SpecDecoder {
  mutating func probes(_ node: Int) -> [Probe] {
    var probes: [Probe] = []
    items(of: node, "probes") { decoder, item in
      if let probe = decoder.probe(item) { probes.append(probe) }
    }
    return probes
  }

  private mutating func probe(_ node: Int) -> Probe? {
    if tree.isScalar(node), Probe(shortForm: tree.string(node), origin: tree.location(node)) != nil {
      let hint = "put a blank after the key's colon, as in `tcp: 192.0.2.10:6443` or `http: http://192.0.2.10/`"
      mismatch(node, "a probe", expected: "a mapping", hint: hint)
      return nil
    }
    var draft = ProbeDraft()
    let errors = report.errorCount
    fields(of: node, probeKeys) { decoder, key, value in decoder.take(key, value, into: &draft) }
    guard report.errorCount == errors else { return nil }
    guard draft.kinds.count == 1, let kind = draft.kinds.first else {
      error("a probe is one of tcp, http and gateway", at: node)
      return nil
    }
    let timeout = draft.timeout ?? Probe.usualTimeout
    guard case .http(let http) = kind else {
      for (key, node) in draft.httpOnly { error("only a probe with http has \"\(key.rawValue)\"", at: node) }
      return Probe(kind, timeout: timeout, origin: tree.location(node))
    }
    check(draft, for: http)
    return Probe(.http(draft.settled(http)), timeout: timeout, origin: tree.location(node))
  }

  private mutating func take(_ key: ProbeKey, _ value: Int, into draft: inout ProbeDraft) {
    switch key {
    case .tcp:
      let kind = tree.isScalar(value) ? ProbeText.endpoint(tree.string(value)[...]) : nil
      if let kind { draft.kinds.append(kind) } else { mismatch(value, "tcp", expected: ProbeText.endpointForm) }
    case .http:
      let http = tree.isScalar(value) ? ProbeText.url(tree.string(value)[...]) : nil
      if let http { draft.kinds.append(.http(http)) } else { mismatch(value, "http", expected: ProbeText.urlForm) }
    case .gateway: if let device = device(value, "gateway") { draft.kinds.append(.gateway(device: device)) }
    case .timeout:
      draft.timeout = duration(
        value, "a probe's timeout", .milliseconds(100)...(.seconds(60)), form: "a time such as 2s or 500ms, at most 1m")
    case .status: draft.statuses = statuses(value)
    case .ca: draft.authorities = authorities(value)
    case .insecure: draft.isInsecure = boolean(value, "insecure") ?? false
    }
    if [.status, .ca, .insecure].contains(key) { draft.httpOnly.append((key, value)) }
  }

  private mutating func check(_ draft: ProbeDraft, for http: HTTPProbe) {
    for (key, node) in draft.httpOnly where !http.isSecure && key != .status {
      error("\"\(key.rawValue)\" is for https://", at: node)
    }
    if draft.isInsecure, draft.authorities != nil, let last = draft.httpOnly.last {
      error("\"ca\" says what to check a certificate against, \"insecure\" not to: leave one away", at: last.node)
    }
  }

  /// `200` or `200-299`.
  private mutating func statuses(_ node: Int) -> ClosedRange<Int>? {
    let bounds = (tree.isScalar(node) ? tree.string(node) : "").split(separator: "-", omittingEmptySubsequences: false)
    let numbers = bounds.compactMap { Int($0) }.filter { (100...599).contains($0) }
    guard numbers.count == bounds.count, let first = numbers.first, let last = numbers.last, numbers.count <= 2,
      first <= last
    else {
      mismatch(node, "status", expected: "an HTTP status or a range of them, as in 200 or 200-299")
      return nil
    }
    return first...last
  }

  /// A file of the node: the source has no secrets and no certificates in it, and its own paths mean nothing there.
  private mutating func authorities(_ node: Int) -> String? {
    guard let path = text(node, "ca") else { return nil }
    guard path.hasPrefix("/") else {
      mismatch(node, "ca", expected: "the whole path of a PEM file on the node, as in /etc/kubernetes/pki/ca.crt")
      return nil
    }
    return path
  }
}
