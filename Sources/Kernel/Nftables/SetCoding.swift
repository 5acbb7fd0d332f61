import CNftnl
import Model
import Netlink

/// The kernel's number for a verdict map's data (`NFT_DATA_VERDICT`).
private let verdictType = UInt32(0xffff_ff00)

extension MessageWriter {
  /// A set's attributes, its table's and its elements' apart.
  mutating func setAttributes(_ set: SetDefinition, name: String, number: UInt32) throws(NotWritable) {
    text(NFTA_SET_NAME, name)
    self.number(NFTA_SET_FLAGS, set.flags.rawValue)
    self.number(NFTA_SET_KEY_TYPE, set.keyType)
    self.number(NFTA_SET_KEY_LEN, set.keyLength)
    switch set.data {
    case nil: break
    case .verdict:
      self.number(NFTA_SET_DATA_TYPE, verdictType)
      self.number(NFTA_SET_DATA_LEN, UInt32(0))
    case .value(let type, let length):
      self.number(NFTA_SET_DATA_TYPE, type)
      self.number(NFTA_SET_DATA_LEN, length)
    case .object(let kind): self.number(NFTA_SET_OBJ_TYPE, kind.rawValue)
    }
    self.number(NFTA_SET_ID, number)
    if let policy = set.policy { self.number(NFTA_SET_POLICY, policy) }
    if let timeout = set.timeout { self.number(NFTA_SET_TIMEOUT, timeout) }
    if let interval = set.garbageCollectionInterval { self.number(NFTA_SET_GC_INTERVAL, interval) }
    setDescription(set)
    let userdata = Userdata.set(set)
    if !userdata.entries.isEmpty { put(UInt16(NFTA_SET_USERDATA.rawValue), userdata.bytes) }
    var none = AnonymousNumbers()
    if set.expressions.count == 1 {
      try single(NFTA_SET_EXPR, set.expressions[0], &none)
    } else if !set.expressions.isEmpty {
      try expressions(NFTA_SET_EXPRESSIONS, set.expressions, &none)
    }
  }

  private mutating func setDescription(_ set: SetDefinition) {
    // The kernel chooses a set's structure by its size; an anonymous set never grows.
    let size = set.size ?? (set.flags.contains(.anonymous) ? UInt32(clamping: set.elements.count) : nil)
    guard size != nil || !set.fieldLengths.isEmpty else { return }
    nested(NFTA_SET_DESC) { writer in
      if let size { writer.number(NFTA_SET_DESC_SIZE, size) }
      guard !set.fieldLengths.isEmpty else { return }
      writer.nested(NFTA_SET_DESC_CONCAT) { writer in
        for length in set.fieldLengths {
          writer.nested(NFTA_LIST_ELEM) { writer in writer.number(NFTA_SET_FIELD_LEN, UInt32(length)) }
        }
      }
    }
  }
}

/// A set as a dump gives it: without elements, with what only the kernel knows.
struct ReadSet {
  var table: TableID
  var definition: SetDefinition
  /// How many elements it has, the one for all other values apart; nil before Linux 6.16.
  var count: UInt32?
}

extension ReadSet {
  init?(_ attributes: Attributes, family: Family) {
    guard let table = attributes.text(NFTA_SET_TABLE), let name = attributes.text(NFTA_SET_NAME) else { return nil }
    let flags = SetFlags(rawValue: attributes.number(NFTA_SET_FLAGS) ?? 0)
    let description = attributes.nested(NFTA_SET_DESC)
    var expressions: [Expression] = []
    if let one = attributes.nested(NFTA_SET_EXPR) { expressions = [ExpressionDecoder.single(one)] }
    if let several = attributes.nested(NFTA_SET_EXPRESSIONS) { expressions = ExpressionDecoder.list(several) }
    self.table = TableID(family, table)
    count = attributes.number(NewerSet.count)
    definition = SetDefinition(
      name: name, flags: flags, keyType: attributes.number(NFTA_SET_KEY_TYPE) ?? 0,
      keyLength: attributes.number(NFTA_SET_KEY_LEN) ?? 0,
      fieldLengths: description?.nested(NFTA_SET_DESC_CONCAT)?.compactMap {
        $0.nested.number(NFTA_SET_FIELD_LEN).map { UInt8(truncatingIfNeeded: $0) }
      } ?? [],
      data: ReadSet.data(attributes), timeout: attributes.long(NFTA_SET_TIMEOUT),
      garbageCollectionInterval: attributes.number(NFTA_SET_GC_INTERVAL),
      // An anonymous set's size is that of its elements and says nothing more.
      size: flags.contains(.anonymous) ? nil : description?.number(NFTA_SET_DESC_SIZE),
      policy: attributes.number(NFTA_SET_POLICY), expressions: expressions,
      userdata: attributes.first(NFTA_SET_USERDATA).map { Userdata($0.payload).setValues } ?? SetUserdata(),
      handle: attributes.long(NFTA_SET_HANDLE))
  }

  private static func data(_ attributes: Attributes) -> MapData? {
    if let kind = attributes.number(NFTA_SET_OBJ_TYPE).flatMap(ObjectKind.init) { return .object(kind) }
    guard let type = attributes.number(NFTA_SET_DATA_TYPE) else { return nil }
    return type == verdictType ? .verdict : .value(type: type, length: attributes.number(NFTA_SET_DATA_LEN) ?? 0)
  }
}
