internal import CMnl

extension NetlinkSocket {
  /// Sends one message and waits until the kernel has acknowledged it.
  /// - Parameter reply: gets the replies before the acknowledgement.
  package mutating func request(
    type: UInt16, flags: UInt16 = 0, to operation: String, _ body: (inout MessageWriter) -> Void,
    reply: (Message) -> Void = { _ in }
  ) throws(NetlinkError) {
    var writer = makeWriter()
    let sequence = writer.beginMessage(type: type, flags: flags | UInt16(NLM_F_ACK))
    body(&writer)
    writer.endMessage()
    try send(writer, to: operation)
    let port = port
    var isAcknowledged = false
    while !isAcknowledged {
      _ = try receive(to: operation) { (message) throws(NetlinkError) in
        try message.check(is: sequence, for: port, to: operation)
        guard let acknowledgement = message.acknowledgement else { return reply(message) }
        guard acknowledgement.errno == 0 else { throw acknowledgement.refusal(of: message, to: operation) }
        isAcknowledged = true
      }
    }
  }

  /// Asks for a list (`NLM_F_DUMP`) and folds its messages into a value. If the list changed while it was read
  /// (`NLM_F_DUMP_INTR`), reading begins again from `initial`, at most `attempts` times in all.
  package mutating func dump<Result>(
    type: UInt16, to operation: String, into initial: Result, attempts: Int = 16,
    _ body: (inout MessageWriter) -> Void,
    each: (inout Result, Message) throws(NetlinkError) -> Void
  ) throws(NetlinkError) -> Result {
    for _ in 0..<attempts {
      var writer = makeWriter()
      let sequence = writer.beginMessage(type: type, flags: UInt16(NLM_F_DUMP))
      body(&writer)
      writer.endMessage()
      try send(writer, to: operation)
      var result = initial
      if try receiveDump(sequence, to: operation, into: &result, each: each) { return result }
    }
    throw NetlinkError(operation, .interrupted)
  }

  /// - Returns: false if the dump was interrupted.
  private mutating func receiveDump<Result>(
    _ sequence: UInt32, to operation: String, into result: inout Result,
    each: (inout Result, Message) throws(NetlinkError) -> Void
  ) throws(NetlinkError) -> Bool {
    let port = port
    var isWhole = true
    var isAtEnd = false
    // The dump is read to its end even if a message of it cannot be used, so that the next request's reply is
    // the next message.
    var failure: NetlinkError?
    while !isAtEnd {
      _ = try receive(to: operation) { (message) throws(NetlinkError) in
        try message.check(is: sequence, for: port, to: operation)
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isWhole = false }
        if message.type == UInt16(NLMSG_DONE) {
          // The payload is the dump's own result.
          if let status = message.status, status < 0 {
            throw NetlinkError(operation, .refused(errno: -status), sequence: sequence)
          }
          isAtEnd = true
        } else if let acknowledgement = message.acknowledgement {
          throw acknowledgement.refusal(of: message, to: operation)
        } else if failure == nil {
          do throws(NetlinkError) { try each(&result, message) } catch { failure = error }
        }
      }
    }
    if let failure, isWhole { throw failure }
    return isWhole
  }

  /// Reads what has come, without waiting: the kernel works on a send before the call returns, so all that it
  /// answers is there.
  /// - Parameter reply: gets every message of `sequences` that is no acknowledgement.
  /// - Returns: the refusals, in the order of their messages.
  package mutating func collectReplies(
    to operation: String, _ sequences: ClosedRange<UInt32>, reply: (Message) -> Void = { _ in }
  ) throws(NetlinkError) -> [NetlinkError] {
    var refusals: [NetlinkError] = []
    var loss: NetlinkError?
    let port = port
    while true {
      do throws(NetlinkError) {
        let isThere = try receive(waits: false, to: operation) { (message) throws(NetlinkError) in
          guard message.port == port, sequences.contains(message.sequence) else {
            throw NetlinkError(operation, .malformed, message: "a reply to another request came")
          }
          guard let acknowledgement = message.acknowledgement else { return reply(message) }
          if acknowledgement.errno != 0 { refusals.append(acknowledgement.refusal(of: message, to: operation)) }
        }
        if !isThere { break }
      } catch {
        // The loss is told before what did come (`sock_error` in net/core/datagram.c).
        guard error.cause == .unknownOutcome else { throw error }
        loss = error
      }
    }
    // A refusal that did come is true whatever was lost.
    if let loss, refusals.isEmpty { throw loss }
    return refusals.sorted { ($0.sequence ?? 0) < ($1.sequence ?? 0) }
  }
}

extension Message {
  fileprivate func check(
    is sequence: UInt32, for port: UInt32, to operation: String
  ) throws(NetlinkError) {
    guard self.port == port, self.sequence == sequence else {
      throw NetlinkError(operation, .malformed, message: "a reply to another request came")
    }
  }
}

extension Message.Acknowledgement {
  func refusal(of message: Message, to operation: String) -> NetlinkError {
    NetlinkError(operation, .refused(errno: errno), message: text, offset: offset, sequence: message.sequence)
  }
}
