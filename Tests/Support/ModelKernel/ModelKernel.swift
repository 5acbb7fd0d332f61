package import Model
package import Plan

/// A kernel made of values, which refuses what the real one refuses: a stale generation, a name that is taken or
/// missing, a handle that is gone, the removal of what is in use, a jump in a circle. All of a batch happens or nothing.
package struct ModelKernel: Sendable {
  package private(set) var state: NetworkState
  package private(set) var generation: UInt32 = 1
  private var lastHandle: UInt64 = 0

  /// An empty one.
  package init() { state = NetworkState() }

  /// What another program does: any change at all, which raises the generation.
  package mutating func interfere(_ body: (inout NetworkState) -> Void) {
    body(&state)
    generation += 1
  }

  /// What packets do: counters and gathered elements, which raise nothing.
  package mutating func meetPackets(_ body: (inout NetworkState) -> Void) { body(&state) }

  package mutating func commit(_ changes: [Change], from generation: UInt32) throws(ModelKernelError) {
    guard !changes.isEmpty else { return }
    guard generation == self.generation else { throw ModelKernelError(.restart, nil) }
    var batch = ModelBatch(tables: state.tables, lastHandle: lastHandle)
    for change in changes {
      do throws(ModelKernelError.Reason) { try batch.apply(change) } catch { throw ModelKernelError(error, change) }
    }
    do throws(ModelKernelError.Reason) { try batch.validate() } catch { throw ModelKernelError(error, nil) }
    state.tables = batch.tables
    lastHandle = batch.lastHandle
    self.generation += 1
  }

  /// As rtnetlink does it: each by itself, and those before a failure stay.
  package mutating func apply(routes changes: [Change]) throws(ModelKernelError) {
    for change in changes {
      do throws(ModelKernelError.Reason) { try apply(change) } catch { throw ModelKernelError(error, change) }
    }
  }

  private mutating func apply(_ change: Change) throws(ModelKernelError.Reason) {
    switch change {
    case .addRoute(let route):
      if state.routes.contains(where: { $0.key == route.key }) { throw .exists }
      guard route.nextHops.allSatisfy({ isReachable($0, table: route.key.table) }) else { throw .unreachable }
      state.routes.append(route)
    case .removeRoute(let route):
      guard let index = state.routes.firstIndex(of: route) else { throw .noEntry }
      state.routes.remove(at: index)
    case .replaceRoute(_, let route):
      guard let index = state.routes.firstIndex(where: { $0.key == route.key }) else { throw .noEntry }
      state.routes[index] = route
    // The same may be there already: a rule that moves is added before it is removed.
    case .addPolicyRule(let rule): state.policyRules.append(rule)
    case .removePolicyRule(let rule):
      guard let index = state.policyRules.firstIndex(of: rule) else { throw .noEntry }
      state.policyRules.remove(at: index)
    default: throw .notSupported
    }
  }

  private func isReachable(_ hop: NextHop, table: UInt32) -> Bool {
    guard let gateway = hop.gateway, !hop.isOnLink else { return true }
    return state.routes.contains { route in
      route.nextHops.contains { $0.gateway == nil }
        && route.key.destination.address.family == gateway.family
        && gateway.masked(to: Int(route.key.destination.length)) == route.key.destination.address
    }
  }
}

/// Why the model kernel refused, in the kernel's errors.
package struct ModelKernelError: Error, Hashable {
  package enum Reason: String, Error, Hashable {
    case restart = "ERESTART"
    case noEntry = "ENOENT"
    case exists = "EEXIST"
    case busy = "EBUSY"
    case invalid = "EINVAL"
    case notSupported = "EOPNOTSUPP"
    case full = "ENFILE"
    case loop = "ELOOP"
    case unreachable = "ENETUNREACH"
  }

  package var reason: Reason
  package var change: Change?

  package init(_ reason: Reason, _ change: Change?) {
    self.reason = reason
    self.change = change
  }
}

extension ModelKernelError: CustomStringConvertible {
  package var description: String { "\(reason.rawValue)\(change.map { " at \($0)" } ?? "")" }
}
