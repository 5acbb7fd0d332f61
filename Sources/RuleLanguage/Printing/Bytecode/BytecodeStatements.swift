import Model

extension BytecodeListing {
  /// What acts on the packet, or counts it.
  static func statementText(of expression: Expression) -> String? {
    switch expression {
    case .counter(let packets, let bytes): return "counter pkts \(packets) bytes \(bytes)"
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      return "limit rate \(rate)/\(period(seconds)) burst \(burst) type \(unit == .packets ? "packets" : "bytes")"
        + " flags 0x\(inverted ? 1 : 0)"
    case .quota(let bytes, let consumed, let inverted):
      return "quota bytes \(bytes) consumed \(consumed) flags \(inverted ? 1 : 0)"
    case .connectionLimit(let count, let inverted): return "connlimit count \(count) flags \(inverted ? 1 : 0)"
    case .last(let milliseconds): return "last \(milliseconds.map { String($0) } ?? "never")"
    case .log(let log): return text(of: log)
    case .reject(let kind, let code): return "reject type \(kind) code \(code)"
    case .nat(let nat): return text(of: nat)
    case .masquerade(let ports, let flags): return "masq" + text(of: ports, named: "proto") + text(ofNatFlags: flags)
    case .redirect(let ports, let flags): return "redir" + text(of: ports, named: "proto") + text(ofNatFlags: flags)
    case .queue(let target, let flags): return text(of: target) + text(ofQueueFlags: flags)
    case .noTrack: return "notrack"
    default: return nil
    }
  }

  static func otherText(of expression: Expression) -> String {
    switch expression {
    case .numberGenerator(let kind, let modulus, let offset, let to):
      return "numgen \(to) = \(kind == .incremental ? "inc" : "random") mod \(modulus)\(text(ofOffset: offset))"
    case .jenkinsHash(let from, let length, let modulus, let seed, let offset, let to):
      return
        "hash \(to) = jhash(\(from), \(length), 0x\(String(seed ?? 0, radix: 16))) % mod \(modulus)\(text(ofOffset: offset))"
    case .symmetricHash(let modulus, let offset, let to):
      return "hash \(to) = symhash() % mod \(modulus)\(text(ofOffset: offset))"
    case .fib(let result, let flags, let to): return "fib \(text(ofFib: flags, result: result)) => \(to)"
    case .socket(let key, let level, let to):
      let name = KernelNames.name(key, in: KernelNames.socketKeys)
      return "socket load \(name)\(name == "cgroupv2" ? " level \(level)" : "") => \(to)"
    case .osFingerprint(_, _, let to): return "osf dreg \(to.rawValue)"
    case .tproxy(let family, let address, let port):
      return "tproxy\(text(ofProtocol: family))" + (address.map { " addr \($0)" } ?? "")
        + (port.map { " port \($0)" } ?? "")
    case .synproxy(let mss, let windowScale, _): return "synproxy mss \(mss) wscale \(windowScale)"
    case .duplicate(let address, let device): return "dup" + text(ofAddress: address, device: device)
    case .forward(let device, let address, let family):
      return "fwd sreg_dev \(device.rawValue)" + (address.map { " sreg_addr \($0.rawValue)" } ?? "")
        + (family == 0 ? "" : " nfproto \(family)")
    case .xfrm(let key, let direction, let number, let to):
      let name = KernelNames.name(key, in: KernelNames.xfrmKeys)
      return "xfrm load \(direction == 0 ? "in" : "out") \(number) \(name) => \(to)"
    case .tunnel(let key, _, let to): return "tunnel load \(KernelNames.name(key, in: KernelNames.tunnelKeys)) => \(to)"
    case .flowOffload(let table): return "flow_offload flowtable \(table)"
    case .unknown(let name, let attributes): return "\(name) \(Bytes(attributes))"
    default: return "unknown"
    }
  }

  private static func text(of log: Log) -> String {
    var text = "log"
    if let prefix = log.prefix { text += " prefix \(prefix)" }
    if let group = log.group {
      // libnftnl prints both with a group, set or not.
      return text + " group \(group) snaplen \(log.snapLength ?? 0) qthreshold \(log.queueThreshold ?? 0)"
    }
    if let level = log.level { text += " level \(level)" }
    for flag in KernelNames.logFlags where (log.flags ?? 0) & flag.bit != 0 { text += " \(flag.name)" }
    return text
  }

  private static func text(of nat: Nat) -> String {
    "nat \(nat.kind == .source ? "snat" : "dnat")\(text(ofProtocol: nat.family))"
      + text(of: nat.addresses, named: "addr") + text(of: nat.ports, named: "proto") + text(ofNatFlags: nat.flags)
  }

  private static func text(of range: RegisterRange?, named name: String) -> String {
    guard let range else { return "" }
    return " \(name)_min \(range.from)" + (range.through.map { " \(name)_max \($0)" } ?? "")
  }

  private static func text(ofNatFlags flags: UInt32) -> String {
    flags == 0 ? "" : " flags 0x\(String(flags, radix: 16))"
  }

  private static func text(ofProtocol family: UInt32) -> String {
    Family(rawValue: UInt8(truncatingIfNeeded: family)).map { " " + $0.keyword } ?? ""
  }

  private static func text(ofOffset offset: UInt32) -> String { offset == 0 ? "" : " offset \(offset)" }

  private static func text(of target: QueueTarget) -> String {
    switch target {
    case .numbers(let first, let count): "queue num \(first)" + (count > 1 ? "-\(Int(first) + Int(count) - 1)" : "")
    case .register(let register): "queue sreg_qnum \(register.rawValue)"
    }
  }

  /// `NFT_QUEUE_FLAG_*`
  private static func text(ofQueueFlags flags: UInt16) -> String {
    (flags & 1 != 0 ? " bypass" : "") + (flags & 2 != 0 ? " fanout" : "")
  }

  private static func text(ofFib flags: UInt32, result: UInt32) -> String {
    let inputs = KernelNames.fibFlags.enumerated().filter { flags & 1 << UInt32($0.offset) != 0 }.map(\.element)
    let present = flags & KernelNames.fibPresent != 0 ? " present" : ""
    return inputs.joined(separator: " . ") + " " + KernelNames.name(result, in: KernelNames.fibResults) + present
  }

  private static func text(ofAddress address: Register?, device: Register?) -> String {
    (address.map { " sreg_addr \($0.rawValue)" } ?? "") + (device.map { " sreg_dev \($0.rawValue)" } ?? "")
  }

  /// The unit of a limit's period in seconds, or the seconds where none fits.
  static func period(_ seconds: UInt64) -> String {
    switch seconds {
    case 1: "second"
    case 60: "minute"
    case 3600: "hour"
    case 86_400: "day"
    case 604_800: "week"
    default: "\(seconds)s"
    }
  }
}
