import Model

private enum RouteKeyword: String, CaseIterable {
  case to, via, dev
  case source = "from"
  case type, metric, table, scope
  case onLink = "on-link"
  case mtu
  case advertisedMSS = "advertised-mss"
  case typeOfService = "type-of-service"
  case nexthops
}

private enum NextHopKeyword: String, CaseIterable {
  case via, dev, weight
  case onLink = "on-link"
}

/// netplan's names first; those of ip(8) are understood too.
private let routeKeys = KeyTable<RouteKeyword>(
  "a route",
  synonyms: [
    "src": .source, "onlink": .onLink, "onLink": .onLink, "advmss": .advertisedMSS, "tos": .typeOfService,
    "nextHops": .nexthops,
  ])
private let nextHopKeys = KeyTable<NextHopKeyword>("a next hop", synonyms: ["onlink": .onLink, "onLink": .onLink])

/// A route as it was written, with where each part stands.
struct RouteDraft {
  enum Destination {
    /// `default`: of which family is seen from the rest.
    case any
    case prefix(IPPrefix)
  }

  var node: Int
  var destination: (value: Destination, node: Int)?
  var type: (value: RouteType, node: Int)?
  /// Of the route itself; what is in `nexthops` comes in `nextHops`.
  var hop = HopDraft()
  var nextHops: (value: [HopDraft], node: Int)?
  var source: (value: IPAddress, node: Int)?
  var metric: UInt32 = 0
  var table: NumberOrName?
  var scope: (value: UInt8, node: Int)?
  var mtu: (value: UInt32, node: Int)?
  var advertisedMSS: UInt32?
  var typeOfService: (value: UInt8, node: Int)?
}

struct HopDraft {
  var node = 0
  var gateway: (value: IPAddress, node: Int)?
  var device: String?
  var weight: UInt16 = 1
  var isOnLink: (value: Bool, node: Int)?
}

/// A routing table or protocol by number, or by a name that the node knows.
struct NumberOrName {
  var number: UInt32
  var name: String?
  var node: Int
}

extension SpecDecoder {
  mutating func routes(_ node: Int, into document: inout SpecDocument) {
    guard tree.kind(node) == .list else { return mismatch(node, "routes", expected: "a list") }
    document.routes.reserveCapacity(Int(tree.nodes[node].first))
    // Taken out of the document for the time being: appending through it would copy.
    var routes = document.routes
    document.routes = []
    var pending: [SpecDocument.PendingName] = []
    items(of: node, "routes") { decoder, item in
      let errors = decoder.report.errorCount
      let draft = decoder.routeDraft(item)
      guard decoder.report.errorCount == errors, let route = decoder.route(draft) else { return }
      if let name = draft.table?.name, let node = draft.table?.node {
        let place = decoder.tree.location(node)
        pending.append(.init(target: .routeTable(routes.count), name: name, origin: place))
      }
      routes.append(route)
    }
    document.routes = routes
    document.pendingNames += pending
  }

  private mutating func routeDraft(_ node: Int) -> RouteDraft {
    var draft = RouteDraft(node: node)
    draft.hop.node = node
    fields(of: node, routeKeys) { decoder, key, value in
      switch key {
      case .to: draft.destination = decoder.destination(value).map { ($0, value) }
      case .via: draft.hop.gateway = decoder.gateway(value)
      case .dev: draft.hop.device = decoder.device(value, "dev")
      case .source: draft.source = decoder.address(value, "from").map { ($0, value) }
      case .type: draft.type = decoder.routeType(value).map { ($0, value) }
      case .metric: draft.metric = decoder.integer(value, "metric", 0...UInt32.max) ?? 0
      case .table: draft.table = decoder.routingTable(value)
      case .scope: draft.scope = decoder.scope(value).map { ($0, value) }
      case .onLink: draft.hop.isOnLink = decoder.boolean(value, "on-link").map { ($0, value) }
      // The kernel cuts both to these without a word (ip_metrics_convert in net/ipv4/metrics.c).
      case .mtu: draft.mtu = decoder.integer(value, "mtu", 68...65520).map { ($0, value) }
      case .advertisedMSS: draft.advertisedMSS = decoder.integer(value, "advertised-mss", 1...65495)
      case .typeOfService: draft.typeOfService = decoder.integer(value, "type-of-service", 0...255).map { ($0, value) }
      case .nexthops: draft.nextHops = (decoder.nextHops(value), value)
      }
    }
    return draft
  }

  private mutating func nextHops(_ node: Int) -> [HopDraft] {
    var hops: [HopDraft] = []
    items(of: node, "nexthops") { decoder, item in
      var hop = HopDraft(node: item)
      decoder.fields(of: item, nextHopKeys) { decoder, key, value in
        switch key {
        case .via: hop.gateway = decoder.gateway(value)
        case .dev: hop.device = decoder.device(value, "dev")
        case .weight: hop.weight = decoder.integer(value, "weight", 1...256) ?? 1
        case .onLink: hop.isOnLink = decoder.boolean(value, "on-link").map { ($0, value) }
        }
      }
      hops.append(hop)
    }
    if hops.isEmpty, tree.kind(node) == .list { error("nexthops is an empty list", at: node) }
    return hops
  }

  private mutating func destination(_ node: Int) -> RouteDraft.Destination? {
    if tree.isScalar(node), tree.bytes(node).elementsEqual("default".utf8) { return .any }
    return prefix(node, "to").map { .prefix($0) }
  }

  private mutating func gateway(_ node: Int) -> (IPAddress, Int)? {
    guard let address = address(node, "via") else { return nil }
    // To the kernel, address zero is no next hop at all.
    if address == address.masked(to: 0) {
      mismatch(node, "via", expected: "a next hop's address", hint: "leave it away for a route on the link")
      return nil
    }
    return (address, node)
  }

  private static let routeTypes: [RouteType] = [.unicast, .local, .blackhole, .unreachable, .prohibit, .throw]

  private mutating func routeType(_ node: Int) -> RouteType? {
    choice(node, "type", SpecDecoder.routeTypes.map { ($0.keyword, $0) })
  }

  /// `RT_SCOPE_*` of linux/rtnetlink.h.
  private mutating func scope(_ node: Int) -> UInt8? {
    choice(node, "scope", [("global", 0), ("site", 200), ("link", 253), ("host", 254)])
  }

  /// One of some words.
  mutating func choice<Value>(_ node: Int, _ subject: String, _ choices: [(word: String, value: Value)]) -> Value? {
    let word = tree.isScalar(node) ? tree.string(node) : ""
    if let choice = choices.first(where: { $0.word == word }) { return choice.value }
    let words = choices.map(\.word)
    mismatch(
      node, subject, expected: "one of \(words.joined(separator: ", "))",
      hint: Suggestion.nearest(to: word, among: words).map { "did you mean \"\($0)\"?" })
    return nil
  }

  /// `RT_TABLE_*` of linux/rtnetlink.h by number or name; other names are those of /etc/iproute2/rt_tables.
  mutating func routingTable(_ node: Int) -> NumberOrName? {
    let known: [String: UInt32] = ["default": 253, "main": 254, "local": 255]
    guard tree.isScalar(node), !tree.isNull(node) else {
      mismatch(node, "table", expected: "a number or a name")
      return nil
    }
    if tree.kind(node) == .plain, SpecDecoder.integer(tree.bytes(node)) != nil {
      return integer(node, "table", 1...UInt32.max).map { NumberOrName(number: $0, node: node) }
    }
    let name = tree.string(node)
    if let number = known[name] { return NumberOrName(number: number, node: node) }
    return NumberOrName(number: 0, name: name, node: node)
  }
}
