import Model

struct ObjectChecker {
  let family: Family

  func check(_ object: ObjectSyntax) throws(SyntaxError) -> StatefulObject {
    if let comment = object.comment, comment.text.utf8.count > RuleCompiler.maximumComment {
      throw SyntaxError("comment is longer than 128 bytes", at: comment.span)
    }
    return StatefulObject(name: object.name.text, body: try body(object), comment: object.comment?.text)
  }

  private func body(_ object: ObjectSyntax) throws(SyntaxError) -> StatefulObject.Body {
    switch object.body {
    case .counter(let packets, let bytes): return .counter(packets: packets, bytes: bytes)
    case .quota(let bytes, let used, let inverted): return .quota(bytes: bytes, consumed: used, inverted: inverted)
    case .limit(let limit):
      let burst = try RuleChecker.check(limit, at: object.span)
      return .limit(
        rate: limit.rate, seconds: limit.seconds, burst: burst, unit: limit.unit == .packets ? .packets : .bytes,
        inverted: limit.isInverted)
    case .synproxy(let synproxy):
      return .synproxy(
        mss: synproxy.mss ?? 0, windowScale: synproxy.windowScale ?? 0, flags: RuleChecker.flags(of: synproxy))
    case .secmark(let context): return .secmark(context: context.text)
    case .conntrackHelper(let type, let transport, let family):
      return .conntrackHelper(
        name: type.text, l3proto: try network(family), l4proto: try self.transport(transport))
    case .conntrackTimeout(let transport, let family, let policy):
      return .conntrackTimeout(
        l3proto: try network(family), l4proto: try self.transport(transport),
        values: try timeouts(transport, policy))
    case .conntrackExpectation(let transport, let family, let port, let timeout, let size):
      return .conntrackExpectation(
        l3proto: try network(family), l4proto: try self.transport(transport), port: port,
        timeout: UInt32(clamping: timeout), size: size)
    case .absent: throw SyntaxError("the object has no content", at: object.span)
    }
  }

  /// `NFPROTO_*`; the table's own family unless it is said.
  private func network(_ word: Word?) throws(SyntaxError) -> UInt16 {
    guard let word else { return UInt16(family.rawValue) }
    guard let asked = Family(keyword: word.text), asked == .ipv4 || asked == .ipv6 || asked == .inet else {
      throw SyntaxError("unknown family \(word.text)", at: word.span, hint: "expected ip or ip6")
    }
    guard family == .inet || asked == family else {
      throw SyntaxError("the table is of family \(family.keyword)", at: word.span)
    }
    return UInt16(asked.rawValue)
  }

  private func transport(_ word: Word) throws(SyntaxError) -> UInt8 {
    switch word.text {
    case "tcp": return 6
    case "udp": return 17
    default: throw SyntaxError("unknown protocol \(word.text)", at: word.span, hint: "expected tcp or udp")
    }
  }

  /// linux/netfilter/nfnetlink_cttimeout.h: `CTA_TIMEOUT_TCP_*` and `CTA_TIMEOUT_UDP_*`, counted from 0.
  private static let tcpStates = SymbolTable([
    "syn_sent": 0, "syn_recv": 1, "established": 2, "fin_wait": 3, "close_wait": 4, "last_ack": 5, "time_wait": 6,
    "close": 7, "syn_sent2": 8, "retrans": 9, "unack": 10,
  ])
  private static let udpStates = SymbolTable(["unreplied": 0, "replied": 1])

  private func timeouts(
    _ transport: Word, _ policy: [(state: Word, seconds: UInt32)]
  ) throws(SyntaxError) -> [UInt32: UInt32] {
    let states = transport.text == "tcp" ? Self.tcpStates : Self.udpStates
    var values: [UInt32: UInt32] = [:]
    for (state, seconds) in policy {
      guard let number = states.value(of: state.text.lowercased()) else {
        throw SyntaxError(
          "\(transport.text) has no state \(state.text)", at: state.span,
          hint: "expected one of: " + states.entries.map(\.name).joined(separator: ", "))
      }
      values[UInt32(number)] = seconds
    }
    return values
  }
}
