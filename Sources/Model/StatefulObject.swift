/// `NFT_OBJECT_*`
package enum ObjectKind: UInt32, Hashable, Sendable, CaseIterable {
  case counter = 1
  case quota = 2
  case conntrackHelper = 3
  case limit = 4
  case connectionLimit = 5
  case tunnel = 6
  case conntrackTimeout = 7
  case secmark = 8
  case conntrackExpectation = 9
  case synproxy = 10
}

/// A named object that rules refer to and that keeps state of its own: `NFTA_OBJ_*`.
package struct StatefulObject: Sendable {
  package var name: String
  package var body: Body
  package var comment: String?
  package var handle: UInt64?
  package var origin: SourceLocation?

  package enum Body: Hashable, Sendable {
    case counter(packets: UInt64, bytes: UInt64)
    case quota(bytes: UInt64, consumed: UInt64, inverted: Bool)
    case limit(rate: UInt64, seconds: UInt64, burst: UInt32, unit: LimitUnit, inverted: Bool)
    case connectionLimit(count: UInt32, inverted: Bool)
    /// `l3proto` is `NFPROTO_*` (0 where the table is inet and it was not said), `l4proto` `IPPROTO_*`.
    case conntrackHelper(name: String, l3proto: UInt16, l4proto: UInt8)
    /// `values` are seconds by the protocol's state number.
    case conntrackTimeout(l3proto: UInt16, l4proto: UInt8, values: [UInt32: UInt32])
    /// `timeout` in milliseconds.
    case conntrackExpectation(l3proto: UInt16, l4proto: UInt8, port: UInt16, timeout: UInt32, size: UInt8)
    case secmark(context: String)
    case synproxy(mss: UInt16, windowScale: UInt8, flags: UInt32)
    /// What this program does not know: read, told, never written.
    case unknown(kind: UInt32, attributes: [UInt8])
  }

  package init(
    name: String, body: Body, comment: String? = nil, handle: UInt64? = nil, origin: SourceLocation? = nil
  ) {
    self.name = name
    self.body = body
    self.comment = comment
    self.handle = handle
    self.origin = origin
  }
}

extension StatefulObject.Body {
  /// nil for an unknown one.
  package var kind: ObjectKind? {
    switch self {
    case .counter: .counter
    case .quota: .quota
    case .limit: .limit
    case .connectionLimit: .connectionLimit
    case .conntrackHelper: .conntrackHelper
    case .conntrackTimeout: .conntrackTimeout
    case .conntrackExpectation: .conntrackExpectation
    case .secmark: .secmark
    case .synproxy: .synproxy
    case .unknown: nil
    }
  }

  /// As it was before it met a packet.
  package var withoutState: StatefulObject.Body {
    switch self {
    case .counter: .counter(packets: 0, bytes: 0)
    case .quota(let bytes, _, let inverted): .quota(bytes: bytes, consumed: 0, inverted: inverted)
    default: self
    }
  }
}

extension StatefulObject: Hashable {
  /// What it has counted so far does not matter, nor do handle and origin.
  package static func == (left: StatefulObject, right: StatefulObject) -> Bool {
    left.name == right.name && left.comment == right.comment && left.body.withoutState == right.body.withoutState
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(body.kind)
  }
}
