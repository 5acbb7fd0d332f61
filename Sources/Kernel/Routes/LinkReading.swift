import CMnl
import Model
import Netlink

extension NetlinkSocket {
  /// - Throws: `NetlinkError` where the kernel refuses or a reply is lost.
  mutating func readLinks() throws(NetlinkError) -> Links {
    let interfaces = try readInterfaces()
    let found = try dump(
      type: UInt16(RTM_GETADDR), to: "list the addresses", into: [(index: UInt32, address: IPAddress)]()
    ) { writer in
      writer.putHeader(ifaddrmsg())
    } each: { (addresses, message) in
      guard let header = message.header(as: ifaddrmsg.self), header.ifa_scope == UInt8(RT_SCOPE_UNIVERSE.rawValue),
        let address = Self.address(in: message)
      else { return }
      addresses.append((header.ifa_index, address))
    }
    return Links(
      interfaces: interfaces.numbers,
      addresses: found.sorted { ($0.index, $0.address) < ($1.index, $1.address) }.map(\.address))
  }

  /// On a point-to-point link `IFA_ADDRESS` is the other end and `IFA_LOCAL` the own one (linux/if_addr.h).
  private static func address(in message: Message) -> IPAddress? {
    var remote: IPAddress?
    for attribute in message.attributes(after: MemoryLayout<ifaddrmsg>.size) {
      switch attribute.type {
      case UInt16(IFA_LOCAL): return IPAddress(networkBytes: attribute.payload)
      case UInt16(IFA_ADDRESS): remote = IPAddress(networkBytes: attribute.payload)
      default: break
      }
    }
    return remote
  }
}
