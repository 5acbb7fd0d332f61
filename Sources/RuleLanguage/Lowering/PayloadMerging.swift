import Model

/// A match of one header field with one value, where it stands in the output: a load and the comparison after it.
struct MergeableMatch {
  var index: Int
  var base: PayloadBase
  /// In bytes.
  var offset: Int
  /// In bytes.
  var length: Int
  var value: UInt128
  /// What it matches says which protocol comes next, so that it must stay before what relies on it.
  var isNext: Bool
}

/// Matches of adjacent fields become one load and one comparison.
extension RuleChecker {
  mutating func noteMergeable(_ operand: Operand, _ value: UInt128) {
    guard let field = operand.field, field.header != .unknown, field.header != .th, operand.isPlainLoad,
      field.offset % 8 == 0, field.length % 8 == 0, case .load(.payload) = operand.node
    else { return }
    mergeable.append(
      MergeableMatch(
        index: output.count, base: field.base, offset: field.offset / 8, length: field.length / 8, value: value,
        isNext: field.isNext))
  }

  /// Puts together what was gathered; called at every statement that is not a match, for none may be moved past it.
  mutating func finishMerging() {
    defer { mergeable.removeAll(keepingCapacity: true) }
    guard mergeable.count > 1 else { return }
    let sorted = mergeable.sorted { ($0.base.rawValue, $0.offset, $0.index) < ($1.base.rawValue, $1.offset, $1.index) }
    var removed: [Int] = []
    var last = sorted[0]
    for match in sorted.dropFirst() {
      guard last.canMerge(match) else {
        last = match
        continue
      }
      // The one that tells the next protocol keeps its place, else the first field's.
      let kept = match.isNext ? match.index : last.index
      removed.append(match.isNext ? last.index : match.index)
      last = MergeableMatch(
        index: kept, base: last.base, offset: last.offset, length: last.length + match.length,
        value: last.value << UInt128(match.length * 8) | match.value, isNext: last.isNext || match.isNext)
      output[kept] = .payload(
        last.base, offset: UInt32(last.offset), length: UInt32(last.length), to: Register(slot: 0))
      output[kept + 1] = .compare(
        .equal, Register(slot: 0), registerBytes(last.value, size: last.length, order: .network))
    }
    for index in removed.sorted(by: >) { output.removeSubrange(index...(index + 1)) }
  }
}

extension MergeableMatch {
  /// The kernel has fast paths for loads and comparisons of up to 4 bytes, which merging must not leave.
  fileprivate func canMerge(_ next: MergeableMatch) -> Bool {
    base == next.base && offset + length == next.offset && length + next.length <= 16
      && !(length <= 4 && next.length <= 4 && length + next.length > 4)
  }
}
