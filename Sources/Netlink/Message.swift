internal import CMnl

/// One message that the kernel sent.
package struct Message: Sendable {
  package let type: UInt16
  /// `NLM_F_*`
  package let flags: UInt16
  package let sequence: UInt32
  /// The port that it is for: the socket's own, but zero in a notification.
  package let port: UInt32
  /// All after the header.
  package let payload: ArraySlice<UInt8>

  /// The attributes after a header of `size` bytes; none if the message is shorter than that.
  package func attributes(after size: Int) -> Attributes { Attributes(payload.dropFirst((size + 3) & ~3)) }

  /// The protocol's own header at the payload's begin; nil if the payload is shorter.
  package func header<Header: BitwiseCopyable>(as type: Header.Type = Header.self) -> Header? {
    guard payload.count >= MemoryLayout<Header>.size else { return nil }
    return unsafe payload.withUnsafeBytes { unsafe $0.loadUnaligned(as: type) }
  }

  /// The messages in one datagram; nil if a length in it does not fit.
  static func split(_ datagram: [UInt8]) -> [Message]? {
    var messages: [Message] = []
    var rest = datagram[...]
    while !rest.isEmpty {
      guard rest.count >= MemoryLayout<nlmsghdr>.size else { return nil }
      let header = unsafe rest.withUnsafeBytes { unsafe $0.loadUnaligned(as: nlmsghdr.self) }
      let length = Int(header.nlmsg_len)
      guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { return nil }
      messages.append(
        Message(
          type: header.nlmsg_type, flags: header.nlmsg_flags, sequence: header.nlmsg_seq, port: header.nlmsg_pid,
          payload: rest.prefix(length).dropFirst(MemoryLayout<nlmsghdr>.size)))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return messages
  }
}

extension Message {
  /// What an `NLMSG_ERROR` message says, also when it is an acknowledgement (errno 0).
  struct Acknowledgement {
    var errno: Int32
    var text: String?
    var offset: UInt32?
  }

  /// nil if this is no such message.
  var acknowledgement: Acknowledgement? {
    guard type == UInt16(NLMSG_ERROR), let error = header(as: Int32.self) else { return nil }
    var result = Acknowledgement(errno: -error)
    guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return result }
    // After the errno stands the refused message's header, and without NLM_F_CAPPED all of that message.
    var echoed = MemoryLayout<nlmsghdr>.size
    if flags & UInt16(NLM_F_CAPPED) == 0 {
      let length = payload.dropFirst(4).prefix(4)
      guard length.count == 4 else { return result }
      echoed = Int(unsafe length.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) })
    }
    for attribute in attributes(after: 4 + echoed) {
      switch UInt32(attribute.type) {
      case NLMSGERR_ATTR_MSG.rawValue: result.text = attribute.string
      case NLMSGERR_ATTR_OFFS.rawValue: result.offset = attribute.value()
      default: break
      }
    }
    return result
  }
}
