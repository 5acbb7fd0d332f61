import Glibc
import Netlink
import Support

/// Sends and answers datagrams inside a network namespace, on a thread of its own.
actor DatagramPeer {
  struct Arrival: Hashable {
    var port: UInt16
    /// Where the datagram seemed to come from.
    var source: String
  }

  private let thread: BlockingThread
  /// Listening sockets and their ports.
  private var servers: [(socket: Int32, port: UInt16)] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.executor }

  init(_ namespace: NetworkNamespace) throws { thread = try BlockingThread(namespace: namespace.path) }

  deinit { for server in servers { close(server.socket) } }

  /// For IPv4 and IPv6 alike.
  func listen(on ports: [UInt16]) throws {
    for port in ports {
      let socket = try open()
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
      let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, size) }
      }
      guard result == 0 else { throw PeerError(description: "cannot bind port \(port): errno \(errno)") }
      servers.append((socket, port))
    }
  }

  /// - Parameter earlier: a socket that this gave before, whose flow goes on.
  /// - Returns: a socket that has sent one datagram; nil if the kernel refused to send it.
  func send(to text: String, port: UInt16, on earlier: Int32? = nil) throws -> Int32? {
    let socket = try earlier ?? open()
    guard try DatagramPeer.sendAgain(to: text, port: port, on: socket) else {
      close(socket)
      return nil
    }
    return socket
  }

  /// From any thread: the socket knows its namespace.
  /// - Returns: false if the kernel refused to send it.
  static func sendAgain(to text: String, port: UInt16, on socket: Int32) throws(PeerError) -> Bool {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    let mapped = text.contains(":") ? text : "::ffff:\(text)"
    guard unsafe inet_pton(AF_INET6, mapped, &address.sin6_addr) == 1 else {
      throw PeerError(description: "\(text) is no address")
    }
    let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    var byte: UInt8 = 1
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe sendto(socket, &byte, 1, 0, $0, size) }
    } == 1
  }

  /// Answers the next datagram, if one comes.
  func answer(within milliseconds: Int32) -> Arrival? {
    var descriptors = servers.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
    guard unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else { return nil }
    guard let index = descriptors.firstIndex(where: { $0.revents != 0 }) else { return nil }
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    var byte: UInt8 = 0
    let socket = servers[index].socket
    let isAnswered = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
        guard unsafe recvfrom(socket, &byte, 1, 0, peer, &size) == 1 else { return false }
        return unsafe sendto(socket, &byte, 1, 0, peer, size) == 1
      }
    }
    guard isAnswered else { return nil }
    var text = [CChar](repeating: 0, count: 64)
    guard unsafe inet_ntop(AF_INET6, &address.sin6_addr, &text, 64) != nil else { return nil }
    let source = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Arrival(port: servers[index].port, source: source.replacing("::ffff:", with: ""))
  }

  /// Whether an answer comes to a socket that `send` gave, which is closed then.
  func isAnswered(_ socket: Int32, within milliseconds: Int32) -> Bool {
    defer { close(socket) }
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&descriptor, 1, milliseconds) > 0 else { return false }
    var byte: UInt8 = 0
    return unsafe recv(socket, &byte, 1, 0) == 1
  }

  /// Sends datagrams to a port of this host, as fast as it can.
  /// - Returns: how many were sent.
  func flood(port: UInt16, while isWanted: @Sendable () -> Bool) throws -> UInt64 {
    let socket = try open()
    defer { close(socket) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    guard unsafe inet_pton(AF_INET6, "::1", &address.sin6_addr) == 1 else { return 0 }
    let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    var byte: UInt8 = 1
    var count: UInt64 = 0
    while isWanted() {
      let sent = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe sendto(socket, &byte, 1, 0, $0, size)
        }
      }
      if sent == 1 { count += 1 }
    }
    return count
  }

  private func open() throws -> Int32 {
    let socket = Glibc.socket(AF_INET6, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw PeerError(description: "cannot open a socket: errno \(errno)") }
    return socket
  }
}

struct PeerError: Error, CustomStringConvertible {
  var description: String
}
