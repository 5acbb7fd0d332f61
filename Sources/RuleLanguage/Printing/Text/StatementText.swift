import Model

/// Statements that need no registers.
enum StatementText {
  static func text(of verdict: Verdict) -> String {
    switch verdict {
    case .accept: "accept"
    case .drop: "drop"
    case .continue: "continue"
    case .return: "return"
    case .jump(.named(let chain)): "jump \(chain)"
    case .goto(.named(let chain)): "goto \(chain)"
    case .jump(.anonymous): "jump"
    case .goto(.anonymous): "goto"
    }
  }

  /// What counts packets or time: also in a set's declaration and beside an element. State is left out (`nft -s`).
  static func stateful(_ expression: Expression) -> String {
    switch expression {
    case .counter: "counter"
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      "limit " + limit(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)
    case .quota(let bytes, _, let inverted): "quota \(inverted ? "over " : "")\(amount(bytes))"
    case .connectionLimit(let count, let inverted): "ct count \(inverted ? "over " : "")\(count)"
    case .last: "last"
    default: bytecode([expression])
    }
  }

  /// `rate over 10/second burst 5 packets`
  static func limit(rate: UInt64, seconds: UInt64, burst: UInt32, unit: LimitUnit, inverted: Bool) -> String {
    let period = BytecodeListing.period(seconds)
    let head = "rate \(inverted ? "over " : "")"
    switch unit {
    case .packets: return "\(head)\(rate)/\(period) burst \(burst) packets"
    case .bytes: return "\(head)\(amount(rate))/\(period)" + (burst == 0 ? "" : " burst \(amount(UInt64(burst)))")
    }
  }

  /// Bytes in the largest unit that leaves no remainder.
  static func amount(_ bytes: UInt64) -> String {
    for unit in SymbolTable.byteUnits.entries.reversed() where bytes >= unit.value && bytes % unit.value == 0 {
      return "\(bytes / unit.value) \(unit.name)"
    }
    return "\(bytes) bytes"
  }

  static func text(of log: Log) -> String {
    var text = "log"
    if let prefix = log.prefix { text += " prefix \"\(prefix)\"" }
    if let group = log.group { text += " group \(group)" }
    if let length = log.snapLength, length != 0 { text += " snaplen \(length)" }
    if let threshold = log.queueThreshold, threshold != 0 { text += " queue-threshold \(threshold)" }
    if let level = log.level, level != 4 {
      text += " level \(SymbolTable.logLevels.name(of: UInt64(level)) ?? String(level))"
    }
    return text + flags(ofLog: log.flags ?? 0)
  }

  private static func flags(ofLog flags: UInt32) -> String {
    if flags & 0x2F == 0x2F { return " flags all" }
    var text = ""
    let tcp = [(1, "sequence"), (2, "options")].filter { flags & UInt32($0.0) != 0 }.map(\.1)
    if !tcp.isEmpty { text += " flags tcp " + tcp.joined(separator: ",") }
    for (bit, name) in [(4, "ip options"), (8, "skuid"), (32, "ether")] where flags & UInt32(bit) != 0 {
      text += " flags \(name)"
    }
    return text
  }

  /// ` random,persistent`
  static func flags(ofNat flags: UInt32) -> String {
    let names = [(4, "random"), (16, "fully-random"), (8, "persistent")].filter { flags & UInt32($0.0) != 0 }.map(\.1)
    return names.isEmpty ? "" : " " + names.joined(separator: ",")
  }

  static func synproxy(mss: UInt16, windowScale: UInt8, flags: UInt32) -> [String] {
    var parts: [String] = []
    if flags & 1 != 0 { parts.append("mss \(mss)") }
    if flags & 2 != 0 { parts.append("wscale \(windowScale)") }
    let options = [(8, "timestamp"), (4, "sack-perm")].filter { flags & UInt32($0.0) != 0 }.map(\.1)
    if !options.isEmpty { parts.append(options.joined(separator: " ")) }
    return parts
  }

  /// What cannot be said in the rule language: the bytecode itself, in a form that no parser takes for a rule.
  static func bytecode(_ expressions: [Expression]) -> String {
    "# " + expressions.map(BytecodeListing.bracketed).joined(separator: " ")
  }
}
