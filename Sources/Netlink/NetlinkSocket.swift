internal import CMnl
import Glibc

/// Which part of the kernel a socket talks to: `NETLINK_*`.
package enum NetlinkProtocol: Int32, Sendable {
  case route = 0
  case netfilter = 12
}

/// A netlink socket. It belongs to the network namespace that its thread was in when it was opened, and is closed
/// when the value ends.
///
/// One request is under way at a time; each of the functions returns when the kernel's answer is whole.
@safe package struct NetlinkSocket: ~Copyable {
  private let handle: OpaquePointer
  /// The port that the kernel chose.
  package let port: UInt32
  private var lastSequence: UInt32 = 0
  private var sendLimit: Int
  /// What was asked for, at least.
  private var receiveLimit = 0
  /// What was received last.
  private let buffer: UnsafeMutableRawBufferPointer

  /// The kernel cuts dumps into messages of at most 32 KiB (`netlink_dump` in net/netlink/af_netlink.c); with less
  /// room they come in more and smaller parts, with more nothing is won.
  private static let receiveSize = 32 * 1024

  /// How long a reply may take. The kernel answers within the call that sends; this only ends what would never end.
  private static let patience = timeval(tv_sec: 30, tv_usec: 0)

  /// - Parameter groups: multicast groups to join (`RTNLGRP_*` numbers).
  package init(_ netlinkProtocol: NetlinkProtocol, groups: [UInt32] = []) throws(NetlinkError) {
    guard let handle = unsafe mnl_socket_open2(netlinkProtocol.rawValue, Int32(SOCK_CLOEXEC.rawValue)) else {
      throw NetlinkError("open a netlink socket", .socket(errno: errno))
    }
    do throws(NetlinkError) {
      // Port 0 asks the kernel to choose one: a port made of the process id collides with a second socket's.
      guard unsafe mnl_socket_bind(handle, 0, 0) == 0 else {
        throw NetlinkError("bind a netlink socket", .socket(errno: errno))
      }
      try unsafe NetlinkSocket.setOptions(of: handle, netlinkProtocol, groups: groups)
    } catch {
      unsafe mnl_socket_close(handle)
      throw error
    }
    unsafe port = mnl_socket_get_portid(handle)
    unsafe sendLimit = NetlinkSocket.sendBuffer(of: handle)
    unsafe buffer = .allocate(byteCount: NetlinkSocket.receiveSize, alignment: 8)
    unsafe self.handle = unsafe handle
  }

  deinit {
    unsafe mnl_socket_close(handle)
    unsafe buffer.deallocate()
  }

  private static func setOptions(
    of handle: OpaquePointer, _ netlinkProtocol: NetlinkProtocol, groups: [UInt32]
  ) throws(NetlinkError) {
    var options = [NETLINK_EXT_ACK, NETLINK_CAP_ACK]
    // Without it a route dump ignores what it should be filtered by (`rtnl_dump_…` in net/ipv4/fib_frontend.c).
    if netlinkProtocol == .route { options.append(NETLINK_GET_STRICT_CHK) }
    for option in options { try unsafe set(handle, Int32(option), 1) }
    for group in groups { try unsafe set(handle, Int32(NETLINK_ADD_MEMBERSHIP), group) }
    var patience = patience
    guard
      unsafe setsockopt(
        mnl_socket_get_fd(handle), SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0
    else { throw NetlinkError("set a netlink socket's time limit", .socket(errno: errno)) }
  }

  private static func set(_ handle: OpaquePointer, _ option: Int32, _ value: UInt32) throws(NetlinkError) {
    var value = value
    guard unsafe mnl_socket_setsockopt(handle, option, &value, socklen_t(MemoryLayout<UInt32>.size)) == 0 else {
      throw NetlinkError("set option \(option) of a netlink socket", .socket(errno: errno))
    }
  }

  private static func sendBuffer(of handle: OpaquePointer) -> Int {
    var size: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(mnl_socket_get_fd(handle), SOL_SOCKET, SO_SNDBUF, &size, &length)
    return Int(size)
  }
}

extension NetlinkSocket {
  /// Joins a multicast group (`RTNLGRP_*` or `NFNLGRP_*`).
  package func join(_ group: UInt32) throws(NetlinkError) {
    try unsafe NetlinkSocket.set(handle, Int32(NETLINK_ADD_MEMBERSHIP), group)
  }

  /// For `poll(2)`.
  package var descriptor: Int32 { unsafe mnl_socket_get_fd(handle) }

  /// An empty buffer whose messages are numbered after all that this socket has sent.
  package func makeWriter(capacity: Int = 4096) -> MessageWriter {
    MessageWriter(firstSequence: lastSequence &+ 1, capacity: capacity)
  }

  /// Sends all messages at once; the kernel has worked on all of them when this returns.
  package mutating func send(_ writer: borrowing MessageWriter, to operation: String) throws(NetlinkError) {
    guard !writer.isTooLong else { throw NetlinkError(operation, .tooLong) }
    lastSequence = writer.nextSequence &- 1
    makeRoom(for: writer.count)
    let sent = unsafe writer.withBytes { bytes in unsafe mnl_socket_sendto(handle, bytes.baseAddress, bytes.count) }
    guard sent == writer.count else {
      throw refusal(of: writer.count, errno: sent < 0 ? errno : EMSGSIZE, to: operation)
    }
  }

  private func refusal(of bytes: Int, errno: Int32, to operation: String) -> NetlinkError {
    guard errno == EMSGSIZE else { return NetlinkError(operation, .socket(errno: errno)) }
    return NetlinkError(
      operation, .socket(errno: errno),
      message: """
        \(bytes) bytes are sent at once, and the socket's buffer may have no more than \(sendLimit): raise \
        net.core.wmem_max, which does not bind CAP_NET_ADMIN of the machine itself
        """)
  }

  /// A send that is longer than the buffer is refused with `EMSGSIZE` (`netlink_sendmsg`), so it is made larger,
  /// beyond the system's limit if we may. The kernel doubles what is asked for.
  private mutating func makeRoom(for bytes: Int) {
    guard bytes + 4096 > sendLimit else { return }
    var size = Int32(clamping: bytes + 4096)
    let length = socklen_t(MemoryLayout<Int32>.size)
    if unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, length) != 0 {
      unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, length)
    }
    unsafe sendLimit = NetlinkSocket.sendBuffer(of: handle)
  }

  /// Makes the buffer in which replies wait larger, beyond the system's limit if we may: those of a whole batch come while
  /// it is sent, and what finds no room is dropped.
  package mutating func makeRoom(forReplies bytes: Int) {
    guard bytes > receiveLimit else { return }
    receiveLimit = bytes
    var size = Int32(clamping: bytes)
    let length = socklen_t(MemoryLayout<Int32>.size)
    if unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
      unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
    }
  }

  /// Hands on the messages of one datagram; they hold until `each` returns.
  /// - Returns: false if none is there and `waits` is false.
  package func receive(
    waits: Bool = true, to operation: String, each: (Message) throws(NetlinkError) -> Void
  ) throws(NetlinkError) -> Bool {
    var received: Int
    repeat {
      received = unsafe recv(
        descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC) | (waits ? 0 : Int32(MSG_DONTWAIT)))
    } while received < 0 && errno == EINTR
    let failure = received < 0 ? errno : unsafe received > buffer.count ? ENOBUFS : 0
    switch failure {
    case 0: break
    case EAGAIN where !waits: return false
    case EAGAIN, ENOBUFS: throw NetlinkError(operation, .unknownOutcome)
    default: throw NetlinkError(operation, .socket(errno: failure))
    }
    let datagram = unsafe ReceivedBytes(UnsafeRawBufferPointer(rebasing: buffer[..<received]))
    guard try Message.split(datagram, each) else {
      throw NetlinkError(operation, .malformed, message: "a message's length does not fit its datagram")
    }
    return true
  }

  /// Drops what has come, so that it is not taken for an answer to the next request.
  package func discardReplies(to operation: String) {
    while (try? receive(waits: false, to: operation) { (_) throws(NetlinkError) in }) ?? false {}
  }
}
