import Model

/// A named set or map as `nft list` shows it.
struct SetDeclarationText {
  let family: Family
  let values: ValueText

  /// The lines between the braces, without indentation.
  /// - Parameter elements: whether to list them; a large set's are told one by one elsewhere.
  func body(of set: SetDefinition, elements: Bool) -> [String] {
    var lines = [typeLine(of: set)]
    if set.policy == 1 { lines.append("policy memory") }
    if let size = set.size { lines.append("size \(size)") }
    let flags = flags(of: set)
    if !flags.isEmpty { lines.append("flags " + flags.joined(separator: ",")) }
    lines += set.expressions.map(StatementText.stateful)
    if let timeout = set.timeout { lines.append("timeout \(DurationText.text(milliseconds: timeout))") }
    if let interval = set.garbageCollectionInterval {
      lines.append("gc-interval \(DurationText.text(milliseconds: UInt64(interval)))")
    }
    if set.userdata.mergesElements { lines.append("auto-merge") }
    if let comment = set.userdata.comment { lines.append("comment \"\(comment)\"") }
    if elements, !set.elements.isEmpty {
      lines.append("elements = { \(self.elements(of: set).joined(separator: ", ")) }")
    }
    return lines
  }

  func elements(of set: SetDefinition) -> [String] {
    // An interval set compares its keys byte by byte, so that they stand in network order whatever their type.
    let order: ByteOrder? = set.flags.contains(.interval) ? .network : nil
    return SetText(values: values).elements(of: set, keys: keyShapes(of: set), data: dataShapes(of: set), order: order)
  }

  private func typeLine(of set: SetDefinition) -> String {
    let keys = keyParts(of: set)
    let data = dataText(of: set)
    // One `typeof` stands for key and data both.
    if let keys, set.data == nil || isDataKnown(of: set) {
      return "typeof " + keys.map(\.text).joined(separator: " . ") + (data.map { " : \($0)" } ?? "")
    }
    let types = (DataType.parts(ofNumber: set.keyType) ?? []).map(\.keyword).joined(separator: " . ")
    return "type \(types)" + (typeData(of: set).map { " : \($0)" } ?? "")
  }

  private func keyParts(of set: SetDefinition) -> [TypeofText.Part]? {
    TypeofText(family: family, values: values).parts(set.userdata.keyTypeof)
  }

  private func dataParts(of set: SetDefinition) -> [TypeofText.Part]? {
    TypeofText(family: family, values: values).parts(set.userdata.dataTypeof)
  }

  private func isDataKnown(of set: SetDefinition) -> Bool {
    if case .value? = set.data { return dataParts(of: set) != nil }
    return true
  }

  private func dataText(of set: SetDefinition) -> String? {
    guard case .value? = set.data else { return typeData(of: set) }
    let interval = set.userdata.dataInterval ? "interval " : ""
    return dataParts(of: set).map { interval + $0.map(\.text).joined(separator: " . ") }
  }

  private func typeData(of set: SetDefinition) -> String? {
    switch set.data {
    case nil: return nil
    case .verdict: return "verdict"
    case .object(let kind): return ObjectText.keyword(of: kind)
    case .value(let type, _):
      let types = (DataType.parts(ofNumber: type) ?? []).map(\.keyword).joined(separator: " . ")
      return (set.userdata.dataInterval ? "interval " : "") + types
    }
  }

  private func flags(of set: SetDefinition) -> [String] {
    let known: [(SetFlags, String)] = [
      (.constant, "constant"), (.dynamic, "dynamic"), (.interval, "interval"), (.timeout, "timeout"),
    ]
    // A default timeout says so already, where nothing else has to be said.
    if set.timeout != nil, set.flags.isDisjoint(with: [.constant, .dynamic, .interval]) { return [] }
    return known.filter { set.flags.contains($0.0) }.map(\.1)
  }

  func keyShapes(of set: SetDefinition) -> [ValueShape] {
    if let parts = keyParts(of: set) { return parts.map(\.shape) }
    let types = DataType.parts(ofNumber: set.keyType) ?? [.integer]
    let order = set.userdata.keyByteOrder.flatMap(ByteOrder.init(rawValue:))
    return types.enumerated().map { index, type in
      let bytes = set.fieldLengths.indices.contains(index) ? Int(set.fieldLengths[index]) : Int(set.keyLength)
      let own = type.byteOrder == .unspecified ? ByteOrder.host : type.byteOrder
      let width = type.bitWidth == 0 ? bytes * 8 : type.bitWidth
      return ValueShape(type, length: width, order: types.count == 1 && type == .integer ? order ?? own : own)
    }
  }

  private func dataShapes(of set: SetDefinition) -> [ValueShape] {
    guard let parts = dataParts(of: set) else { return SetText.dataShapes(of: set) }
    return parts.map(\.shape)
  }
}
