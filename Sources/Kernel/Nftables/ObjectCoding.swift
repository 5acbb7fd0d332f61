import CNftnl
import Model
import Netlink

extension MessageWriter {
  /// An object's attributes, its table's apart.
  mutating func objectAttributes(_ object: StatefulObject) throws(NotWritable) {
    guard let kind = object.body.kind else {
      throw NotWritable(what: "the object \(object.name), whose kind is not known")
    }
    text(NFTA_OBJ_NAME, object.name)
    number(NFTA_OBJ_TYPE, kind.rawValue)
    nested(NFTA_OBJ_DATA) { writer in writer.objectBody(object.body) }
    var userdata = Userdata()
    userdata.append(NFTNL_UDATA_OBJ_COMMENT, text: object.comment)
    if !userdata.entries.isEmpty { put(UInt16(NFTA_OBJ_USERDATA.rawValue), userdata.bytes) }
  }

  private mutating func objectBody(_ body: StatefulObject.Body) {
    switch body {
    case .counter(let packets, let bytes):
      number(NFTA_COUNTER_BYTES, bytes)
      number(NFTA_COUNTER_PACKETS, packets)
    case .quota(let bytes, let consumed, let inverted):
      quotaAttributes(bytes: bytes, consumed: consumed, inverted: inverted)
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      limitAttributes(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)
    case .connectionLimit(let count, let inverted): connectionLimitAttributes(count: count, inverted: inverted)
    case .conntrackHelper(let name, let l3proto, let l4proto):
      text(NFTA_CT_HELPER_NAME, name)
      if l3proto != 0 { number(NFTA_CT_HELPER_L3PROTO, l3proto) }
      number(NFTA_CT_HELPER_L4PROTO, l4proto)
    case .conntrackTimeout(let l3proto, let l4proto, let values):
      conntrackTimeout(l3proto: l3proto, l4proto: l4proto, values)
    case .conntrackExpectation(let l3proto, let l4proto, let port, let timeout, let size):
      if l3proto != 0 { number(NFTA_CT_EXPECT_L3PROTO, l3proto) }
      number(NFTA_CT_EXPECT_L4PROTO, l4proto)
      number(NFTA_CT_EXPECT_DPORT, port)
      // The one number of an object in the machine's order (`nft_ct_expect_obj_init` in net/netfilter/nft_ct.c).
      bytes(NFTA_CT_EXPECT_TIMEOUT, Bytes(hostEndian: UInt64(timeout), width: 4))
      number(NFTA_CT_EXPECT_SIZE, size)
    case .secmark(let context): text(NFTA_SECMARK_CTX, context)
    case .synproxy(let mss, let scale, let flags): synproxyAttributes(mss: mss, windowScale: scale, flags: flags)
    case .unknown: break
    }
  }

  private mutating func conntrackTimeout(l3proto: UInt16, l4proto: UInt8, _ values: [UInt32: UInt32]) {
    if l3proto != 0 { number(NFTA_CT_TIMEOUT_L3PROTO, l3proto) }
    number(NFTA_CT_TIMEOUT_L4PROTO, l4proto)
    nested(NFTA_CT_TIMEOUT_DATA) { writer in
      // A state's attribute is its number and one (`CTA_TIMEOUT_TCP_*` in linux/netfilter/nfnetlink_cttimeout.h).
      for (state, seconds) in values.sorted(by: { $0.key < $1.key }) {
        writer.putBigEndian(UInt16(truncatingIfNeeded: state + 1), seconds)
      }
    }
  }
}

extension StatefulObject {
  init?(_ attributes: Attributes) {
    guard let name = attributes.text(NFTA_OBJ_NAME), let kind = attributes.number(NFTA_OBJ_TYPE) else { return nil }
    let data = attributes.first(NFTA_OBJ_DATA)
    let body = ObjectKind(rawValue: kind).flatMap { Body($0, data?.nested ?? .none) }
    self.init(
      name: name, body: body ?? .unknown(kind: kind, attributes: Array(data?.payload ?? .none)),
      comment: attributes.first(NFTA_OBJ_USERDATA).flatMap { Userdata($0.payload).text(NFTNL_UDATA_OBJ_COMMENT) },
      handle: attributes.long(NFTA_OBJ_HANDLE))
  }
}

extension StatefulObject.Body {
  init?(_ kind: ObjectKind, _ attributes: Attributes) {
    switch kind {
    case .counter, .quota, .limit, .connectionLimit, .synproxy:
      guard let body = StatefulObject.Body(sharedWithExpressions: kind, attributes) else { return nil }
      self = body
    case .conntrackHelper:
      self = .conntrackHelper(
        name: attributes.text(NFTA_CT_HELPER_NAME) ?? "", l3proto: attributes.short(NFTA_CT_HELPER_L3PROTO) ?? 0,
        l4proto: attributes.byte(NFTA_CT_HELPER_L4PROTO) ?? 0)
    case .conntrackTimeout:
      var values: [UInt32: UInt32] = [:]
      for value in attributes.nested(NFTA_CT_TIMEOUT_DATA) ?? .none where value.type > 0 {
        values[UInt32(value.type) - 1] = value.bigEndian()
      }
      self = .conntrackTimeout(
        l3proto: attributes.short(NFTA_CT_TIMEOUT_L3PROTO) ?? 0,
        l4proto: attributes.byte(NFTA_CT_TIMEOUT_L4PROTO) ?? 0, values: values)
    case .conntrackExpectation:
      self = .conntrackExpectation(
        l3proto: attributes.short(NFTA_CT_EXPECT_L3PROTO) ?? 0, l4proto: attributes.byte(NFTA_CT_EXPECT_L4PROTO) ?? 0,
        port: attributes.short(NFTA_CT_EXPECT_DPORT) ?? 0,
        timeout: attributes.first(NFTA_CT_EXPECT_TIMEOUT).map {
          UInt32(truncatingIfNeeded: Bytes($0.payload).hostEndianValue)
        } ?? 0,
        size: attributes.byte(NFTA_CT_EXPECT_SIZE) ?? 0)
    case .secmark: self = .secmark(context: attributes.text(NFTA_SECMARK_CTX) ?? "")
    case .tunnel: return nil
    }
  }

  /// The kinds whose attributes are those of the expression of the same name.
  private init?(sharedWithExpressions kind: ObjectKind, _ attributes: Attributes) {
    let expression: Expression? =
      switch kind {
      case .counter: ExpressionDecoder.counter(attributes)
      case .quota: ExpressionDecoder.quota(attributes)
      case .limit: ExpressionDecoder.limit(attributes)
      case .connectionLimit: ExpressionDecoder.connectionLimit(attributes)
      case .synproxy: ExpressionDecoder.synproxy(attributes)
      default: nil
      }
    switch expression {
    case .counter(let packets, let bytes): self = .counter(packets: packets, bytes: bytes)
    case .quota(let bytes, let consumed, let inverted):
      self = .quota(bytes: bytes, consumed: consumed, inverted: inverted)
    case .limit(let rate, let seconds, let burst, let unit, let inverted):
      self = .limit(rate: rate, seconds: seconds, burst: burst, unit: unit, inverted: inverted)
    case .connectionLimit(let count, let inverted): self = .connectionLimit(count: count, inverted: inverted)
    case .synproxy(let mss, let scale, let flags): self = .synproxy(mss: mss, windowScale: scale, flags: flags)
    default: return nil
    }
  }
}
