/// Named things of two states, paired by name.
struct Pairing<Item> {
  /// Only in the old state.
  private(set) var gone: [Item] = []
  /// Only in the new state.
  private(set) var fresh: [Item] = []
  /// In both, and the kernel can take the one to the other.
  private(set) var kept: [(old: Item, new: Item)] = []
  /// In both, but the old one must go before the new one can come.
  private(set) var remade: [(old: Item, new: Item)] = []

  /// The order is the new state's; what is gone keeps the old state's.
  init<Key: Hashable>(_ old: [Item], _ new: [Item], by key: (Item) -> Key, isUpdatable: (Item, Item) -> Bool) {
    var byKey: [Key: Item] = [:]
    for item in old { byKey[key(item)] = item }
    for item in new {
      if let match = byKey.removeValue(forKey: key(item)) {
        if isUpdatable(match, item) { kept.append((match, item)) } else { remade.append((match, item)) }
      } else {
        fresh.append(item)
      }
    }
    gone = old.filter { byKey[key($0)] != nil }
  }

  var toRemove: [Item] { gone + remade.map(\.old) }
}
