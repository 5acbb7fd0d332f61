import Model
import Plan

/// A TCP segment, and what a table's base chains make of it: the few expressions that the tests' rules are made of, as
/// nf_tables evaluates them (`nft_do_chain` in net/netfilter/nf_tables_core.c).
struct Segment: Hashable {
  var port: UInt16
  var source: UInt32
  /// Nanoseconds since 1970.
  var time: UInt64
}

struct Traffic {
  enum Outcome: Hashable { case accept, drop }

  private let policies: [String: ChainPolicy]
  private let chains: [String: [Rule]]
  private let sets: [String: SetDefinition]

  init(_ table: Table?) {
    policies = Dictionary(
      uniqueKeysWithValues: (table?.chains ?? []).compactMap { chain in chain.base.map { (chain.name, $0.policy) } })
    chains = Dictionary(uniqueKeysWithValues: (table?.chains ?? []).map { ($0.name, $0.rules) })
    sets = Dictionary(uniqueKeysWithValues: (table?.sets ?? []).map { ($0.name, $0) })
  }

  var baseChains: Swift.Set<String> { Swift.Set(policies.keys) }

  /// A chain that is not there lets all pass.
  func outcome(of segment: Segment, at chain: String) -> Outcome {
    guard let policy = policies[chain] else { return .accept }
    switch walk(chain, segment) {
    case .accept: return .accept
    case .drop: return .drop
    default: return policy == .accept ? .accept : .drop
    }
  }

  /// - Returns: accept, drop, or return where the chain has come to its end.
  private func walk(_ chain: String, _ segment: Segment) -> Verdict {
    for rule in chains[chain] ?? [] {
      switch evaluate(rule, segment) {
      case .accept: return .accept
      case .drop: return .drop
      case .return: return .return
      case .jump(.named(let name)):
        let verdict = walk(name, segment)
        if verdict == .accept || verdict == .drop { return verdict }
      case .goto(.named(let name)): return walk(name, segment)
      default: continue
      }
    }
    return .return
  }

  private func evaluate(_ rule: Rule, _ segment: Segment) -> Verdict {
    var registers: [Register: Bytes] = [:]
    for expression in rule.expressions {
      switch expression {
      case .meta(let key, let register): registers[register] = segment.meta(key)
      case .payload(.transport, 2, 2, let register):
        registers[register] = Bytes(bigEndian: UInt64(segment.port), width: 2)
      case .payload(.network, 12, 4, let register):
        registers[register] = Bytes(bigEndian: UInt64(segment.source), width: 4)
      case .bitwise(let from, let to, _, let mask, let xor):
        guard let value = registers[from] else { return .continue }
        registers[to] = Bytes(zip(zip(value, mask), xor).map { $0.0 & $0.1 ^ $1 })
      case .byteOrder(_, let from, let to, _, _): registers[to] = registers[from].map { Bytes($0.reversed()) }
      case .compare(.equal, let register, let value): guard registers[register] == value else { return .continue }
      case .compare(.less, let register, let value):
        guard let there = registers[register], there < value else { return .continue }
      case .lookup(.named(let name), let key, let data, let inverted):
        let element = sets[name]?.elements.first { $0.key == registers[key] }
        guard (element != nil) != inverted else { return .continue }
        if data == .verdict, case .verdict(let verdict)? = element?.details?.data { return verdict }
      case .verdict(let verdict): return verdict
      default: continue
      }
    }
    return .continue
  }
}

extension Segment {
  fileprivate func meta(_ key: MetaKey) -> Bytes {
    switch key.rawValue {
    // NFT_META_L4PROTO, NFT_META_TIME_NS, NFT_META_MARK
    case 16: [6]
    case 30: Bytes(hostEndian: time, width: 8)
    default: Bytes(hostEndian: 0xDEAD_BEEF, width: 4)
    }
  }
}
