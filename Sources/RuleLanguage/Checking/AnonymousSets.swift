import Model

extension ElementChecker {
  /// The whole set, as it is bound to its rule.
  mutating func anonymousSet(_ elements: [ElementSyntax], at span: Span) throws(SyntaxError) -> SetDefinition {
    let wasInterval = isInterval
    var checked = try check(elements)
    // Intervals stand in network order, which the elements before the first interval did not know.
    if isInterval != wasInterval { checked = try check(elements) }
    if hasDataInterval { checked = checked.map(withDataInterval) }
    var flags: SetFlags = [.anonymous, .constant]
    if isInterval { flags.insert(.interval) }
    if isInterval, isConcatenation { flags.insert(.concatenation) }
    var mapData: MapData?
    switch data {
    case nil: break
    case .verdict: (mapData, flags) = (.verdict, flags.union(.map))
    case .object(let kind): (mapData, flags) = (.object(kind), flags.union(.object))
    case .values(let types, _):
      flags.insert(.map)
      mapData = .value(
        type: DataType.concatenatedNumber(types.map(\.type)),
        length: Self.length(types) * (hasDataInterval ? 2 : 1))
    }
    if isInterval, !isConcatenation {
      let merging: Intervals.Merging = data == nil ? .always : .never
      checked = try Intervals.normalize(checked, merging: merging, spans: elements.map(\.span), fallback: span)
    } else {
      checked = Self.unique(checked)
    }
    return SetDefinition(
      name: "", flags: flags, keyType: DataType.concatenatedNumber(key.map(\.type)),
      keyLength: isConcatenation ? Self.length(key) : UInt32(size),
      fieldLengths: flags.contains(.concatenation) ? key.map { UInt8($0.size) } : [], data: mapData,
      userdata: userdata, elements: checked)
  }

  /// What nft leaves with each set, so that it can be printed: in which order the values stand.
  private var userdata: SetUserdata {
    var userdata = SetUserdata(keyByteOrder: isConcatenation ? 0 : key[0].order.rawValue)
    switch data {
    case nil, .object: break
    case .verdict:
      userdata.dataByteOrder = 0
      // nft reads what it left of the key only if it finds something of the data too.
      userdata.dataTypeof = TypeofEncoder.verdict
    case .values(let types, _):
      userdata.dataByteOrder = types.count == 1 ? types[0].order.rawValue : 0
      userdata.dataInterval = hasDataInterval
    }
    return userdata
  }

  private func withDataInterval(_ element: SetElement) -> SetElement {
    guard let details = element.details, case .value(let first, nil)? = details.data else { return element }
    let wider = SetElementDetails(
      data: .value(first, end: first), timeout: details.timeout, expiration: details.expiration,
      expressions: details.expressions, comment: details.comment, isCatchAll: details.isCatchAll)
    return SetElement(key: element.key, end: element.end, details: wider)
  }

  /// In bytes, each part of a concatenation rounded up to a register.
  static func length(_ types: [ValueType]) -> UInt32 {
    types.count == 1 ? UInt32(types[0].size) : types.reduce(0) { $0 + UInt32($1.slots * 4) }
  }

  private static func unique(_ elements: [SetElement]) -> [SetElement] {
    var seen = Set<SetElement>(minimumCapacity: elements.count)
    return elements.filter { seen.insert($0).inserted }
  }
}
