/// A set or map, named or bound to a rule: `NFTA_SET_*`.
package struct SetDefinition: Sendable {
  /// Empty for an anonymous set.
  package var name: String
  package var flags: SetFlags
  /// nft's number for the key's type; a concatenation has six bits for each part. The kernel keeps it unread.
  package var keyType: UInt32
  /// In bytes, each part of a concatenation rounded up to 4.
  package var keyLength: UInt32
  /// A concatenation's parts, each in bytes, not rounded; empty for a plain key.
  package var fieldLengths: [UInt8]
  /// What a map gives.
  package var data: MapData?
  /// The default for elements, in milliseconds.
  package var timeout: UInt64?
  /// In milliseconds.
  package var garbageCollectionInterval: UInt32?
  /// The most elements it can have; nil for no bound.
  package var size: UInt32?
  /// `NFT_SET_POL_*`: nil or 0 performance, 1 memory.
  package var policy: UInt32?
  /// Each element gets a copy (`counter`, `limit` …).
  package var expressions: [Expression]
  package var userdata: SetUserdata
  /// In ascending order of keys for an interval set, else in the order written or read.
  package var elements: [SetElement]
  /// The kernel's number for it.
  package var handle: UInt64?
  package var origin: SourceLocation?
  /// Rules of the table add to it; worked out from them, for a map's flags need not say so.
  package var isUpdatedByRules = false

  package init(
    name: String, flags: SetFlags, keyType: UInt32, keyLength: UInt32, fieldLengths: [UInt8] = [],
    data: MapData? = nil, timeout: UInt64? = nil, garbageCollectionInterval: UInt32? = nil, size: UInt32? = nil,
    policy: UInt32? = nil, expressions: [Expression] = [], userdata: SetUserdata = SetUserdata(),
    elements: [SetElement] = [], handle: UInt64? = nil, origin: SourceLocation? = nil
  ) {
    self.name = name
    self.flags = flags
    self.keyType = keyType
    self.keyLength = keyLength
    self.fieldLengths = fieldLengths
    self.data = data
    self.timeout = timeout
    self.garbageCollectionInterval = garbageCollectionInterval
    self.size = size
    self.policy = policy
    self.expressions = expressions
    self.userdata = userdata
    self.elements = elements
    self.handle = handle
    self.origin = origin
  }

  /// Whether packets or timers change what it holds, so that a spec says only what to begin with.
  package var gathersElements: Bool { isUpdatedByRules || flags.contains(.dynamic) || flags.contains(.timeout) }
}

/// What a map's elements carry.
package enum MapData: Hashable, Sendable {
  case verdict
  /// `type` is nft's number for the data's type, `length` in bytes.
  case value(type: UInt32, length: UInt32)
  case object(ObjectKind)
}

/// `NFT_SET_*` flags.
package struct SetFlags: OptionSet, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let anonymous = SetFlags(rawValue: 0x1)
  package static let constant = SetFlags(rawValue: 0x2)
  package static let interval = SetFlags(rawValue: 0x4)
  package static let map = SetFlags(rawValue: 0x8)
  package static let timeout = SetFlags(rawValue: 0x10)
  /// `NFT_SET_EVAL`: rules may update it.
  package static let dynamic = SetFlags(rawValue: 0x20)
  package static let object = SetFlags(rawValue: 0x40)
  package static let concatenation = SetFlags(rawValue: 0x80)
  package static let expression = SetFlags(rawValue: 0x100)
}

/// What nft keeps with a set for printing it again (`nftnl_udata_set_types` in libnftnl/udata.h).
package struct SetUserdata: Hashable, Sendable {
  /// nft's `enum byteorder`: 0 unspecified, 1 host, 2 network.
  package var keyByteOrder: UInt32?
  package var dataByteOrder: UInt32?
  /// `auto-merge`
  package var mergesElements: Bool
  /// The nested entries that name the expression after `typeof`, as nft encodes them.
  package var keyTypeof: [UInt8]?
  package var dataTypeof: [UInt8]?
  package var dataInterval: Bool
  package var comment: String?

  package init(
    keyByteOrder: UInt32? = nil, dataByteOrder: UInt32? = nil, mergesElements: Bool = false,
    keyTypeof: [UInt8]? = nil, dataTypeof: [UInt8]? = nil, dataInterval: Bool = false, comment: String? = nil
  ) {
    self.keyByteOrder = keyByteOrder
    self.dataByteOrder = dataByteOrder
    self.mergesElements = mergesElements
    self.keyTypeof = keyTypeof
    self.dataTypeof = dataTypeof
    self.dataInterval = dataInterval
    self.comment = comment
  }
}

