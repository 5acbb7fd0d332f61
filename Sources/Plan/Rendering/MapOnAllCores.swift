extension Array where Element: Sendable {
  /// Saying a rule or a route takes microseconds: beyond a thousand of them, all cores share the work.
  func mapOnAllCores<Value: Sendable>(_ transform: @escaping @Sendable (Element) -> Value) async -> [Value] {
    await partsOnAllCores { $0.map(transform) }.flatMap(\.self)
  }

  /// What becomes of each thousand, in order.
  func partsOnAllCores<Value: Sendable>(
    _ transform: @escaping @Sendable (ArraySlice<Element>) -> Value
  ) async -> [Value] {
    let share = 1024
    guard count > share else { return isEmpty ? [] : [transform(self[...])] }
    return await withTaskGroup { group in
      for start in stride(from: 0, to: count, by: share) {
        group.addTask { (start, transform(self[start..<Swift.min(start + share, count)])) }
      }
      var parts: [(start: Int, value: Value)] = []
      for await part in group { parts.append(part) }
      return parts.sorted { $0.start < $1.start }.map(\.value)
    }
  }
}
