internal import CMnl

extension NetlinkSocket {
  /// Sends one message and waits until the kernel has acknowledged it.
  /// - Returns: the replies before the acknowledgement.
  package mutating func request(
    type: UInt16, flags: UInt16 = 0, to operation: String, _ body: (inout MessageWriter) -> Void
  ) throws(NetlinkError) -> [Message] {
    var writer = makeWriter()
    let sequence = writer.beginMessage(type: type, flags: flags | UInt16(NLM_F_ACK))
    body(&writer)
    writer.endMessage()
    try send(writer, to: operation)
    var replies: [Message] = []
    while true {
      for message in try receive(to: operation) ?? [] {
        try check(message, is: sequence, to: operation)
        guard let acknowledgement = message.acknowledgement else {
          replies.append(message)
          continue
        }
        guard acknowledgement.errno == 0 else { throw refusal(acknowledgement, of: message, to: operation) }
        return replies
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
    var isWhole = true
    // The dump is read to its end even if a message of it cannot be used, so that the next request's reply is
    // the next message.
    var failure: NetlinkError?
    while true {
      for message in try receive(to: operation) ?? [] {
        try check(message, is: sequence, to: operation)
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isWhole = false }
        if message.type == UInt16(NLMSG_DONE) {
          // The payload is the dump's own result.
          if let status = message.header(as: Int32.self), status < 0 {
            throw NetlinkError(operation, .refused(errno: -status), sequence: sequence)
          }
          if let failure, isWhole { throw failure }
          return isWhole
        }
        if let acknowledgement = message.acknowledgement {
          throw refusal(acknowledgement, of: message, to: operation)
        }
        guard failure == nil else { continue }
        do throws(NetlinkError) { try each(&result, message) } catch { failure = error }
      }
    }
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
    while true {
      do throws(NetlinkError) {
        guard let messages = try receive(waits: false, to: operation) else { break }
        for message in messages {
          guard message.port == port, sequences.contains(message.sequence) else {
            throw NetlinkError(operation, .malformed, message: "a reply to another request came")
          }
          guard let acknowledgement = message.acknowledgement else {
            reply(message)
            continue
          }
          if acknowledgement.errno != 0 {
            refusals.append(refusal(acknowledgement, of: message, to: operation))
          }
        }
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

  private func check(_ message: Message, is sequence: UInt32, to operation: String) throws(NetlinkError) {
    guard message.port == port, message.sequence == sequence else {
      throw NetlinkError(operation, .malformed, message: "a reply to another request came")
    }
  }

  private func refusal(
    _ acknowledgement: Message.Acknowledgement, of message: Message, to operation: String
  ) -> NetlinkError {
    NetlinkError(
      operation, .refused(errno: acknowledgement.errno), message: acknowledgement.text,
      offset: acknowledgement.offset, sequence: message.sequence)
  }
}
