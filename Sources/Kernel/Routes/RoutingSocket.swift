package import Locking
import Model
import Netlink
package import Plan

/// Reads and writes the routes and policy rules of the network namespace that its thread was in when it was made.
package struct RoutingSocket: ~Copyable {
  private var socket: NetlinkSocket

  /// Refusals of all of them fit into a receive buffer of the usual size; more win nothing.
  private static let messagesPerSend = 128

  package init() throws(KernelError) {
    do throws(NetlinkError) { socket = try NetlinkSocket(.route) } catch { throw KernelError(error) }
  }

  /// For `setsockopt(2)`.
  package var descriptor: Int32 { socket.descriptor }

  /// - Parameter routeProtocol: whose routes and rules; nil for every program's.
  package mutating func read(routeProtocol: UInt8?) throws(KernelError) -> RoutingState {
    do throws(NetlinkError) { return try socket.readRouting(routeProtocol: routeProtocol) } catch {
      throw KernelError(error)
    }
  }

  package mutating func readLinks() throws(KernelError) -> Links {
    do throws(NetlinkError) { return try socket.readLinks() } catch { throw KernelError(error) }
  }

  /// Makes the changes in their order, each message acknowledged or refused before the next send. If one fails, what
  /// took effect is taken back, last first, and read again; the error names the change, and what could not be taken
  /// back if there is such.
  /// - Throws: `KernelError`, or `BatonError` when nothing was sent.
  package mutating func apply(_ changes: [Change], with baton: Baton) throws {
    guard let routeProtocol = try RoutingGuards.routeProtocol(of: changes) else { return }
    try baton.check()
    var interfaces = try interfaces()
    try RoutingGuards.checkInterfaces(of: changes, &interfaces)
    let before = try read(routeProtocol: routeProtocol)
    let resolved = try RoutingGuards.resolve(changes, in: before)
    try checkReplacements(changes, routeProtocol)
    let steps = RoutingSteps(for: resolved, rules: before.policyRules)
    guard let failure = send(steps, &interfaces, baton) else { return }
    if failure.sent == 0, case .baton(let error) = failure.reason { throw error }
    let error = explain(failure, changes)
    let leftovers = undo(changes, before, baton)
    guard leftovers.isEmpty else { throw error.left(leftovers) }
    throw error
  }

  /// Brings back what was before, as far as it is not there.
  /// - Returns: what is not as it was in the end, in words.
  /// - Throws: what `permit` throws, before any send; or when what is there cannot be read.
  mutating func restore(
    _ undo: RoutingUndo, routeProtocol: UInt8?, permit: () throws -> Void = {}
  ) throws -> [String] {
    var undo = undo
    var (fewest, idleRounds) = (Int.max, 0)
    while true {
      var interfaces = try interfaces()
      undo.rename(by: &interfaces)
      let now = try read(routeProtocol: routeProtocol)
      let steps = undo.steps(from: now)
      // What the kernel refuses may go once the rest is back, and a rule may take as many steps as there were before;
      // what does not get less then either is left.
      idleRounds = steps.count < fewest ? 0 : idleRounds + 1
      guard !steps.isEmpty, idleRounds < 2 else { return undo.leftovers(in: now) }
      fewest = min(fewest, steps.count)
      try sendAll(steps, &interfaces, permit: permit)
    }
  }

  /// Sends all that can be sent, whatever becomes of each.
  private mutating func sendAll(
    _ steps: [RoutingStep], _ interfaces: inout Interfaces, permit: () throws -> Void
  ) throws {
    // A route whose interface is gone cannot be; that it is missing is told in the end.
    var rest = steps.filter { $0.isPossible(with: &interfaces) }[...]
    while !rest.isEmpty {
      try permit()
      let batch = Array(rest.prefix(Self.messagesPerSend))
      rest = rest.dropFirst(batch.count)
      switch send(batch, &interfaces)?.reason {
      // What became of it is read afterwards.
      case .netlink(let error) where error.cause != .unknownOutcome: throw KernelError(error)
      default: break
      }
    }
  }

  mutating func interfaces() throws(KernelError) -> Interfaces {
    do throws(NetlinkError) { return try socket.readInterfaces() } catch { throw KernelError(error) }
  }

  /// An IPv6 replacement takes the first route with the same destination and metric, whoever made it
  /// (`fib6_add_rt2node` in net/ipv6/ip6_fib.c), so nobody else's may be there.
  private mutating func checkReplacements(_ changes: [Change], _ routeProtocol: UInt8) throws(KernelError) {
    var replacements: [RouteKey: Change] = [:]
    for case .replaceRoute(_, let route) in changes where route.key.destination.address.family == .ipv6 {
      replacements[route.key] = .replaceRoute(from: route, to: route)
    }
    for table in Swift.Set(replacements.keys.map(\.table)) {
      for route in try allRoutes(ofIPv6: true, table: table) where route.routeProtocol != routeProtocol {
        if let change = replacements[route.key] { throw KernelError.foreign(route, change) }
      }
    }
  }

  private mutating func allRoutes(ofIPv6 isIPv6: Bool, table: UInt32) throws(KernelError) -> [Route] {
    do throws(NetlinkError) {
      return try socket.readRoutes(RouteFilter(isIPv6: isIPv6, table: table))
    } catch {
      throw KernelError(error)
    }
  }
}

