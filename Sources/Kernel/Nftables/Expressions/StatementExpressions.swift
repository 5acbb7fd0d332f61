import CNftnl
import Model
import Netlink

// What does something with the packet, addresses and ports apart.

extension MessageWriter {
  mutating func log(_ log: Log) {
    expression("log") { writer in
      if let prefix = log.prefix { writer.text(NFTA_LOG_PREFIX, prefix) }
      if let group = log.group { writer.number(NFTA_LOG_GROUP, group) }
      // Zero is what a group has by itself; nft would list it.
      if let length = log.snapLength, length != 0 { writer.number(NFTA_LOG_SNAPLEN, length) }
      if let threshold = log.queueThreshold, threshold != 0 { writer.number(NFTA_LOG_QTHRESHOLD, threshold) }
      if let level = log.level { writer.number(NFTA_LOG_LEVEL, level) }
      if let flags = log.flags { writer.number(NFTA_LOG_FLAGS, flags) }
    }
  }

  mutating func reject(kind: UInt32, code: UInt8) {
    expression("reject") { writer in
      writer.number(NFTA_REJECT_TYPE, kind)
      if kind != NFT_REJECT_TCP_RST.rawValue { writer.number(NFTA_REJECT_ICMP_CODE, code) }
    }
  }

  mutating func queue(_ target: QueueTarget, flags: UInt16) {
    expression("queue") { writer in
      switch target {
      case .numbers(let from, let count):
        writer.number(NFTA_QUEUE_NUM, from)
        writer.number(NFTA_QUEUE_TOTAL, count)
      case .register(let register): writer.register(NFTA_QUEUE_SREG_QNUM, register)
      }
      if flags != 0 { writer.number(NFTA_QUEUE_FLAGS, flags) }
    }
  }

  mutating func synproxy(mss: UInt16, windowScale: UInt8, flags: UInt32) {
    expression("synproxy") { writer in
      writer.synproxyAttributes(mss: mss, windowScale: windowScale, flags: flags)
    }
  }

  /// Shared with synproxy objects.
  mutating func synproxyAttributes(mss: UInt16, windowScale: UInt8, flags: UInt32) {
    number(NFTA_SYNPROXY_MSS, mss)
    number(NFTA_SYNPROXY_WSCALE, windowScale)
    number(NFTA_SYNPROXY_FLAGS, flags)
  }

  mutating func duplicate(address: Register?, device: Register?) {
    expression("dup") { writer in
      writer.register(NFTA_DUP_SREG_ADDR, address)
      writer.register(NFTA_DUP_SREG_DEV, device)
    }
  }

  mutating func forward(device: Register, address: Register?, family: UInt32) {
    expression("fwd") { writer in
      writer.register(NFTA_FWD_SREG_DEV, device)
      writer.register(NFTA_FWD_SREG_ADDR, address)
      if address != nil { writer.number(NFTA_FWD_NFPROTO, family) }
    }
  }

  mutating func flowOffload(table: String) {
    expression("flow_offload") { writer in writer.text(NFTA_FLOW_TABLE_NAME, table) }
  }
}

extension ExpressionDecoder {
  /// The kernel says the level also where it is the one it takes by itself (`nft_log_dump` in nft_log.c).
  private static let defaultLogLevel = NFT_LOGLEVEL_WARNING.rawValue

  static func log(_ attributes: Attributes) -> Expression? {
    let level = attributes.number(NFTA_LOG_LEVEL)
    let group = attributes.short(NFTA_LOG_GROUP)
    return .log(
      Log(
        prefix: attributes.text(NFTA_LOG_PREFIX), group: group,
        snapLength: attributes.number(NFTA_LOG_SNAPLEN) ?? group.map { _ in 0 },
        queueThreshold: attributes.short(NFTA_LOG_QTHRESHOLD) ?? group.map { _ in 0 },
        level: level == defaultLogLevel ? nil : level, flags: attributes.number(NFTA_LOG_FLAGS)))
  }

  static func reject(_ attributes: Attributes) -> Expression? {
    guard let kind = attributes.number(NFTA_REJECT_TYPE) else { return nil }
    return .reject(kind: kind, code: attributes.byte(NFTA_REJECT_ICMP_CODE) ?? 0)
  }

  static func queue(_ attributes: Attributes) -> Expression? {
    let flags = attributes.short(NFTA_QUEUE_FLAGS) ?? 0
    if let register = attributes.register(NFTA_QUEUE_SREG_QNUM) { return .queue(.register(register), flags: flags) }
    guard let from = attributes.short(NFTA_QUEUE_NUM) else { return nil }
    return .queue(.numbers(from: from, count: attributes.short(NFTA_QUEUE_TOTAL) ?? 1), flags: flags)
  }

  static func synproxy(_ attributes: Attributes) -> Expression? {
    .synproxy(
      mss: attributes.short(NFTA_SYNPROXY_MSS) ?? 0, windowScale: attributes.byte(NFTA_SYNPROXY_WSCALE) ?? 0,
      flags: attributes.number(NFTA_SYNPROXY_FLAGS) ?? 0)
  }

  static func duplicate(_ attributes: Attributes) -> Expression? {
    .duplicate(address: attributes.register(NFTA_DUP_SREG_ADDR), device: attributes.register(NFTA_DUP_SREG_DEV))
  }

  static func forward(_ attributes: Attributes) -> Expression? {
    guard let device = attributes.register(NFTA_FWD_SREG_DEV) else { return nil }
    return .forward(
      device: device, address: attributes.register(NFTA_FWD_SREG_ADDR),
      family: attributes.number(NFTA_FWD_NFPROTO) ?? 0)
  }

  static func flowOffload(_ attributes: Attributes) -> Expression? {
    attributes.text(NFTA_FLOW_TABLE_NAME).map { .flowOffload(table: $0) }
  }
}
