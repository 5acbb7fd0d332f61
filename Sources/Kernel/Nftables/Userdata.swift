import CNftnl
import Model

/// What programs keep with tables, chains, rules, sets and elements: entries of a type (1 byte), a length (1 byte)
/// and a value (libnftnl/udata.h). The kernel keeps them unread.
struct Userdata {
  private(set) var entries: [(type: UInt8, value: [UInt8])] = []

  /// At most 256 bytes (`NFT_USERDATA_MAXLEN`).
  static let limit = 256

  /// Marks a table as netbaton's own. Types from 200 on are far above those that nftables gives out, and nft prints
  /// no type that it does not know.
  static let ownMark: UInt8 = 200
  static let ownValue = Array("netbaton".utf8) + [0]
  /// A piece of netbaton's own record.
  static let recordPiece: UInt8 = 201

  init() {}

  init(_ bytes: some Collection<UInt8>) {
    var rest = Array(bytes)[...]
    while let type = rest.first, let length = rest.dropFirst().first, rest.count >= 2 + Int(length) {
      entries.append((type, Array(rest.dropFirst(2).prefix(Int(length)))))
      rest = rest.dropFirst(2 + Int(length))
    }
  }

  mutating func append(_ type: UInt8, _ value: [UInt8]) { entries.append((type, Array(value.prefix(255)))) }

  mutating func append(_ type: some RawRepresentable<UInt32>, _ value: [UInt8]) {
    append(UInt8(truncatingIfNeeded: type.rawValue), value)
  }

  mutating func append(_ type: some RawRepresentable<UInt32>, text: String?) {
    if let text { append(type, Array(text.utf8) + [0]) }
  }

  /// In the machine's own byte order, as nft writes it.
  mutating func append(_ type: some RawRepresentable<UInt32>, number: UInt32?) {
    if let number { append(type, Array(Bytes(hostEndian: UInt64(number), width: 4))) }
  }

  var bytes: [UInt8] {
    entries.flatMap { [$0.type, UInt8(truncatingIfNeeded: $0.value.count)] + $0.value }
  }

  func value(_ type: some RawRepresentable<UInt32>) -> [UInt8]? {
    entries.first { UInt32($0.type) == type.rawValue }?.value
  }

  func text(_ type: some RawRepresentable<UInt32>) -> String? {
    value(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  func number(_ type: some RawRepresentable<UInt32>) -> UInt32? {
    value(type).flatMap { $0.count == 4 ? UInt32(truncatingIfNeeded: Bytes($0).hostEndianValue) : nil }
  }
}

extension Userdata {
  static func table(_ table: Table) -> Userdata {
    var userdata = Userdata()
    userdata.append(NFTNL_UDATA_TABLE_COMMENT, text: table.comment)
    if table.isOwn { userdata.append(ownMark, ownValue) }
    return userdata
  }

  var isOwn: Bool { entries.contains { $0.type == Userdata.ownMark && $0.value == Userdata.ownValue } }

  static func set(_ set: SetDefinition) -> Userdata {
    let values = set.userdata
    var userdata = Userdata()
    userdata.append(NFTNL_UDATA_SET_KEYBYTEORDER, number: values.keyByteOrder)
    userdata.append(NFTNL_UDATA_SET_DATABYTEORDER, number: values.dataByteOrder)
    if values.mergesElements { userdata.append(NFTNL_UDATA_SET_MERGE_ELEMENTS, number: 1) }
    if let type = values.keyTypeof { userdata.append(NFTNL_UDATA_SET_KEY_TYPEOF, type) }
    if let type = values.dataTypeof { userdata.append(NFTNL_UDATA_SET_DATA_TYPEOF, type) }
    if set.data != nil { userdata.append(NFTNL_UDATA_SET_DATA_INTERVAL, number: values.dataInterval ? 1 : 0) }
    userdata.append(NFTNL_UDATA_SET_COMMENT, text: values.comment)
    return userdata
  }

  var setValues: SetUserdata {
    SetUserdata(
      keyByteOrder: number(NFTNL_UDATA_SET_KEYBYTEORDER), dataByteOrder: number(NFTNL_UDATA_SET_DATABYTEORDER),
      mergesElements: (number(NFTNL_UDATA_SET_MERGE_ELEMENTS) ?? 0) != 0,
      keyTypeof: value(NFTNL_UDATA_SET_KEY_TYPEOF), dataTypeof: value(NFTNL_UDATA_SET_DATA_TYPEOF),
      dataInterval: (number(NFTNL_UDATA_SET_DATA_INTERVAL) ?? 0) != 0, comment: text(NFTNL_UDATA_SET_COMMENT))
  }
}
