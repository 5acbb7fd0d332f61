import CMnl
package import Model
package import Netlink

/// A next hop of a default route.
package struct Gateway: Hashable, Sendable {
  package var address: IPAddress
  package var device: String
  var index: UInt32
}

/// What the kernel knows of a neighbour since it was asked for anew.
package enum NeighbourAnswer: Hashable, Sendable {
  case answered
  case waiting
  /// The kernel has given up asking.
  case failed
}

/// Why nothing can be learnt of a gateway.
package enum GatewayError: Error, Hashable, Sendable, CustomStringConvertible {
  case noInterface(String)
  case noDefaultRoute(String)
  /// A point-to-point interface.
  case noNextHop(String)
  /// The entry is not the kernel's own to verify.
  case notVerified(Gateway, kind: String)

  package var description: String {
    switch self {
    case .noInterface(let name): "there is no interface \(name)"
    case .noDefaultRoute(let name): "\(name) has no default route"
    case .noNextHop(let name): "the default route of \(name) has no next hop that could be asked"
    case .notVerified(let gateway, let kind):
      "the neighbour \(gateway.address) on \(gateway.device) is \(kind): it is never asked; probe something else"
    }
  }
}

/// Asks neighbours of one network namespace whether they are there.
package actor Neighbours {
  private let thread: BlockingThread
  private var socket: NetlinkSocket?

  /// - Parameter namespace: a file that names another network namespace; nil for the process's own.
  package init(namespace: String? = nil) throws(NetlinkError) { thread = try BlockingThread(namespace: namespace) }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  /// The next hops over an interface of its default routes, each family's preferred ones (the lowest metric): those of
  /// the main table, or of any if that has none.
  package func gateways(of device: String) throws -> [Gateway] {
    try withSocket { (socket) throws in
      guard let index = try socket.readInterfaces().numbers[device] else { throw GatewayError.noInterface(device) }
      // What another device leads to, the kernel leaves out itself.
      var filter = RouteFilter(table: UInt32(RT_TABLE_MAIN.rawValue), device: index)
      var routes = try socket.readRoutes(filter).filter(\.isDefault)
      if routes.isEmpty {
        filter.table = nil
        routes = try socket.readRoutes(filter).filter(\.isDefault)
      }
      guard !routes.isEmpty else { throw GatewayError.noDefaultRoute(device) }
      let hops = Route.preferred(routes).flatMap(\.nextHops).filter { $0.device == device }
      let addresses = Swift.Set(hops.compactMap(\.gateway))
      guard !addresses.isEmpty else { throw GatewayError.noNextHop(device) }
      return addresses.sorted().map { Gateway(address: $0, device: device, index: index) }
    }
  }

  /// Has the kernel ask the neighbour now, and forget that it ever answered.
  ///
  /// An entry with a link-layer address keeps it, so that packets go on; it is put into `NUD_PROBE`, which only an
  /// answer to a solicitation leaves for `NUD_REACHABLE` (`neigh_timer_handler` and `neigh_update` in
  /// net/core/neighbour.c): no packet of an established connection does.
  /// - Throws: `GatewayError.notVerified` for an entry that an administrator or another program has put there.
  package func ask(_ gateway: Gateway) throws {
    try withSocket { (socket) throws in
      if let entry = try socket.neighbour(gateway) {
        if let kind = entry.foreignKind { throw GatewayError.notVerified(gateway, kind: kind) }
        if entry.hasAddress, try socket.verify(gateway) { return }
        try socket.forget(gateway)
      }
      try socket.resolve(gateway)
    }
  }

  /// - Parameter elapsed: since `ask`. A confirmation must be younger, or another program has meddled.
  package func answer(of gateway: Gateway, within elapsed: Duration) throws -> NeighbourAnswer {
    try withSocket { (socket) throws in
      guard let entry = try socket.neighbour(gateway) else { return .failed }
      if let kind = entry.foreignKind { throw GatewayError.notVerified(gateway, kind: kind) }
      if entry.state == NUD_FAILED { return .failed }
      return entry.state == NUD_REACHABLE && entry.confirmed <= elapsed + Neighbour.tick * 2 ? .answered : .waiting
    }
  }

  private func withSocket<Value>(_ body: (inout NetlinkSocket) throws -> Value) throws -> Value {
    // After an error, what an exchange left unread is gone with its socket.
    var own = try socket.take() ?? NetlinkSocket(.route)
    let value = try body(&own)
    socket = consume own
    return value
  }
}

extension Route {
  fileprivate var isDefault: Bool { key.destination.isDefault && type == .unicast }

  fileprivate static func preferred(_ routes: [Route]) -> [Route] {
    Dictionary(grouping: routes) { $0.key.destination.address.family }.values.flatMap { routes in
      let lowest = routes.map(\.key.metric).min()
      return routes.filter { $0.key.metric == lowest }
    }
  }
}

