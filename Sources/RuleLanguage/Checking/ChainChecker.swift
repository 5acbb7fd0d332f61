import Model

struct ChainChecker {
  let family: Family

  func check(_ chain: ChainSyntax) throws(SyntaxError) -> Chain {
    // NFT_CHAIN_MAXNAMELEN counts the terminating zero; longer names are cut by tools that print them.
    guard chain.name.text.utf8.count < 128 else {
      throw SyntaxError("the name is longer than 127 bytes", at: chain.name.span)
    }
    return Chain(name: chain.name.text, base: try base(chain), comment: chain.comment?.text)
  }

  private func base(_ chain: ChainSyntax) throws(SyntaxError) -> BaseChain? {
    guard let hook = chain.hook else {
      if let policy = chain.policy {
        throw SyntaxError("a chain without a hook has no policy", at: policy.span)
      }
      return nil
    }
    let hooks = Hooks.of(family)
    guard hooks.chainTypes.contains(hook.type.text) else {
      throw SyntaxError(
        "\(family.keyword) tables have no chains of type \(hook.type.text)", at: hook.type.span,
        hint: "expected " + hooks.chainTypes.joined(separator: ", "))
    }
    let number = try self.hook(hook.hook)
    try check(type: hook.type, hook: hook.hook)
    let isDeviceHook = family == .netdev || family == .inet && hook.hook.text == "ingress"
    if isDeviceHook, hook.devices.isEmpty {
      throw SyntaxError("the hook \(hook.hook.text) needs a device", at: hook.hook.span, hint: "write device \"eth0\"")
    }
    if !isDeviceHook, let device = hook.devices.first {
      throw SyntaxError("the hook \(hook.hook.text) takes no device", at: device.span)
    }
    return BaseChain(
      type: hook.type.text, hook: number, priority: try priority(hook.priority, hook: hook.hook),
      policy: try policy(chain.policy), devices: hook.devices.map(\.text),
      isOffloaded: chain.flags.contains { $0.text == "offload" })
  }

  private func hook(_ word: Word) throws(SyntaxError) -> UInt32 {
    let numbers = Hooks.of(family).numbers
    guard let number = numbers.value(of: word.text) else {
      throw SyntaxError(
        "\(family.keyword) tables have no hook \(word.text)", at: word.span,
        hint: "expected " + numbers.entries.map(\.name).joined(separator: ", "))
    }
    return UInt32(number)
  }

  private func check(type: Word, hook: Word) throws(SyntaxError) {
    if type.text == "nat", hook.text == "forward" || hook.text == "ingress" {
      throw SyntaxError("addresses are not translated at the hook \(hook.text)", at: hook.span)
    }
    if type.text == "route", hook.text != "output" {
      throw SyntaxError("chains of type route have the hook output alone", at: hook.span)
    }
  }

  private func policy(_ word: Word?) throws(SyntaxError) -> ChainPolicy {
    switch word?.text {
    case nil, "accept": return .accept
    case "drop": return .drop
    default:
      throw SyntaxError(
        "unknown policy", at: word?.span ?? Span(start: 0, end: 0, source: 0), hint: "expected accept or drop")
    }
  }

  /// Translating names belong to hooks: where else they would stand for something else than people expect.
  private static let hooksOfPriority: [String: Set<String>] = [
    "dstnat": ["prerouting"], "srcnat": ["postrouting"], "out": ["output"],
  ]

  private func priority(_ priority: PrioritySyntax, hook: Word) throws(SyntaxError) -> Int32 {
    guard let name = priority.name else { return priority.offset }
    let hooks = Hooks.of(family)
    guard let value = hooks.priority(name.text), Self.hooksOfPriority[name.text]?.contains(hook.text) ?? true else {
      throw SyntaxError(
        "\(name.text) is no priority of the hook \(hook.text) in \(family.keyword) tables", at: name.span,
        hint: "expected a number, or one of: " + hooks.priorities.entries.map(\.name).joined(separator: ", "))
    }
    let (sum, overflow) = value.addingReportingOverflow(priority.offset)
    guard !overflow else { throw SyntaxError("the priority is out of range", at: priority.span) }
    return sum
  }

  func check(_ flowtable: FlowtableSyntax) throws(SyntaxError) -> Flowtable {
    guard let hook = flowtable.hook, let priority = flowtable.priority else {
      throw SyntaxError("a flowtable needs a hook and a priority", at: flowtable.span)
    }
    guard hook.text == "ingress" else {
      throw SyntaxError("flowtables have the hook ingress alone", at: hook.span)
    }
    let value: Int32
    if let name = priority.name {
      guard name.text == "filter" else {
        throw SyntaxError("unknown priority \(name.text)", at: name.span, hint: "expected filter or a number")
      }
      value = priority.offset
    } else {
      value = priority.offset
    }
    // NFT_FLOWTABLE_HW_OFFLOAD, NFT_FLOWTABLE_COUNTER
    let flags: UInt32 = (flowtable.flags.contains { $0.text == "offload" } ? 1 : 0) | (flowtable.hasCounter ? 2 : 0)
    // NF_NETDEV_INGRESS
    return Flowtable(
      name: flowtable.name.text, hook: 0, priority: value, devices: flowtable.devices.map(\.text), flags: flags)
  }
}
