import CMnl
package import Model
import Netlink

/// Routes and policy rules of one namespace at one moment.
package struct RoutingState: Hashable, Sendable {
  package var routes: [Route]
  /// In the order in which the kernel asks them, IPv4 first.
  package var policyRules: [PolicyRule]

  package init(routes: [Route] = [], policyRules: [PolicyRule] = []) {
    self.routes = routes
    self.policyRules = policyRules
  }
}

/// Which routes the kernel should list; it leaves the others out itself (strict checking).
struct RouteFilter {
  var families: [Int32] = [AF_INET, AF_INET6]
  /// nil for any.
  var routeProtocol: UInt8?
  /// nil for any.
  var table: UInt32?
  /// The index of an interface that one of the next hops has; nil for any.
  var device: UInt32?
}

extension NetlinkSocket {
  /// - Parameter routeProtocol: nil for every program's.
  mutating func readRouting(routeProtocol: UInt8?) throws(NetlinkError) -> RoutingState {
    RoutingState(
      routes: try readRoutes(RouteFilter(routeProtocol: routeProtocol)),
      policyRules: try readPolicyRules(routeProtocol: routeProtocol))
  }

  mutating func readRoutes(_ filter: RouteFilter) throws(NetlinkError) -> [Route] {
    var attempt = 1
    while true {
      let interfaces = try readInterfaces()
      var unnamed = false
      var routes: [Route] = []
      for family in filter.families {
        routes = try readRoutes(family, filter, into: routes, interfaces, unnamed: &unnamed)
      }
      // An interface came up in between: look once more for its name.
      if !unnamed || attempt == 3 { return routes }
      attempt += 1
    }
  }

  private mutating func readRoutes(
    _ family: Int32, _ filter: RouteFilter, into routes: [Route], _ interfaces: Interfaces, unnamed: inout Bool
  ) throws(NetlinkError) -> [Route] {
    var header = rtmsg()
    header.rtm_family = UInt8(family)
    header.rtm_protocol = filter.routeProtocol ?? 0
    var sawUnnamed = false
    do throws(NetlinkError) {
      let result = try dump(type: UInt16(RTM_GETROUTE), to: "read the routes", into: routes) { writer in
        writer.putHeader(header)
        if let table = filter.table { writer.put(UInt16(RTA_TABLE.rawValue), table) }
        if let device = filter.device { writer.put(UInt16(RTA_OIF.rawValue), device) }
      } each: { (routes, message) in
        if let route = Route(message, interfaces, unnamed: &sawUnnamed) { routes.append(route) }
      }
      if sawUnnamed { unnamed = true }
      return result
    } catch {
      // A table that nobody has used yet is empty, and so is a family that the kernel was built without.
      guard error.errno == ENOENT || error.errno == EOPNOTSUPP else { throw error }
      return routes
    }
  }

  /// The kernel has no filter for rules; there are few.
  mutating func readPolicyRules(routeProtocol: UInt8?) throws(NetlinkError) -> [PolicyRule] {
    var rules: [PolicyRule] = []
    for family in [AF_INET, AF_INET6] {
      var header = fib_rule_hdr()
      header.family = UInt8(family)
      do throws(NetlinkError) {
        rules = try dump(type: UInt16(RTM_GETRULE), to: "read the policy rules", into: rules) { writer in
          writer.putHeader(header)
        } each: { (rules, message) in
          guard let rule = PolicyRule(message) else { return }
          if routeProtocol == nil || rule.routeProtocol == routeProtocol { rules.append(rule) }
        }
      } catch {
        // A family that the kernel was built without policy routing for has none.
        guard error.errno == EAFNOSUPPORT || error.errno == EOPNOTSUPP else { throw error }
      }
    }
    return rules
  }
}
