import Model
import Netlink

extension Message {
  /// The protocol's own header at the payload's begin; nil if the payload is shorter.
  func header<Header: BitwiseCopyable>(as type: Header.Type = Header.self) -> Header? {
    guard payload.count >= MemoryLayout<Header>.size else { return nil }
    return unsafe payload.pointer.loadUnaligned(as: type)
  }
}

extension Bytes {
  /// Kept beyond the message.
  init(_ received: ReceivedBytes) {
    if let number = received.wideNumber, !received.isEmpty {
      self.init(number, count: received.count, bigEndian: true)
    } else {
      self.init(Array(received))
    }
  }
}

extension IPAddress {
  /// 4 or 16 bytes in network order.
  init?(_ received: ReceivedBytes) {
    guard let number = received.wideNumber else { return nil }
    switch received.count {
    case 4: self = .v4(UInt32(truncatingIfNeeded: number))
    case 16: self = .v6(high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
    default: return nil
    }
  }
}
