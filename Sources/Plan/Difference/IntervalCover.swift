import Model

/// Which elements of an interval set lie, in whole or in part, where others are wanted: the kernel refuses intervals
/// that overlap.
struct IntervalCover {
  /// By their first values.
  private let wanted: [SetElement]
  /// The highest last value among the wanted elements up to each.
  private let reach: [Bytes]
  /// Where each part of a concatenation lies, in bytes; none for a plain key.
  private let parts: [Range<Int>]

  /// Of any other set it covers nothing: there, what is not the same is apart.
  init(of elements: [SetElement], in set: SetDefinition) {
    let isInterval = set.flags.contains(.interval) && set.gathersElements
    let elements = isInterval ? elements.filter { $0.details?.isCatchAll != true } : []
    wanted = elements.sorted { $0.key < $1.key }
    var highest = Bytes()
    reach = wanted.map { element in
      highest = max(highest, element.last)
      return highest
    }
    var start = 0
    parts = set.fieldLengths.map { length in
      defer { start += (Int(length) + 3) / 4 * 4 }
      return start..<start + Int(length)
    }
  }

  /// A concatenation's intervals that overlap in every part do so as a whole, too: they are found by order like others.
  func overlaps(_ element: SetElement) -> Bool {
    guard !wanted.isEmpty, element.details?.isCatchAll != true else { return false }
    var place = firstPlace(after: element.last) - 1
    while place >= 0, reach[place] >= element.key {
      let other = wanted[place]
      if other.last >= element.key, parts.allSatisfy({ element.overlaps(other, in: $0) }) { return true }
      place -= 1
    }
    return false
  }

  private func firstPlace(after value: Bytes) -> Int {
    var low = 0
    var high = wanted.count
    while low < high {
      let middle = (low + high) / 2
      if wanted[middle].key <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SetElement {
  fileprivate var last: Bytes { end ?? key }

  fileprivate func overlaps(_ other: SetElement, in part: Range<Int>) -> Bool {
    !last[part].lexicographicallyPrecedes(other.key[part]) && !other.last[part].lexicographicallyPrecedes(key[part])
  }
}
