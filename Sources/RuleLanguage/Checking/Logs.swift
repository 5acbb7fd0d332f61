import Model

extension RuleChecker {
  func check(_ log: LogSyntax) throws(SyntaxError) -> Log {
    var result = Log()
    if let prefix = log.prefix {
      // NF_LOG_PREFIXLEN counts the terminating zero.
      guard prefix.text.utf8.count < 128 else {
        throw SyntaxError("the prefix is longer than 127 bytes", at: prefix.span)
      }
      result.prefix = prefix.text
    }
    result.group = log.group
    result.snapLength = log.snapLength
    result.queueThreshold = log.queueThreshold
    if let level = log.level {
      guard let number = SymbolTable.logLevels.value(of: level.text) else {
        throw SyntaxError(
          "unknown level \(level.text)", at: level.span,
          hint: "expected one of: " + SymbolTable.logLevels.entries.map(\.name).joined(separator: ", "))
      }
      guard log.group == nil else { throw SyntaxError("level and group exclude each other", at: level.span) }
      result.level = UInt32(number)
    }
    for flag in log.flags {
      guard let number = SymbolTable.logFlags.value(of: flag.text) else {
        throw SyntaxError("unknown flag \(flag.text)", at: flag.span)
      }
      guard log.group == nil else { throw SyntaxError("flags and group exclude each other", at: flag.span) }
      result.flags = (result.flags ?? 0) | UInt32(number)
    }
    if let level = log.level, level.text == "audit",
      result.prefix != nil || result.group != nil || result.snapLength != nil || result.flags != nil
        || result.queueThreshold != nil
    {
      throw SyntaxError("level audit takes no other options", at: level.span)
    }
    // What the kernel keeps and gives back for a group.
    if result.group != nil {
      result.snapLength = result.snapLength ?? 0
      result.queueThreshold = result.queueThreshold ?? 0
    }
    return result
  }

  func check(_ synproxy: SynproxySyntax, at span: Span) throws(SyntaxError) -> Expression {
    try requireHook([1, 2], "synproxy", at: span)
    return .synproxy(
      mss: synproxy.mss ?? 0, windowScale: synproxy.windowScale ?? 0, flags: Self.flags(of: synproxy))
  }

  static func flags(of synproxy: SynproxySyntax) -> UInt32 {
    let parts: [(Bool, UInt32)] = [
      (synproxy.mss != nil, 1), (synproxy.windowScale != nil, 2), (synproxy.sackPermitted, 4), (synproxy.timestamp, 8),
    ]
    return parts.reduce(0) { $1.0 ? $0 | $1.1 : $0 }
  }

  /// The chain is hooked in at one of these places, or is only jumped to (then the kernel checks).
  func requireHook(_ hooks: Set<UInt32>, _ statement: String, at span: Span) throws(SyntaxError) {
    guard let chain, family == .ipv4 || family == .ipv6 || family == .inet else { return }
    guard hooks.contains(chain.hook) else {
      let names = Hooks.of(family).numbers.entries.filter { hooks.contains(UInt32($0.value)) }.map(\.name)
      throw SyntaxError(
        "\(statement) is not allowed at this hook", at: span, hint: "expected hook " + names.joined(separator: " or "))
    }
  }
}
