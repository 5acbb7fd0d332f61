import Model

/// How connections that began on trial are known afterwards: while the trial is armed, a third guard sets a bit of their
/// conntrack label. What conntrack has let in passes the old rules too, until it is cut.
///
/// The bit outlives a trial that is confirmed; as there are 32, a connection of that time could be cut after a trial that
/// fails 32 trials later, and then is let in anew if the rules let it.
package struct TrialWitness: Hashable, Sendable {
  /// Of 128; the lower ones are left to those who name them in connlabel.conf.
  package let bit: Int

  package init(number: UInt64) { bit = 96 + Int(number % 32) }

  /// `NFT_CT_STATE`, `NFT_CT_LABELS`
  private static let state = ConntrackKey(rawValue: 0)
  private static let label = ConntrackKey(rawValue: 13)
  /// `NF_CT_STATE_BIT(IP_CT_NEW)`
  private static let new = Bytes(hostEndian: 8, width: 4)

  /// `ct state new ct label set BIT`, behind the conditions of an armed guard.
  var expressions: [Expression] {
    let register = Register(slot: 0)
    let none = Bytes(zeros: 4)
    return [
      .conntrack(TrialWitness.state, direction: nil, to: register),
      .bitwise(from: register, to: register, length: 4, mask: TrialWitness.new, xor: none),
      .compare(.notEqual, register, none), .immediate(labels, to: register),
      .conntrackSet(TrialWitness.label, direction: nil, from: register),
    ]
  }

  /// A map of bits in words of the machine, which is taken to keep the lowest byte first.
  private var labels: Bytes { Bytes((0..<16).map { $0 == bit / 8 ? 1 << UInt8(bit % 8) : 0 }) }

  /// - Parameter labels: 16 bytes, as conntrack keeps and tells them (`CTA_LABELS`).
  package func isIn(_ labels: some RandomAccessCollection<UInt8>) -> Bool {
    guard labels.count > bit / 8 else { return false }
    return labels[labels.index(labels.startIndex, offsetBy: bit / 8)] & 1 << UInt8(bit % 8) != 0
  }

  /// Whether rules use connections at all, so that a witness burdens no node that has kept none; and whether it keeps out
  /// of the way of others' labels.
  static func isUseful(in tables: [Table]) -> Bool {
    guard 1.littleEndian == 1, let family = tables.first?.id.family, [.inet, .ipv4, .ipv6].contains(family) else {
      return false
    }
    var isUseful = false
    for rule in tables.flatMap(\.chains).flatMap(\.rules) {
      for expression in rule.expressions {
        switch expression {
        case .conntrack(label, _, _), .conntrackSet(label, _, _): return false
        case .conntrack, .nat, .masquerade, .redirect: isUseful = true
        default: continue
        }
      }
    }
    return isUseful
  }

  static func isWitness(_ rule: Rule) -> Bool {
    if case .conntrackSet(label, _, _) = rule.expressions.last { true } else { false }
  }
}

extension BaseChain {
  /// Whether packets come here with their connection: `NF_INET_PRE_ROUTING` to `NF_INET_POST_ROUTING`, behind
  /// `NF_IP_PRI_CONNTRACK`.
  var knowsConnections: Bool { hook < 5 && priority > -200 }
}
