import CMnl
import Model
import Netlink
import Plan

extension InverseWriter {
  /// What stood at the places that changes of routes and policy rules touch, or, where that is less, all own routing.
  mutating func addRouting(_ changes: [Change], _ snapshot: Snapshot) throws(KernelError) {
    guard let routeProtocol = try RoutingGuards.routeProtocol(of: changes) else { return }
    let state = RoutingState(
      routes: snapshot.state.routes.filter { $0.routeProtocol == routeProtocol },
      policyRules: snapshot.state.policyRules.filter { $0.routeProtocol == routeProtocol })
    let isWhole = state.routes.count + state.policyRules.count < changes.count
    setRouting(routeProtocol, isWhole: isWhole)
    let noted = isWhole ? state.routes : []
    var names = InterfaceNames(snapshot.interfaces)
    if isWhole {
      for route in noted { names.add(route) }
      writer.put(names)
      for route in state.routes { writer.putRoute(RTM_NEWROUTE, route, &names.interfaces) }
      for rule in state.policyRules { rule.encode(type: Int32(RTM_NEWRULE), flags: 0, into: &writer) }
      return
    }
    let places = RoutingPlaces.Place.inUndoOrder(changes)
    let before = RoutingPlaces(state, at: Swift.Set(places))
    for routes in before.routes.values { for route in routes { names.add(route) } }
    writer.put(names)
    for place in places { writer.put(place, before, routeProtocol, &names.interfaces) }
  }
}

/// The interfaces that routes name, with their numbers. One that was not listed gets a number of its own here.
private struct InterfaceNames {
  private let known: [String: UInt32]
  private var used: Swift.Set<String> = []
  var interfaces = Interfaces()
  private(set) var list: [(name: String, index: Int32)] = []

  init(_ known: [String: UInt32]) { self.known = known }

  mutating func add(_ route: Route) {
    for hop in route.nextHops {
      guard let name = hop.device, used.insert(name).inserted else { continue }
      let index = known[name].map { Int32(bitPattern: $0) } ?? Int32.min + Int32(used.count)
      interfaces.add(name, index: index)
      list.append((name, index))
    }
  }
}

extension MessageWriter {
  fileprivate mutating func put(_ names: InterfaceNames) {
    for (name, index) in names.list {
      beginMessage(type: UInt16(RTM_NEWLINK), flags: 0)
      var header = ifinfomsg()
      header.ifi_index = index
      putHeader(header)
      put(UInt16(IFLA_IFNAME), name)
      endMessage()
    }
  }

  fileprivate mutating func putRoute(_ type: Int, _ route: Route, _ interfaces: inout Interfaces) {
    // All of its interfaces were named before.
    do { try route.encode(type: Int32(type), flags: 0, into: &self, &interfaces) } catch {}
  }

  /// What stood there, or that nothing did.
  fileprivate mutating func put(
    _ place: RoutingPlaces.Place, _ before: RoutingPlaces, _ routeProtocol: UInt8, _ interfaces: inout Interfaces
  ) {
    switch place {
    case .route(let key):
      let routes = before.routes[key] ?? []
      if routes.isEmpty { putRoute(RTM_DELROUTE, Route(key: key, routeProtocol: routeProtocol), &interfaces) }
      for route in routes { putRoute(RTM_NEWROUTE, route, &interfaces) }
    case .rule(let family, let priority):
      let rules = before.rules[place] ?? []
      if rules.isEmpty {
        let none = PolicyRule(family: family, priority: priority, action: .nop, routeProtocol: routeProtocol)
        none.encode(type: Int32(RTM_DELRULE), flags: 0, into: &self)
      }
      for rule in rules { rule.encode(type: Int32(RTM_NEWRULE), flags: 0, into: &self) }
    }
  }
}

/// Reads what `InverseWriter` wrote of routes and policy rules.
struct RoutingPartReader {
  let routeProtocol: UInt8?
  private let isWhole: Bool
  private var interfaces = Interfaces()
  private var places: [RoutingPlaces.Place] = []
  private var seen: Swift.Set<RoutingPlaces.Place> = []
  private var state = RoutingState()

  init(_ header: InverseHeader) {
    routeProtocol = header.routeProtocol == 0 ? nil : header.routeProtocol
    isWhole = header.flags & InverseHeader.wholeRouting != 0
  }

  var undo: RoutingUndo? {
    guard routeProtocol != nil else { return nil }
    return RoutingUndo(places: isWhole ? nil : places, before: state, interfaces: interfaces)
  }

  mutating func take(_ message: Message) {
    switch Int(message.type) {
    case RTM_NEWLINK:
      guard let header = message.header(as: ifinfomsg.self),
        let name = message.attributes(after: MemoryLayout<ifinfomsg>.size).first(UInt16(IFLA_IFNAME))?.string
      else { return }
      interfaces.add(name, index: header.ifi_index)
    case RTM_NEWROUTE, RTM_DELROUTE:
      var unnamed = false
      guard let route = Route(message, interfaces, unnamed: &unnamed) else { return }
      note(.route(route.key))
      if Int(message.type) == RTM_NEWROUTE { state.routes.append(route) }
    case RTM_NEWRULE, RTM_DELRULE:
      guard let rule = PolicyRule(message) else { return }
      note(.rule(rule.family, priority: rule.priority))
      if Int(message.type) == RTM_NEWRULE { state.policyRules.append(rule) }
    default: break
    }
  }

  private mutating func note(_ place: RoutingPlaces.Place) {
    if !isWhole, seen.insert(place).inserted { places.append(place) }
  }
}
