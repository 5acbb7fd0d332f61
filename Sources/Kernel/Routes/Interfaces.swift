import CMnl
import Netlink

/// The interfaces of the namespace by name and by index, at one moment.
struct Interfaces {
  private var names: [Int32: String] = [:]
  private var indices: [String: Int32] = [:]
  /// What was asked for last: routes that stand together mostly leave by the same interface.
  private var last: (name: String, index: Int32)?

  init() {}

  mutating func add(_ name: String, index: Int32) {
    names[index] = name
    indices[name] = index
  }

  mutating func index(of name: String) -> Int32? {
    if let last, last.name == name { return last.index }
    guard let index = indices[name] else { return nil }
    last = (name, index)
    return index
  }

  var numbers: [String: UInt32] { indices.mapValues(UInt32.init(bitPattern:)) }

  func name(of index: Int32) -> String? { names[index] }
}

/// `RTEXT_FILTER_SKIP_STATS` of linux/rtnetlink.h: counters make most of an interface's message.
private let skipStatistics: UInt32 = 1 << 3

extension NetlinkSocket {
  mutating func readInterfaces() throws(NetlinkError) -> Interfaces {
    try dump(type: UInt16(RTM_GETLINK), to: "list the interfaces", into: Interfaces()) { writer in
      writer.putHeader(ifinfomsg())
      writer.put(UInt16(IFLA_EXT_MASK), skipStatistics)
    } each: { (interfaces, message) in
      guard let header = message.header(as: ifinfomsg.self) else { return }
      for attribute in message.attributes(after: MemoryLayout<ifinfomsg>.size)
      where attribute.type == UInt16(IFLA_IFNAME) {
        interfaces.add(attribute.string, index: header.ifi_index)
      }
    }
  }
}
