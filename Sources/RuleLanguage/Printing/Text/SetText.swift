import Model

/// Elements of sets and maps.
struct SetText: Sendable {
  let values: ValueText

  /// `{ a, b : c }`
  /// - Parameters:
  ///   - keys: what each part of a key is.
  ///   - data: what a map gives; nil to take it from the set's own type numbers.
  func text(of set: SetDefinition, keys: [ValueShape], data: [ValueShape]? = nil) -> String {
    let elements = elements(of: set, keys: keys, data: data, order: nil)
    return elements.isEmpty ? "{ }" : "{ \(elements.joined(separator: ", ")) }"
  }

  /// Each element, in ascending order.
  /// - Parameter order: of all parts of a key, if not what their shapes say.
  func elements(
    of set: SetDefinition, keys: [ValueShape], data: [ValueShape]? = nil, order: ByteOrder?
  ) -> [String] {
    let data = data ?? Self.dataShapes(of: set)
    let ranks = set.elements.map { rank(of: $0, keys, order) }
    let isAscending = zip(ranks, ranks.dropFirst()).allSatisfy { !precedes($1, $0) }
    let places = isAscending ? Array(ranks.indices) : ranks.indices.sorted { precedes(ranks[$0], ranks[$1]) }
    return places.map { text(of: set.elements[$0], keys: keys, order: order, data: data) }
  }

  /// What elements are sorted by; nil for the catch-all element, which stands last.
  private func rank(of element: SetElement, _ keys: [ValueShape], _ order: ByteOrder?) -> Bytes? {
    if element.details?.isCatchAll == true { return nil }
    if keys.count == 1 { return whole(element.key, keys[0], order) }
    return Bytes(parts(of: element.key, keys, order).joined())
  }

  private func precedes(_ left: Bytes?, _ right: Bytes?) -> Bool {
    guard let left else { return false }
    guard let right else { return true }
    return left < right
  }

  private func text(of element: SetElement, keys: [ValueShape], order: ByteOrder?, data: [ValueShape]) -> String {
    guard let details = element.details else { return keyText(element, keys, order) }
    var text = details.isCatchAll ? "*" : keyText(element, keys, order)
    for expression in details.expressions { text += " " + StatementText.stateful(expression) }
    if let timeout = details.timeout { text += " timeout " + DurationText.text(milliseconds: timeout) }
    if let expiration = details.expiration { text += " expires " + DurationText.text(milliseconds: expiration) }
    if let comment = details.comment { text += " comment \"\(comment)\"" }
    switch details.data {
    case nil: return text
    case .verdict(let verdict): return text + " : " + StatementText.text(of: verdict)
    case .object(let name): return text + " : \"\(name)\""
    case .value(let first, let last): return text + " : " + valueText(first, through: last, data, order: nil)
    }
  }

  private func keyText(_ element: SetElement, _ keys: [ValueShape], _ order: ByteOrder?) -> String {
    valueText(element.key, through: element.end, keys, order: order)
  }

  /// Part by part, a range where the last value differs.
  func valueText(_ first: Bytes, through last: Bytes?, _ shapes: [ValueShape], order: ByteOrder?) -> String {
    if shapes.count == 1 {
      return rangeText(whole(first, shapes[0], order), through: last.map { whole($0, shapes[0], order) }, shapes[0])
    }
    let from = parts(of: first, shapes, order)
    let through = last.map { parts(of: $0, shapes, order) }
    return zip(from.indices, shapes).map { index, shape in
      rangeText(from[index], through: through.map { $0[index] }, shape)
    }.joined(separator: " . ")
  }

  /// A value, a prefix where the range is one, or a range.
  func rangeText(_ first: Bytes, through last: Bytes?, _ shape: ValueShape) -> String {
    guard let last, last != first else { return values.element(first, as: shape) }
    let differing = first.combined(with: last, ^)
    if shape.type.isString { return ValueText.wildcard(first, length: differing.prefix { $0 == 0 }.count) }
    if shape.type == .ipv4Address || shape.type == .ipv6Address, let length = differing.inverted.prefixLength,
      first.combined(with: differing, &).isZero
    {
      return "\(values.text(first, as: shape))/\(length)"
    }
    return "\(values.bound(first, as: shape))-\(values.bound(last, as: shape))"
  }

  /// The parts of a concatenation, each of which begins a 4-byte unit; most significant byte first.
  func parts(of bytes: Bytes, _ shapes: [ValueShape], _ order: ByteOrder?) -> [Bytes] {
    if shapes.count == 1 { return [whole(bytes, shapes[0], order)] }
    var offset = 0
    return shapes.map { shape in
      let part = Bytes(bytes.dropFirst(offset).prefix(shape.byteLength))
      offset += (shape.byteLength + 3) / 4 * 4
      return shape.canonical(part, order: order ?? shape.order).shiftedRight(shape.shift)
    }
  }

  /// A value that stands alone, which may be wider than its shape.
  private func whole(_ bytes: Bytes, _ shape: ValueShape, _ order: ByteOrder?) -> Bytes {
    let value = shape.type.isString ? Bytes(bytes.prefix(shape.byteLength)) : bytes
    return shape.canonical(value, order: order ?? shape.order).shiftedRight(shape.shift)
  }

  /// What the type numbers of a map say of its data.
  static func dataShapes(of set: SetDefinition) -> [ValueShape] {
    guard case .value(let type, let length) = set.data else { return [] }
    let types = DataType.parts(ofNumber: type) ?? [.integer]
    let order = set.userdata.dataByteOrder.flatMap(ByteOrder.init(rawValue:))
    return types.map { type in
      let width = type.bitWidth == 0 ? Int(length) * 8 : type.bitWidth
      let own = type.byteOrder == .unspecified ? ByteOrder.host : type.byteOrder
      return ValueShape(type, length: width, order: types.count == 1 ? order ?? own : own)
    }
  }
}

extension ValueText {
  /// The first bytes of a name, then `*`.
  static func wildcard(_ bytes: Bytes, length: Int) -> String {
    "\"\(String(decoding: bytes.prefix(length).prefix { $0 != 0 }, as: UTF8.self))*\""
  }
}
