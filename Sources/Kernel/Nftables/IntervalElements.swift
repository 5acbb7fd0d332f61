import Model

// An interval is two elements to the kernel: one where it begins and one, flagged, where the next value after it
// stands. An interval that goes up to the highest value has no second one.

/// One of the kernel's elements of a set.
struct KernelElement {
  var key: Bytes
  /// The last value of each part, for concatenations with intervals.
  var keyEnd: Bytes?
  var isEnd = false
  /// Whether the interval that begins here has no end: nft notes it with the element (`NFTNL_UDATA_SET_ELEM_FLAGS`).
  var isOpen = false
  var details: SetElementDetails?
}

/// How a set keeps its elements.
enum ElementForm {
  case single
  /// Two elements each, where it begins and where it has ended.
  case split
  /// A concatenation's: one element with the first and the last of each part, also where these are the same (nft
  /// takes an element without a last value for an interval's begin).
  case firstAndLast
}

extension SetDefinition {
  var elementForm: ElementForm {
    !flags.contains(.interval) ? .single : fieldLengths.isEmpty ? .split : .firstAndLast
  }
}

extension SetElement {
  /// Calls `body` with the one or two elements that the kernel has for this one.
  func forEachKernelElement(
    _ form: ElementForm, _ body: (KernelElement) throws(NotWritable) -> Void
  ) throws(NotWritable) {
    let isCatchAll = details?.isCatchAll ?? false
    guard form == .split, !isCatchAll else {
      let last = form == .firstAndLast && !isCatchAll ? end ?? key : nil
      try body(KernelElement(key: key, keyEnd: last, details: details))
      return
    }
    let next = (end ?? key).successor
    try body(KernelElement(key: key, isOpen: next == nil, details: details))
    if let next { try body(KernelElement(key: next, isEnd: true)) }
  }
}

extension SetElement {
  /// Joins what a dump gave: begins and ends in any order. Ends without a begin are gaps and are left out.
  static func joining(_ elements: [KernelElement]) -> [SetElement] {
    // Where one interval ends and the next begins at the same value, the end comes first.
    let sorted = elements.sorted { $0.key == $1.key ? $0.isEnd && !$1.isEnd : $0.key < $1.key }
    var joined: [SetElement] = []
    joined.reserveCapacity(sorted.count / 2 + 1)
    var index = 0
    while index < sorted.count {
      let element = sorted[index]
      index += 1
      if element.isEnd { continue }
      if element.details?.isCatchAll ?? false {
        joined.append(SetElement(key: Bytes(), details: element.details))
        continue
      }
      // nft leaves out an end where the next interval of a map begins.
      let next = index < sorted.count ? sorted[index].key.predecessor : nil
      let last = next ?? Bytes(ones: element.key.count)
      joined.append(SetElement(key: element.key, end: last == element.key ? nil : last, details: element.details))
    }
    return joined
  }
}

extension Bytes {
  init(ones count: Int) { self.init(repeatElement(0xFF, count: count)) }

  /// The next value in network byte order; nil after the highest.
  var successor: Bytes? {
    if count <= 8 {
      let value = bigEndianValue
      let highest = count == 8 ? UInt64.max : (1 << UInt64(count * 8)) - 1
      return value == highest || isEmpty ? nil : Bytes(bigEndian: value + 1, width: count)
    }
    var bytes = Array(self)
    for index in bytes.indices.reversed() {
      bytes[index] &+= 1
      if bytes[index] != 0 { return Bytes(bytes) }
    }
    return nil
  }

  /// The value before in network byte order; nil before zero.
  var predecessor: Bytes? {
    if count <= 8 {
      let value = bigEndianValue
      return value == 0 ? nil : Bytes(bigEndian: value - 1, width: count)
    }
    var bytes = Array(self)
    for index in bytes.indices.reversed() {
      bytes[index] &-= 1
      if bytes[index] != 0xFF { return Bytes(bytes) }
    }
    return nil
  }
}
