import CMnl
@preconcurrency @unsafe import Dispatch
import Netlink
import Synchronization

/// Tells that the node's routes, policy rules, addresses or links changed in a way that may matter to own routes.
///
/// A busy node's routing daemon makes thousands of changes that do not matter. Of routes, a filter in the kernel
/// therefore lets through only what bears the own protocol number and what replaced another route, own ones maybe;
/// the rest wakes nobody and fills no buffer. What a link or an address takes with it when it goes is not notified
/// route by route (`fib_sync_down_dev` in net/ipv4/fib_semantics.c), so links and addresses are listened to as well.
package struct RouteMonitor: Sendable {
  /// One element for each burst of changes; bursts that nobody has looked at yet are one. A lost notification
  /// counts as a change. Ends when the listener does.
  package let changes: AsyncStream<Void>

  /// After a burst begins, further notifications wait unread for this long; a buffer that overruns does no harm.
  private static let rest = DispatchTimeInterval.milliseconds(100)

  private static let groups = [
    RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
  ].map { UInt32($0.rawValue) }

  /// Of the network namespace that the calling thread is in.
  package init(routeProtocol: UInt8) throws(KernelError) {
    do throws(NetlinkError) {
      let socket = try NetlinkSocket(.route)
      // Filtered before anything can be queued.
      try socket.attach(RouteMonitor.filter(routeProtocol))
      for group in RouteMonitor.groups { try socket.join(group) }
      changes = RouteMonitor.listen(MonitorSocket(socket))
    } catch {
      throw KernelError(error)
    }
  }

  /// In the order of instructions; a skip counts those between. Offsets are those of `struct nlmsghdr` and, after
  /// its 16 bytes, of `struct rtmsg`.
  private static func filter(_ routeProtocol: UInt8) -> [FilterInstruction] {
    [
      .loadHalf(at: 4),  // nlmsg_type
      .ifEqual(UInt16(RTM_NEWROUTE), skip: 2),
      .ifEqual(UInt16(RTM_DELROUTE), skip: 3),
      .accept,
      .loadHalf(at: 6),  // nlmsg_flags
      .ifAnyBit(UInt16(NLM_F_REPLACE), skip: 3),
      .loadByte(at: 21),  // rtm_protocol
      .ifEqual(UInt16(routeProtocol), skip: 1),
      .drop,
      .accept,
    ]
  }

  private static func listen(_ socket: MonitorSocket) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let queue = DispatchQueue(label: "netbaton.routes")
    let source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: queue)
    source.setEventHandler {
      let isOpen = socket.drain()
      continuation.yield()
      guard isOpen else { return continuation.finish() }
      source.suspend()
      queue.asyncAfter(deadline: .now() + rest) { source.resume() }
    }
    // The socket lives as long as its descriptor is polled.
    source.setCancelHandler { socket.retire() }
    continuation.onTermination = { _ in source.cancel() }
    source.resume()
    return stream
  }
}

/// The socket as the queue's callbacks share it.
private final class MonitorSocket: Sendable {
  let descriptor: Int32
  private let socket: Mutex<NetlinkSocket?>

  init(_ socket: consuming sending NetlinkSocket) {
    descriptor = socket.descriptor
    self.socket = Mutex(socket)
  }

  /// - Returns: false if the socket is of no more use.
  func drain() -> Bool {
    socket.withLock { socket in
      while true {
        do throws(NetlinkError) {
          let isThere = try socket?.receive(waits: false, to: "listen for changes of routes") {
            (_) throws(NetlinkError) in
          }
          guard isThere == true else { return true }
        } catch {
          // An overrun means that something changed, which is all that is told anyway.
          guard error.cause == .unknownOutcome else { return false }
        }
      }
    }
  }

  func retire() { socket.withLock { $0 = nil } }
}
