import Model

/// The two sets and the two rules that decide, packet by packet, which generation is in effect.
///
/// `meta mark & 0 @set` finds the element 0 for every packet of every family and hook, if it is there. The sets are
/// looked into before the clock is: measured, a guard whose element is gone costs a packet some 60 ns.
struct TrialGuard {
  let names: TrialNames

  /// nft's number for the type `mark` (`enum datatypes` in nftables' datatype.h) and its byte order (host).
  private static let markType: UInt32 = 19
  private static let hostOrder: UInt32 = 1
  /// `NFT_META_MARK` and `NFT_META_TIME_NS`
  private static let mark = MetaKey(rawValue: 3)
  private static let time = MetaKey(rawValue: 30)
  private static let key = Bytes(zeros: 4)

  var comment: String { "netbaton trial \(names.number)" }

  var armed: SetDefinition { markSet(names.armed, flags: .timeout) }
  var kept: SetDefinition { markSet(names.kept, flags: []) }

  private func markSet(_ name: String, flags: SetFlags) -> SetDefinition {
    SetDefinition(
      name: name, flags: flags, keyType: TrialGuard.markType, keyLength: 4,
      userdata: SetUserdata(keyByteOrder: TrialGuard.hostOrder, comment: comment))
  }

  static let element = SetElement(key: key)

  /// - Parameter timeout: in milliseconds; at least one, for none at all would be without end.
  static func element(timeout: UInt64) -> SetElement {
    SetElement(key: key, details: SetElementDetails(timeout: max(1, timeout)))
  }

  /// The guard of the armed trial stands before that of the kept one, and the witness before both.
  /// - Parameter deadline: nanoseconds since 1970, as `meta time` counts them.
  func rules(deadline: UInt64, witness: TrialWitness? = nil, _ verdict: Verdict) -> [Rule] {
    let register = Register(slot: 0)
    // `meta time < T`: the clock is in host order, and nft compares it in network order.
    let isAhead: [Expression] = [
      .meta(TrialGuard.time, to: register),
      .byteOrder(.hostToNetwork, from: register, to: register, length: 8, size: 8),
      .compare(.less, register, Bytes(bigEndian: deadline, width: 8)),
    ]
    let isArmed = lookup(names.armed) + isAhead
    let bodies =
      (witness.map { [isArmed + $0.expressions] } ?? [])
      + [isArmed + [.verdict(verdict)], lookup(names.kept) + [.verdict(verdict)]]
    return bodies.map { Rule(expressions: $0, comment: comment) }
  }

  private func lookup(_ set: String) -> [Expression] {
    let register = Register(slot: 0)
    return [
      .meta(TrialGuard.mark, to: register),
      .bitwise(from: register, to: register, length: 4, mask: TrialGuard.key, xor: TrialGuard.key),
      .lookup(.named(set), key: register, to: nil, inverted: false),
    ]
  }

  func isGuard(_ rule: Rule) -> Bool { rule.refers { $0 == .set(names.armed) || $0 == .set(names.kept) } }
}