/// An element: one value, or an interval from `key` through `end`.
///
/// Kept small, for a set may have a million of them: what few elements have stands in `details`.
package struct SetElement: Sendable {
  package var key: Bytes
  /// The interval's last value (inclusive; for a concatenation part by part); nil for a single value.
  package var end: Bytes?
  package var details: SetElementDetails?

  package init(key: Bytes, end: Bytes? = nil, details: SetElementDetails? = nil) {
    self.key = key
    self.end = end
    self.details = details
  }
}

/// What an element carries beside its key; immutable, so that copies of a set share it.
package final class SetElementDetails: Sendable {
  package let data: ElementData?
  /// Milliseconds; nil for the set's default.
  package let timeout: UInt64?
  /// Milliseconds left when it was read.
  package let expiration: UInt64?
  package let expressions: [Expression]
  package let comment: String?
  /// The element that stands for all other values (`*`); its key is empty.
  package let isCatchAll: Bool

  package init(
    data: ElementData? = nil, timeout: UInt64? = nil, expiration: UInt64? = nil, expressions: [Expression] = [],
    comment: String? = nil, isCatchAll: Bool = false
  ) {
    self.data = data
    self.timeout = timeout
    self.expiration = expiration
    self.expressions = expressions
    self.comment = comment
    self.isCatchAll = isCatchAll
  }
}

package enum ElementData: Hashable, Sendable {
  /// `end` is the last value of a data interval (inclusive), as in nat maps.
  case value(Bytes, end: Bytes?)
  case verdict(Verdict)
  case object(name: String)
}

extension SetElementDetails: Hashable {
  /// Time that has passed and packets that were counted do not matter.
  package static func == (left: SetElementDetails, right: SetElementDetails) -> Bool {
    left === right
      || left.data == right.data && left.timeout == right.timeout && left.comment == right.comment
        && left.isCatchAll == right.isCatchAll
        && left.expressions.map(\.withoutState) == right.expressions.map(\.withoutState)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(data)
    hasher.combine(timeout)
    hasher.combine(comment)
    hasher.combine(isCatchAll)
  }
}

extension SetElement: Hashable {}

extension SetDefinition: Hashable {
  /// Same declaration and same elements in any order; handle and origin do not matter.
  package static func == (left: SetDefinition, right: SetDefinition) -> Bool {
    left.hasSameDeclaration(as: right) && left.hasSameElements(as: right)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(keyType)
    hasher.combine(elements.count)
  }

  /// All but the elements. An anonymous set's size and policy are advice of whoever made it, which the kernel does not
  /// give back, and its userdata only serves printing: none of them changes what the rule does.
  package func hasSameDeclaration(as other: SetDefinition) -> Bool {
    let isAdvised = size == other.size && (policy ?? 0) == (other.policy ?? 0) && userdata == other.userdata
    return hasSameShape(as: other) && (flags.contains(.anonymous) || isAdvised)
  }

  private func hasSameShape(as other: SetDefinition) -> Bool {
    name == other.name && flags == other.flags && keyType == other.keyType && keyLength == other.keyLength
      && fieldLengths == other.fieldLengths && data == other.data && timeout == other.timeout
      && garbageCollectionInterval == other.garbageCollectionInterval
      && expressions.map(\.withoutState) == other.expressions.map(\.withoutState)
  }

  package func hasSameElements(as other: SetDefinition) -> Bool {
    guard elements.count == other.elements.count else { return false }
    return elements.elementsEqual(other.elements) || Swift.Set(elements) == Swift.Set(other.elements)
  }
}
