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
    do throws(NetlinkError) {
      while true {
        for message in try receive(to: operation) ?? [] {
          guard message.port == port, sequences.contains(message.sequence) else {
            throw NetlinkError(operation, .malformed, message: "a reply to another request came")
          }
          guard let answer = message.acknowledgement else { continue }
          if answer.errno != 0 {
            refusals.append(
              NetlinkError(
                operation, .refused(errno: answer.errno), message: answer.text, offset: answer.offset,
                sequence: message.sequence))
          }
          if message.sequence == sequences.upperBound { return refusals }
        }
      }
    } catch {
      // What is still queued must not be taken for an answer to the next request.
      while (try? receive(waits: false, to: operation)) ?? nil != nil {}
      throw error
    }
  }
}
