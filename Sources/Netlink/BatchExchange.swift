internal import CMnl

extension NetlinkSocket {
  /// Waits until the kernel has answered the last message of a send, whose acknowledgement alone was asked for;
  /// refusals of those before it come by themselves.
  /// - Returns: the refusals, in the order of their messages: every other message took effect.
  /// - Throws: `unknownOutcome` if replies were lost; which messages took effect is then to be read.
  package mutating func settle(
    _ sequences: ClosedRange<UInt32>, to operation: String
  ) throws(NetlinkError) -> [NetlinkError] {
    var refusals: [NetlinkError] = []
    let port = port
    var isSettled = false
    do throws(NetlinkError) {
      while !isSettled {
        _ = try receive(to: operation) { (message) throws(NetlinkError) in
          guard message.port == port, sequences.contains(message.sequence) else {
            throw NetlinkError(operation, .malformed, message: "a reply to another request came")
          }
          guard let answer = message.acknowledgement else { return }
          if answer.errno != 0 { refusals.append(answer.refusal(of: message, to: operation)) }
          if message.sequence == sequences.upperBound { isSettled = true }
        }
      }
      return refusals
    } catch {
      discardReplies(to: operation)
      throw error
    }
  }
}
