import Model

/// A generator that gives the same numbers each time (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

let edge = TableID(.inet, "edge")

/// `tcp dport PORT counter VERDICT`
func rule(port: Int, _ verdict: Verdict = .accept, packets: UInt64 = 0) -> Rule {
  Rule(expressions: [
    .meta(MetaKey(rawValue: 16), to: Register(slot: 0)), .compare(.equal, Register(slot: 0), [6]),
    .payload(.transport, offset: 2, length: 2, to: Register(slot: 0)),
    .compare(.equal, Register(slot: 0), Bytes(bigEndian: UInt64(port), width: 2)),
    .counter(packets: packets, bytes: packets * 60), .verdict(verdict),
  ])
}

/// `ip saddr @SET VERDICT`
func rule(in set: String, _ verdict: Verdict = .accept, inverted: Bool = false) -> Rule {
  Rule(expressions: [
    .payload(.network, offset: 12, length: 4, to: Register(slot: 0)),
    .lookup(.named(set), key: Register(slot: 0), to: nil, inverted: inverted), .verdict(verdict),
  ])
}

/// `ip saddr vmap @MAP`
func rule(through map: String) -> Rule {
  Rule(expressions: [
    .payload(.network, offset: 12, length: 4, to: Register(slot: 0)),
    .lookup(.named(map), key: Register(slot: 0), to: .verdict, inverted: false),
  ])
}

func inputChain(_ rules: [Rule] = [], policy: ChainPolicy = .accept, priority: Int32 = 0) -> Chain {
  Chain(name: "input", base: BaseChain(type: "filter", hook: 1, priority: priority, policy: policy), rules: rules)
}

func state(_ chains: [Chain] = [], sets: [SetDefinition] = [], objects: [StatefulObject] = []) -> NetworkState {
  NetworkState(tables: [Table(id: edge, chains: chains, sets: sets, objects: objects)])
}

func addressSet(_ name: String, _ addresses: [UInt32], flags: SetFlags = [], timeout: UInt64? = nil) -> SetDefinition {
  SetDefinition(
    name: name, flags: flags, keyType: 7, keyLength: 4, timeout: timeout, elements: addresses.map { element($0) })
}

func element(_ address: UInt32, _ data: ElementData? = nil) -> SetElement {
  SetElement(
    key: Bytes(bigEndian: UInt64(address), width: 4), details: data.map { SetElementDetails(data: $0) })
}

func route(_ destination: String, via: String? = nil, dev: String? = "eth0", metric: UInt32 = 0) -> Route {
  guard let prefix = IPPrefix(destination) else { preconditionFailure(destination) }
  return Route(
    key: RouteKey(destination: prefix, metric: metric), scope: via == nil ? 253 : 0,
    nextHops: [NextHop(gateway: via.flatMap { IPAddress($0) }, device: dev)])
}
