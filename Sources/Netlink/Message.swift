internal import CMnl

/// One message that the kernel sent; it holds as long as its bytes do (`ReceivedBytes`).
package struct Message: BitwiseCopyable {
  package let type: UInt16
  /// `NLM_F_*`
  package let flags: UInt16
  package let sequence: UInt32
  /// The port that it is for: the socket's own, but zero in a notification.
  package let port: UInt32
  /// All after the header.
  package let payload: ReceivedBytes

  /// The attributes after a header of `size` bytes; none if the message is shorter than that.
  package func attributes(after size: Int) -> Attributes {
    Attributes(payload.part(min((size + 3) & ~3, payload.count)..<payload.count))
  }

  /// Calls `body` with each message of a datagram, or of what else holds messages.
  /// - Returns: false if a length in it does not fit; what came before it was handed on.
  package static func split<Failure: Error>(
    _ datagram: ReceivedBytes, _ body: (Message) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    let headerSize = MemoryLayout<nlmsghdr>.size
    var start = 0
    while start < datagram.count {
      guard datagram.count - start >= headerSize else { return false }
      let header = unsafe datagram.pointer.loadUnaligned(fromByteOffset: start, as: nlmsghdr.self)
      let length = Int(header.nlmsg_len)
      guard length >= headerSize, length <= datagram.count - start else { return false }
      try body(
        Message(
          type: header.nlmsg_type, flags: header.nlmsg_flags, sequence: header.nlmsg_seq, port: header.nlmsg_pid,
          payload: datagram.part((start + headerSize)..<(start + length))))
      start += (length + 3) & ~3
    }
    return true
  }
}

extension Message {
  /// What an `NLMSG_ERROR` message says, also when it is an acknowledgement (errno 0).
  struct Acknowledgement {
    var errno: Int32
    var text: String?
    var offset: UInt32?
  }

  /// The number that `NLMSG_ERROR` and `NLMSG_DONE` begin with; nil if the payload is too short for one.
  var status: Int32? { payload.count >= 4 ? payload.integer(Int32.self, at: 0) : nil }

  /// nil if this is no such message.
  var acknowledgement: Acknowledgement? {
    guard type == UInt16(NLMSG_ERROR), let error = status else { return nil }
    var result = Acknowledgement(errno: -error)
    guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return result }
    // After the errno stands the refused message's header, and without NLM_F_CAPPED all of that message.
    var echoed = MemoryLayout<nlmsghdr>.size
    if flags & UInt16(NLM_F_CAPPED) == 0 {
      guard payload.count >= 8 else { return result }
      echoed = Int(payload.integer(UInt32.self, at: 4))
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
