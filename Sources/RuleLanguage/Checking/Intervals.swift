package import Model

/// Intervals of one set: in order, and none over another.
package enum Intervals {
  package enum Merging: Sendable {
    /// `auto-merge`, and sets without a name: what overlaps or touches becomes one.
    case always
    /// What overlaps is an error.
    case never
  }

  /// - Parameters:
  ///   - spans: where each element was written; may be shorter, then `fallback` is the place.
  ///   - elements: keys in network order.
  package static func normalize(
    _ elements: [SetElement], merging: Merging, spans: [Span] = [], fallback: Span
  ) throws(SyntaxError) -> [SetElement] {
    var order = Array(elements.indices)
    let isSorted = zip(elements, elements.dropFirst()).allSatisfy { precedes($0, $1) }
    if !isSorted { order.sort { precedes(elements[$0], elements[$1]) } }
    var result: [SetElement] = []
    result.reserveCapacity(elements.count)
    for index in order {
      let element = elements[index]
      guard element.details?.isCatchAll != true, let last = result.last, last.details?.isCatchAll != true else {
        result.append(element)
        continue
      }
      let lastEnd = last.end ?? last.key
      let overlaps = element.key <= lastEnd
      switch merging {
      case .always where overlaps || lastEnd.followed(by: element.key):
        let end = max(lastEnd, element.end ?? element.key)
        result[result.count - 1].end = end == last.key ? nil : end
      case .never where overlaps:
        // The same element twice is one.
        if last == element { continue }
        let span = spans.indices.contains(index) ? spans[index] : fallback
        throw SyntaxError(
          "the interval overlaps with another", at: span, hint: "auto-merge in the set's declaration puts them together"
        )
      default: result.append(element)
      }
    }
    return result
  }

  private static func precedes(_ left: SetElement, _ right: SetElement) -> Bool {
    left.key != right.key ? left.key < right.key : (left.end ?? left.key) < (right.end ?? right.key)
  }
}

extension Bytes {
  /// Whether the other is this value plus one, most significant byte first.
  func followed(by next: Bytes) -> Bool {
    guard count == next.count, count <= 16 else { return false }
    let value = reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    return value != .max && value + 1 == next.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
  }
}

extension RuleCompiler {
  /// Puts together all elements that a set was given: intervals in order, overlaps merged (`auto-merge`) or refused.
  package func normalize(
    _ elements: [SetElement], of set: SetDeclaration, spans: [Span] = [], fallback: Span
  ) throws(SyntaxError) -> [SetElement] {
    guard set.isInterval, set.key.count == 1 else { return elements }
    let merging: Intervals.Merging = set.definition.userdata.mergesElements && set.data == nil ? .always : .never
    return try Intervals.normalize(elements, merging: merging, spans: spans, fallback: fallback)
  }
}