extension RoutingSocket {
  fileprivate struct Failure {
    enum Reason {
      case refused(RoutingStep, NetlinkError)
      case netlink(NetlinkError)
      case missing(RoutingStep, MissingInterface)
      case baton(BatonError)
    }

    var reason: Reason
    /// How many messages were sent, whatever came of them.
    var sent: Int
  }

  /// - Returns: nil if all took effect.
  private mutating func send(
    _ steps: some Sequence<RoutingStep>, _ interfaces: inout Interfaces, _ baton: Baton
  ) -> Failure? {
    var left = steps.makeIterator()
    var batch: [RoutingStep] = []
    var sent = 0
    while true {
      batch.removeAll(keepingCapacity: true)
      while batch.count < RoutingSocket.messagesPerSend, let step = left.next() { batch.append(step) }
      if batch.isEmpty { return nil }
      do throws(BatonError) { try baton.check() } catch { return Failure(reason: .baton(error), sent: sent) }
      if var failure = send(batch, &interfaces) {
        failure.sent += sent
        return failure
      }
      sent += batch.count
    }
  }

  /// One send.
  private mutating func send(_ batch: [RoutingStep], _ interfaces: inout Interfaces) -> Failure? {
    var writer = socket.makeWriter(capacity: 16 * 1024)
    let first = writer.nextSequence
    // By index: a step is not copied for that.
    for index in batch.indices {
      do throws(MissingInterface) {
        try batch[index].encode(acknowledged: index == batch.count - 1, into: &writer, &interfaces)
      } catch {
        return Failure(reason: .missing(batch[index], error), sent: 0)
      }
    }
    do throws(NetlinkError) {
      let operation = "change the routes"
      try socket.send(writer, to: operation)
      let refusals = try socket.settle(first...(writer.nextSequence &- 1), to: operation)
      guard let refusal = refusals.first, let sequence = refusal.sequence else { return nil }
      return Failure(reason: .refused(batch[Int(sequence &- first)], refusal), sent: batch.count)
    } catch {
      return Failure(reason: .netlink(error), sent: batch.count)
    }
  }

  /// - Returns: what is not as it was before, in words; empty if all is.
  private mutating func undo(_ changes: [Change], _ before: RoutingState, _ baton: Baton) -> [String] {
    let undo = RoutingUndo(changes, before: before)
    do {
      let routeProtocol = try RoutingGuards.routeProtocol(of: changes)
      do {
        return try restore(undo, routeProtocol: routeProtocol) { try baton.check() }
      } catch let error as BatonError {
        return undo.leftovers(in: try read(routeProtocol: routeProtocol)) + [error.description]
      }
    } catch {
      return ["what is in effect could not be read: \(error)"]
    }
  }

  private mutating func explain(_ failure: Failure, _ changes: [Change]) -> KernelError {
    switch failure.reason {
    case .netlink(let error): return KernelError(error)
    case .baton(let error): return KernelError(.io(errno: nil), error.description)
    case .missing(let step, let error): return KernelError.missing(error, changes[step.change])
    case .refused(let step, let error):
      let change = changes[step.change]
      switch (error.errno, step.operation) {
      case (RoutingGuards.exists, .add), (RoutingGuards.exists, .append):
        return inTheWay(of: step, change) ?? KernelError(error, refusing: change)
      case (RoutingGuards.noSuchRoute, .delete), (RoutingGuards.noEntry, .delete), (RoutingGuards.noEntry, .replace):
        return KernelError.gone(change)
      default: return KernelError(error, refusing: change)
      }
    }
  }

  /// Names what has the same key as a route that could not be added.
  private mutating func inTheWay(of step: RoutingStep, _ change: Change) -> KernelError? {
    guard case .route(let route) = step.subject else { return nil }
    let isIPv6 = route.key.destination.address.family == .ipv6
    let routes = try? allRoutes(ofIPv6: isIPv6, table: route.key.table)
    let other = routes?.first { $0.key == route.key && $0.routeProtocol != route.routeProtocol }
    return other.map { KernelError.foreign($0, change) }
  }
}
