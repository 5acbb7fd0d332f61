import Model

/// The elements of one set that stays: what goes and what comes.
struct ElementsDifference {
  private(set) var removed: [SetElement] = []
  private(set) var added: [SetElement] = []

  var isEmpty: Bool { removed.isEmpty && added.isEmpty }

  /// What becomes of what an element refers to.
  struct Fate {
    /// It goes for good.
    var gone: Swift.Set<Reference> = []
    /// It is made again, so that the element has to be, too.
    var remade: Swift.Set<Reference> = []
  }

  init(old: SetDefinition, new: SetDefinition, fate: Fate = Fate()) {
    let affects = new.refersFromElements
    let isRemade = { (element: SetElement) in affects && element.refers(in: new, to: fate.remade.contains) }
    let isGone = { (element: SetElement) in affects && element.refers(in: new, to: fate.gone.contains) }
    if old.elements.count == new.elements.count, !affects, old.elements.elementsEqual(new.elements) { return }

    let index = ElementIndex(old.elements)
    var isWanted = [Bool](repeating: false, count: old.elements.count)
    for element in new.elements {
      guard let place = index.position(of: element) else {
        added.append(element)
        continue
      }
      // The second of two equal elements says nothing new.
      if isWanted[place] { continue }
      isWanted[place] = true
      if !new.holdsSame(old.elements[place], element) || isRemade(old.elements[place]) || isRemade(element) {
        removed.append(old.elements[place])
        added.append(element)
      }
    }
    let covered = IntervalCover(of: added, in: new)
    for (place, element) in old.elements.enumerated() where !isWanted[place] {
      if !new.gathersElements || isGone(element) || covered.overlaps(element) {
        removed.append(element)
      } else if isRemade(element) {
        removed.append(element)
        added.append(element)
      }
    }
    if new.flags.contains(.interval), removed.count > 1 { removed.sort { $0.key < $1.key } }
  }
}

/// Finds elements by what the kernel tells them apart by: key and interval end.
///
/// Four bytes a slot beside the elements themselves: a dictionary of a million keys would take ten times that.
struct ElementIndex {
  private let elements: [SetElement]
  /// Positions plus one; 0 is a free slot.
  private var slots: [UInt32]
  private let mask: Int

  init(_ elements: [SetElement]) {
    var capacity = 16
    while capacity < elements.count * 2 { capacity *= 2 }
    self.elements = elements
    mask = capacity - 1
    slots = [UInt32](repeating: 0, count: capacity)
    for (position, element) in elements.enumerated() {
      var slot = element.place & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = UInt32(truncatingIfNeeded: position + 1)
    }
  }

  func position(of element: SetElement) -> Int? {
    var slot = element.place & mask
    while slots[slot] != 0 {
      let position = Int(slots[slot] - 1)
      if elements[position].isSamePlace(as: element) { return position }
      slot = (slot + 1) & mask
    }
    return nil
  }
}

extension SetElement {
  fileprivate var place: Int { key.hashValue }

  /// An interval of one value is that value.
  fileprivate func isSamePlace(as other: SetElement) -> Bool {
    key == other.key && (end == other.end || (end ?? key) == (other.end ?? other.key)) && isCatchAll == other.isCatchAll
  }

  private var isCatchAll: Bool { details?.isCatchAll ?? false }
}

extension SetDefinition {
  /// Whether `old`, which is in the set, already says what `new` says.
  ///
  /// Of a set that packets or timers change, only the data counts: time and comments come and go with them.
  fileprivate func holdsSame(_ old: SetElement, _ new: SetElement) -> Bool {
    guard old.details !== new.details else { return true }
    guard old.details?.data?.plain == new.details?.data?.plain else { return false }
    if gathersElements { return true }
    let oldExpressions = old.details?.expressions ?? []
    let newExpressions = new.details?.expressions ?? []
    // Each element gets the set's own expressions, which the spec does not repeat.
    let sameExpressions =
      newExpressions.isEmpty && !expressions.isEmpty
      || oldExpressions.map(\.withoutState) == newExpressions.map(\.withoutState)
    return sameExpressions && old.details?.comment == new.details?.comment
  }
}

extension ElementData {
  /// An interval of one value is that value.
  fileprivate var plain: ElementData {
    guard case .value(let first, let last) = self, first == last else { return self }
    return .value(first, end: nil)
  }
}