/// An entry of the neighbour table.
private struct Neighbour {
  /// `NUD_*`
  var state: Int32
  /// `NTF_*`
  var flags: UInt8
  /// `NTF_EXT_*`
  var extendedFlags: UInt32 = 0
  /// How long ago the neighbour was last known to be there, in whole ticks.
  var confirmed = Duration.seconds(Int64.max / 2)

  /// `USER_HZ` is 100 on every platform (time(7)).
  static let tick = Duration.milliseconds(10)

  /// `NUD_VALID` but for what is never asked.
  var hasAddress: Bool { state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE) != 0 }

  /// What the entry is if the kernel does not verify it, or not on its own account; nil if it does.
  var foreignKind: String? {
    if state & NUD_PERMANENT != 0 { return "permanent" }
    if state & NUD_NOARP != 0 { return "on a link without neighbour discovery" }
    // A change of state would take these flags away (`neigh_update_flags`).
    if Int32(flags) & NTF_EXT_LEARNED != 0 { return "kept by another program (extern_learn)" }
    if Int32(bitPattern: extendedFlags) & NTF_EXT_MANAGED != 0 { return "kept by another program (managed)" }
    return nil
  }

  init?(_ message: Message) {
    guard let header = message.header(as: ndmsg.self) else { return nil }
    state = Int32(header.ndm_state)
    flags = header.ndm_flags
    for attribute in message.attributes(after: MemoryLayout<ndmsg>.size) {
      switch Int(attribute.type) {
      case NDA_FLAGS_EXT: extendedFlags = attribute.value() ?? 0
      // The first word of `struct nda_cacheinfo`: ndm_confirmed.
      case NDA_CACHEINFO where attribute.payload.count == MemoryLayout<nda_cacheinfo>.size:
        let info = unsafe attribute.payload.pointer.loadUnaligned(as: nda_cacheinfo.self)
        confirmed = Neighbour.tick * Int(info.ndm_confirmed)
      default: break
      }
    }
  }
}

extension NetlinkSocket {
  /// - Returns: nil if there is none.
  fileprivate mutating func neighbour(_ gateway: Gateway) throws(NetlinkError) -> Neighbour? {
    var found: Neighbour?
    do throws(NetlinkError) {
      try request(type: UInt16(RTM_GETNEIGH), to: "read a neighbour") { writer in
        writer.putHeader(ndmsg(gateway))
        writer.put(UInt16(NDA_DST), gateway.address)
      } reply: { message in
        found = Neighbour(message)
      }
    } catch {
      guard error.errno == ENOENT else { throw error }
    }
    return found
  }

  /// By way of `NUD_STALE`: an entry that is in `NUD_PROBE` already is else left in the middle of an older question.
  /// - Returns: false if the entry has lost its address by now.
  fileprivate mutating func verify(_ gateway: Gateway) throws(NetlinkError) -> Bool {
    for state in [NUD_STALE, NUD_PROBE] {
      var header = ndmsg(gateway)
      header.ndm_state = UInt16(state)
      do throws(NetlinkError) {
        // Without NLM_F_REPLACE, which would take the router's mark from an IPv6 neighbour (`neigh_add`).
        try request(type: UInt16(RTM_NEWNEIGH), to: "ask a neighbour") { writer in
          writer.putHeader(header)
          writer.put(UInt16(NDA_DST), gateway.address)
        }
      } catch {
        guard error.errno == EINVAL || error.errno == ENOENT else { throw error }
        return false
      }
    }
    return true
  }

  /// Of an entry without an address, so that nothing that was asked before is taken for an answer now.
  fileprivate mutating func forget(_ gateway: Gateway) throws(NetlinkError) {
    do throws(NetlinkError) {
      try request(type: UInt16(RTM_DELNEIGH), to: "forget a neighbour") { writer in
        writer.putHeader(ndmsg(gateway))
        writer.put(UInt16(NDA_DST), gateway.address)
      }
    } catch {
      guard error.errno == ENOENT else { throw error }
    }
  }

  /// `NTF_USE`: as if there were a packet for it.
  fileprivate mutating func resolve(_ gateway: Gateway) throws(NetlinkError) {
    var header = ndmsg(gateway)
    header.ndm_flags = UInt8(NTF_USE)
    try request(type: UInt16(RTM_NEWNEIGH), flags: UInt16(NLM_F_CREATE), to: "ask for a neighbour") { writer in
      writer.putHeader(header)
      writer.put(UInt16(NDA_DST), gateway.address)
    }
  }
}

extension ndmsg {
  fileprivate init(_ gateway: Gateway) {
    self.init()
    ndm_family = UInt8(gateway.address.family == .ipv4 ? AF_INET : AF_INET6)
    ndm_ifindex = Int32(bitPattern: gateway.index)
  }
}
