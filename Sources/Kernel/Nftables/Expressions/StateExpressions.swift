import CNftnl
import Model
import Netlink

// What keeps state between packets. Set elements carry these too.

extension MessageWriter {
  mutating func counter(packets: UInt64, bytes: UInt64) {
    expression("counter") { writer in
      // The kernel takes absent values as zero.
      if bytes != 0 { writer.number(NFTA_COUNTER_BYTES, bytes) }
      if packets != 0 { writer.number(NFTA_COUNTER_PACKETS, packets) }
    }
  }

  mutating func limit(rate: UInt64, seconds: UInt64, burst: UInt32, unit: LimitUnit, inverted: Bool) {
    expression("limit") { writer in
      writer.limitAttributes(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)
    }
  }

  /// Shared with limit objects.
  mutating func limitAttributes(rate: UInt64, seconds: UInt64, burst: UInt32, unit: LimitUnit, inverted: Bool) {
    number(NFTA_LIMIT_RATE, rate)
    number(NFTA_LIMIT_UNIT, seconds)
    number(NFTA_LIMIT_BURST, burst)
    number(NFTA_LIMIT_TYPE, unit.rawValue)
    number(NFTA_LIMIT_FLAGS, inverted ? NFT_LIMIT_F_INV.rawValue : 0)
  }

  mutating func quota(bytes: UInt64, consumed: UInt64, inverted: Bool) {
    expression("quota") { writer in
      writer.quotaAttributes(bytes: bytes, consumed: consumed, inverted: inverted)
    }
  }

  /// Shared with quota objects.
  mutating func quotaAttributes(bytes: UInt64, consumed: UInt64, inverted: Bool) {
    number(NFTA_QUOTA_BYTES, bytes)
    number(NFTA_QUOTA_FLAGS, inverted ? NFT_QUOTA_F_INV.rawValue : 0)
    if consumed != 0 { number(NFTA_QUOTA_CONSUMED, consumed) }
  }

  mutating func connectionLimit(count: UInt32, inverted: Bool) {
    expression("connlimit") { writer in
      writer.connectionLimitAttributes(count: count, inverted: inverted)
    }
  }

  /// Shared with connection limit objects.
  mutating func connectionLimitAttributes(count: UInt32, inverted: Bool) {
    number(NFTA_CONNLIMIT_COUNT, count)
    number(NFTA_CONNLIMIT_FLAGS, inverted ? NFT_CONNLIMIT_F_INV.rawValue : 0)
  }

  mutating func last(milliseconds: UInt64?) {
    expression("last") { writer in
      guard let milliseconds else { return }
      writer.number(NFTA_LAST_SET, UInt32(1))
      writer.number(NFTA_LAST_MSECS, milliseconds)
    }
  }
}

extension ExpressionDecoder {
  static func counter(_ attributes: Attributes) -> Expression? {
    .counter(packets: attributes.long(NFTA_COUNTER_PACKETS) ?? 0, bytes: attributes.long(NFTA_COUNTER_BYTES) ?? 0)
  }

  static func limit(_ attributes: Attributes) -> Expression? {
    guard let rate = attributes.long(NFTA_LIMIT_RATE), let seconds = attributes.long(NFTA_LIMIT_UNIT),
      let unit = LimitUnit(rawValue: attributes.number(NFTA_LIMIT_TYPE) ?? 0)
    else { return nil }
    return .limit(
      rate: rate, seconds: seconds, burst: attributes.number(NFTA_LIMIT_BURST) ?? 0, unit: unit,
      inverted: (attributes.number(NFTA_LIMIT_FLAGS) ?? 0) & NFT_LIMIT_F_INV.rawValue != 0)
  }

  static func quota(_ attributes: Attributes) -> Expression? {
    guard let bytes = attributes.long(NFTA_QUOTA_BYTES) else { return nil }
    return .quota(
      bytes: bytes, consumed: attributes.long(NFTA_QUOTA_CONSUMED) ?? 0,
      inverted: (attributes.number(NFTA_QUOTA_FLAGS) ?? 0) & NFT_QUOTA_F_INV.rawValue != 0)
  }

  static func connectionLimit(_ attributes: Attributes) -> Expression? {
    guard let count = attributes.number(NFTA_CONNLIMIT_COUNT) else { return nil }
    return .connectionLimit(
      count: count, inverted: (attributes.number(NFTA_CONNLIMIT_FLAGS) ?? 0) & NFT_CONNLIMIT_F_INV.rawValue != 0)
  }

  static func last(_ attributes: Attributes) -> Expression? {
    let isSet = (attributes.number(NFTA_LAST_SET) ?? 0) != 0
    return .last(milliseconds: isSet ? attributes.long(NFTA_LAST_MSECS) : nil)
  }
}
