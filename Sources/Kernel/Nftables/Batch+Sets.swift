import CMnl
import CNftnl
import Model
import Netlink

extension Batch {
  /// A list of elements is one attribute, whose length has 16 bits; one element takes at most some 4,000 bytes.
  private static let listLimit = 56 * 1024

  /// The set and its elements.
  /// - Returns: the set's number in the batch.
  mutating func addSet(_ table: TableID, _ set: SetDefinition) throws(NotWritable) -> UInt32 {
    let number = nextNumber()
    let name = set.flags.contains(.anonymous) ? set.nameTemplate : set.name
    try message(NFT_MSG_NEWSET, table, tableKey: NFTA_SET_TABLE.rawValue, flags: Batch.creating) {
      (writer) throws(NotWritable) in
      try writer.setAttributes(set, name: name, number: number)
    }
    if !set.elements.isEmpty {
      try elements(NFT_MSG_NEWSETELEM, table, of: set, name: name, number: number, set.elements, startsAtZero: true)
    }
    return number
  }

  /// - Parameters:
  ///   - number: the set's in the batch, if it is new.
  ///   - startsAtZero: whether the gap before the first interval is told too, as nft does for a set that is new.
  mutating func elements(
    _ type: nf_tables_msg_types, _ table: TableID, of set: SetDefinition, name: String, number: UInt32?,
    _ elements: [SetElement], startsAtZero: Bool = false
  ) throws(NotWritable) {
    let form = set.elementForm
    var index = 0
    while index < elements.count {
      try message(
        type, table, tableKey: NFTA_SET_ELEM_LIST_TABLE.rawValue,
        flags: type == NFT_MSG_NEWSETELEM ? UInt16(NLM_F_CREATE) : 0
      ) { (writer) throws(NotWritable) in
        writer.text(NFTA_SET_ELEM_LIST_SET, name)
        if let number { writer.number(NFTA_SET_ELEM_LIST_SET_ID, number) }
        let list = writer.beginNested(UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue))
        if index == 0, form == .split, startsAtZero, let first = elements.first, first.key.contains(where: { $0 != 0 })
        {
          try writer.element(KernelElement(key: Bytes(zeros: first.key.count), isEnd: true))
        }
        while index < elements.count, writer.length(of: list) < Batch.listLimit {
          try elements[index].forEachKernelElement(form) { (element) throws(NotWritable) in
            try writer.element(element)
          }
          index += 1
        }
        writer.endNested(list)
      }
    }
  }
}
