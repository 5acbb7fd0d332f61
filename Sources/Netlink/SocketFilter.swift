internal import CMnl
import Glibc

/// One instruction of a classic BPF program (linux/filter.h), as far as filters on netlink sockets need them.
package enum FilterInstruction: Sendable {
  /// Loads the byte at this offset of the message, counted from its header.
  case loadByte(at: UInt32)
  /// Loads the 16 bits at this offset, in the machine's own byte order.
  case loadHalf(at: UInt32)
  /// Goes on after so many instructions if the loaded value is this one.
  case ifEqual(UInt16, skip: UInt8)
  /// Goes on after so many instructions if the loaded value has one of these bits.
  case ifAnyBit(UInt16, skip: UInt8)
  case accept, drop
}

extension NetlinkSocket {
  /// Lets the kernel drop what the program does not accept before it is queued: whoever writes much else neither
  /// wakes this socket nor fills its buffer.
  package func attach(_ program: [FilterInstruction]) throws(NetlinkError) {
    // A half word is loaded as if it stood in network order, so it is compared with a constant turned round alike.
    var isHalf = false
    var code: [sock_filter] = []
    for instruction in program {
      let encoded: sock_filter
      switch instruction {
      case .loadByte(let offset):
        isHalf = false
        encoded = sock_filter(code: UInt16(BPF_LD | BPF_B | BPF_ABS), jt: 0, jf: 0, k: offset)
      case .loadHalf(let offset):
        isHalf = true
        encoded = sock_filter(code: UInt16(BPF_LD | BPF_H | BPF_ABS), jt: 0, jf: 0, k: offset)
      case .ifEqual(let value, skip: let count):
        encoded = sock_filter(
          code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: count, jf: 0, k: UInt32(isHalf ? value.bigEndian : value))
      case .ifAnyBit(let bits, skip: let count):
        encoded = sock_filter(
          code: UInt16(BPF_JMP | BPF_JSET | BPF_K), jt: count, jf: 0, k: UInt32(isHalf ? bits.bigEndian : bits))
      case .accept: encoded = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: .max)
      case .drop: encoded = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)
      }
      code.append(encoded)
    }
    let failure = unsafe code.withUnsafeMutableBufferPointer { code in
      var program = unsafe sock_fprog(len: UInt16(code.count), filter: code.baseAddress)
      return unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
    }
    guard failure == 0 else { throw NetlinkError("filter a netlink socket", .socket(errno: errno)) }
  }
}
