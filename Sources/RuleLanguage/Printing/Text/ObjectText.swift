import Model

/// Named objects as `nft -s list` shows them, without what they have counted.
struct ObjectText {
  static func keyword(of kind: ObjectKind) -> String {
    switch kind {
    case .counter: "counter"
    case .quota: "quota"
    case .limit: "limit"
    case .connectionLimit: "ct count"
    case .conntrackHelper: "ct helper"
    case .conntrackTimeout: "ct timeout"
    case .conntrackExpectation: "ct expectation"
    case .secmark: "secmark"
    case .synproxy: "synproxy"
    case .tunnel: "tunnel"
    }
  }

  /// The lines between the braces.
  static func body(of object: StatefulObject) -> [String] {
    (object.comment.map { ["comment \"\($0)\""] } ?? []) + body(of: object.body)
  }

  private static func body(of body: StatefulObject.Body) -> [String] {
    switch body {
    case .counter: return []
    case .quota(let bytes, _, let inverted): return ["\(inverted ? "over " : "")\(StatementText.amount(bytes))"]
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      return [StatementText.limit(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)]
    case .connectionLimit(let count, let inverted): return ["\(inverted ? "over " : "")\(count)"]
    case .conntrackHelper(let name, let l3proto, let l4proto):
      return ["type \"\(name)\" protocol \(transport(l4proto))"] + network(l3proto)
    case .conntrackTimeout(let l3proto, let l4proto, let values):
      let states = states(of: l4proto)
      let policy = values.sorted { $0.key < $1.key }.compactMap { state, seconds in
        states.indices.contains(Int(state)) ? "\(states[Int(state)]) : \(seconds)" : nil
      }
      return ["protocol \(transport(l4proto))"] + network(l3proto) + ["policy = { \(policy.joined(separator: ", ")) }"]
    case .conntrackExpectation(let l3proto, let l4proto, let port, let timeout, let size):
      return [
        "protocol \(transport(l4proto))", "dport \(port)",
        "timeout \(DurationText.text(milliseconds: UInt64(timeout)))", "size \(size)",
      ] + network(l3proto)
    case .secmark(let context): return ["\"\(context)\""]
    case .synproxy(let mss, let scale, let flags):
      return StatementText.synproxy(mss: mss, windowScale: scale, flags: flags)
    case .unknown(let kind, let attributes): return ["# object of type \(kind): \(Bytes(attributes))"]
    }
  }

  private static func transport(_ number: UInt8) -> String {
    HeaderProtocol.transportProtocol(numbered: UInt64(number)).map { HeaderProtocol[$0].keyword } ?? String(number)
  }

  private static func network(_ number: UInt16) -> [String] {
    Family(rawValue: UInt8(truncatingIfNeeded: number)).map { ["l3proto \($0.keyword)"] } ?? []
  }

  /// `CTA_TIMEOUT_TCP_*` and `CTA_TIMEOUT_UDP_*` (linux/netfilter/nfnetlink_cttimeout.h) under nft(8)'s names; the
  /// kernel counts them from 1, as netlink attributes, and nft from 0.
  private static func states(of protocolNumber: UInt8) -> [String] {
    switch protocolNumber {
    case 6:
      [
        "syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait", "close", "syn_sent2",
        "retrans", "unack",
      ]
    case 17: ["unreplied", "replied"]
    default: []
    }
  }
}
