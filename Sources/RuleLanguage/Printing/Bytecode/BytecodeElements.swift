import Model

/// A set's elements as libnftnl lists them, in the form in which they are sent.
///
/// The kernel's sets of plain intervals hold where an interval begins and where the next gap begins, not pairs;
/// the gap before the first interval is an entry too (`set_to_intervals` in nft).
struct BytecodeElements {
  private struct Entry {
    var key: Bytes
    var end: Bytes?
    var flags: UInt32
    var details: SetElementDetails?
    /// The interval reaches to the type's last value, so that no gap ends it.
    var isOpen = false
  }

  /// `NFT_SET_ELEM_INTERVAL_END`, `NFT_SET_ELEM_CATCHALL`
  private static let intervalEnd: UInt32 = 1
  private static let catchAll: UInt32 = 2

  private let definition: SetDefinition

  init(_ definition: SetDefinition) { self.definition = definition }

  /// Each element after a tabulator.
  var line: String { entries.map { "\t" + text(of: $0) }.joined() }

  private var entries: [Entry] {
    definition.flags.contains(.interval) && !definition.flags.contains(.concatenation)
      ? boundaries : definition.elements.map(plainEntry)
  }

  private func plainEntry(_ element: SetElement) -> Entry {
    guard element.details?.isCatchAll != true else { return catchAllEntry(element) }
    // A concatenation with intervals gives each element both ends, single values too.
    let needsEnd = definition.flags.contains(.interval) && definition.flags.contains(.concatenation)
    return Entry(key: element.key, end: needsEnd ? element.end ?? element.key : nil, flags: 0, details: element.details)
  }

  private func catchAllEntry(_ element: SetElement) -> Entry {
    Entry(key: Bytes(), end: nil, flags: BytecodeElements.catchAll, details: element.details)
  }

  private var boundaries: [Entry] {
    let intervals = definition.elements.filter { $0.details?.isCatchAll != true }.sorted { $0.key < $1.key }
    var entries: [Entry] = []
    if let first = intervals.first, first.key.contains(where: { $0 != 0 }) {
      entries.append(Entry(key: Bytes(zeros: first.key.count), flags: BytecodeElements.intervalEnd))
    }
    for (index, interval) in intervals.enumerated() {
      let gap = (interval.end ?? interval.key).successor
      entries.append(Entry(key: interval.key, flags: 0, details: interval.details, isOpen: gap == nil))
      let next = index + 1 < intervals.count ? intervals[index + 1].key : nil
      if let gap, gap != next { entries.append(Entry(key: gap, flags: BytecodeElements.intervalEnd)) }
    }
    return entries + definition.elements.filter { $0.details?.isCatchAll == true }.map(catchAllEntry)
  }

  private func text(of entry: Entry) -> String {
    let key = BytecodeListing.words(entry.key).map { $0 + " " }.joined()
    let end = entry.end.map { " - " + BytecodeListing.words($0).map { $0 + " " }.joined() } ?? ""
    return "element \(key)\(end) : \(data(of: entry))\(entry.flags) [end]\(userdata(of: entry))"
  }

  private func data(of entry: Entry) -> String {
    switch entry.details?.data {
    case nil, .object: ""
    case .verdict(let verdict): BytecodeListing.text(of: verdict) + " "
    case .value(let first, let last):
      (BytecodeListing.words(first) + BytecodeListing.words(last ?? [])).map { $0 + " " }.joined()
    }
  }

  /// Comment and flags, as nft keeps them beside an element (`nftnl_udata_set_elem_types` in libnftnl/udata.h).
  private func userdata(of entry: Entry) -> String {
    var bytes: [UInt8] = []
    if let comment = entry.details?.comment {
      bytes += [0, UInt8(truncatingIfNeeded: comment.utf8.count + 1)] + Array(comment.utf8) + [0]
    }
    if entry.isOpen { bytes += [1, 4, 1, 0, 0, 0] }
    guard !bytes.isEmpty else { return "" }
    let text = bytes.map { byte in
      (32...126).contains(byte)
        ? String(UnicodeScalar(byte)) : "\\x" + String(BytecodeListing.hexadecimal(UInt32(byte)).suffix(2))
    }
    return "  userdata = { \(text.joined()) }"
  }
}

extension Bytes {
  /// The next value in network order; nil after the last.
  var successor: Bytes? {
    var bytes = Array(self)
    for index in bytes.indices.reversed() {
      bytes[index] &+= 1
      if bytes[index] != 0 { return Bytes(bytes) }
    }
    return nil
  }

  /// The value before in network order; nil before the first.
  var predecessor: Bytes? {
    var bytes = Array(self)
    for index in bytes.indices.reversed() {
      bytes[index] &-= 1
      if bytes[index] != 255 { return Bytes(bytes) }
    }
    return nil
  }
}
