import EtcdAPI
import GRPCCore
import SwiftProtobuf

extension EtcdStore {
  /// What a watch tells.
  enum Notice: Sendable {
    /// From now on nothing is missed. What happened before is not told: read again.
    case stands
    case changed
  }

  /// Watches keys from now on, until the task is cancelled or `tell` answers false.
  ///
  /// Never from a past revision: etcd would look at such a watch each 100 ms only, and refuse it after a compaction.
  func watch(
    _ range: EtcdRange, deletesOnly: Bool, tell: @escaping @Sendable (Notice) -> Bool
  ) async throws(EtcdError) {
    let request = Etcdserverpb_WatchRequest.with {
      $0.createRequest = .with {
        $0.key = range.key
        $0.rangeEnd = range.end
        if deletesOnly { $0.filters = [.noput] }
      }
    }
    try await client.stream { call in
      try await Etcdserverpb_Watch.Client(wrapping: call.client).watch(
        metadata: call.metadata, options: call.options,
        requestProducer: { writer in
          try await writer.write(request)
          // The stream lives as long as its sending side.
          try await Task.sleep(for: .seconds(1 << 30), clock: .continuous)
        },
        onResponse: { response in
          for try await message in response.messages {
            if message.canceled {
              throw RPCError(code: .unavailable, message: "etcd ended the watch: \(message.cancelReason)")
            }
            if message.created, !tell(.stands) { return }
            if !message.events.isEmpty, !tell(.changed) { return }
          }
          throw RPCError(code: .unavailable, message: "the watch's stream ended")
        })
    }
  }
}
