import Glibc

/// Why an exchange with the kernel did not end well.
package struct NetlinkError: Error, Hashable, Sendable {
  package enum Cause: Hashable, Sendable {
    /// The kernel answered the message with this errno: the message had no effect.
    case refused(errno: Int32)
    /// A call on the socket itself failed with this errno.
    case socket(errno: Int32)
    /// Replies were lost (`ENOBUFS`) or did not come in time. What was asked may have happened or not:
    /// whoever sees this reads the kernel again before saying or doing anything.
    case unknownOutcome
    /// The kernel's state changed while it was read, each of the times that it was tried.
    case interrupted
    /// What came is no well-formed reply to what was asked.
    case malformed
    /// What should be sent does not fit the format: an attribute has a length of 16 bits.
    case tooLong
  }

  /// What was tried, as a phrase that follows "cannot": "read the rules".
  package var operation: String
  package var cause: Cause
  /// The kernel's own words (`NLMSGERR_ATTR_MSG`), if it gave any, or what is malformed.
  package var message: String?
  /// The byte of the message, counted from its header, that the kernel objects to (`NLMSGERR_ATTR_OFFS`).
  package var offset: UInt32?
  /// Of the message that failed.
  package var sequence: UInt32?

  package init(
    _ operation: String, _ cause: Cause, message: String? = nil, offset: UInt32? = nil, sequence: UInt32? = nil
  ) {
    self.operation = operation
    self.cause = cause
    self.message = message
    self.offset = offset
    self.sequence = sequence
  }

  /// The kernel's errno, if there is one.
  package var errno: Int32? {
    switch cause {
    case .refused(let errno), .socket(let errno): errno
    case .unknownOutcome, .interrupted, .malformed, .tooLong: nil
    }
  }
}

extension NetlinkError: CustomStringConvertible {
  package var description: String {
    var text = "cannot \(operation): "
    switch cause {
    case .refused(let errno), .socket(let errno): text += errorText(errno)
    case .unknownOutcome:
      text += "the kernel's reply was lost; whether it took effect is unknown until it is read again"
    case .interrupted: text += "it changed again and again while it was read"
    case .malformed: text += "the kernel's reply is malformed"
    case .tooLong: text += "an attribute is longer than netlink can carry (65,535 bytes)"
    }
    if let message { text += " (\(message))" }
    if errno == EPERM { text += "; this needs CAP_NET_ADMIN in the network namespace" }
    return text
  }
}

/// The C library's words for an errno: "No such file or directory".
package func errorText(_ errno: Int32) -> String {
  var buffer = [CChar](repeating: 0, count: 128)
  guard unsafe strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
