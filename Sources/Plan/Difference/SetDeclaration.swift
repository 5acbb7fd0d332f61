import Model

extension SetDefinition {
  /// Whether the kernel can take this set to `new` by adding and removing elements.
  func canBecome(_ new: SetDefinition) -> Bool {
    guard flags == new.flags, keyType == new.keyType, keyLength == new.keyLength, data == new.data,
      size == new.size || isDefaultSize(new), (policy ?? 0) == (new.policy ?? 0), userdata == new.userdata,
      SetDefinition.isSameTime(timeout, new.timeout),
      SetDefinition.isSameTime(
        garbageCollectionInterval.map(UInt64.init), new.garbageCollectionInterval.map(UInt64.init)),
      expressions.map(\.withoutState) == new.expressions.map(\.withoutState)
    else { return false }
    // The kernel gives a concatenation's fields back only for the sets that need them.
    guard fieldLengths == new.fieldLengths || fieldLengths.isEmpty || new.fieldLengths.isEmpty else { return false }
    return !flags.contains(.constant) || hasSameElements(as: new)
  }

  /// A set that rules add to gets a size from the kernel if it was given none (`nft_dynset_init`, net/netfilter/nft_dynset.c).
  private func isDefaultSize(_ new: SetDefinition) -> Bool {
    (flags.contains(.dynamic) || new.isUpdatedByRules) && new.size == nil && size == 0xFFFF
  }

  /// The kernel keeps times in ticks, and its slowest clock has 100 a second.
  private static func isSameTime(_ left: UInt64?, _ right: UInt64?) -> Bool {
    let left = left ?? 0
    let right = right ?? 0
    return max(left, right) - min(left, right) < 10 && (left == 0) == (right == 0)
  }

  /// For a set that is made again: what packets or other programs added to the old one stays in it.
  func gathering(from old: SetDefinition, keeping isKeepable: (SetElement) -> Bool) -> SetDefinition {
    guard gathersElements, old.gathersElements, keyType == old.keyType, keyLength == old.keyLength, data == old.data
    else { return self }
    let sameExpressions = expressions.map(\.withoutState) == old.expressions.map(\.withoutState)
    let index = ElementIndex(elements)
    let covered = IntervalCover(of: elements, in: self)
    var set = self
    for var element in old.elements where index.position(of: element) == nil && isKeepable(element) {
      // Of an interval, a set without them would keep its first value.
      if covered.overlaps(element) || element.end != nil && !flags.contains(.interval) { continue }
      if let size, set.elements.count >= Int(size) { break }
      element.details = element.details?.carried(from: old, to: self, withExpressions: sameExpressions)
      set.elements.append(element)
    }
    if flags.contains(.interval) { set.elements.sort { $0.key < $1.key } }
    return set
  }
}

extension SetElementDetails {
  /// As the element that goes on in `new` has them.
  ///
  /// The kernel takes times only where the set has them, an expiration only with a timeout, and none that is longer
  /// (`nft_add_set_elem` in net/netfilter/nf_tables_api.c: `EINVAL`, `EOPNOTSUPP`, `ERANGE`). An element that had the
  /// old set's default has the new one's, and its own if there is none: it came in order to go again.
  fileprivate func carried(
    from old: SetDefinition, to new: SetDefinition, withExpressions: Bool
  ) -> SetElementDetails {
    let keepsTimes = new.flags.contains(.timeout)
    let timeout = keepsTimes ? timeout ?? (new.timeout == nil ? old.timeout : nil) : nil
    let longest = (keepsTimes ? timeout ?? new.timeout : nil) ?? 0
    let expiration = longest > 0 ? expiration.map { min($0, longest) } : nil
    if timeout == self.timeout, expiration == self.expiration, withExpressions || expressions.isEmpty { return self }
    return SetElementDetails(
      data: data, timeout: timeout, expiration: expiration, expressions: withExpressions ? expressions : [],
      comment: comment, isCatchAll: isCatchAll)
  }
}

extension StatefulObject {
  /// Whether `NFT_MSG_NEWOBJ` over this object makes it `new`. Linux 6.18 updates quotas and synproxies alone; for
  /// other kinds it answers success and changes nothing (`nf_tables_newobj` without `ops->update`).
  func canBecome(_ new: StatefulObject) -> Bool {
    if isSame(as: new) { return true }
    guard comment == new.comment else { return false }
    switch (body, new.body) {
    case (.quota, .quota), (.synproxy, .synproxy): return true
    default: return false
    }
  }

  /// Whether the kernel's object already says what `new` says. It fills in the states that a timeout policy leaves out
  /// from the namespace's own settings, so that only those which the spec names can differ.
  func isSame(as new: StatefulObject) -> Bool {
    if self == new { return true }
    guard name == new.name, comment == new.comment,
      case .conntrackTimeout(let l3proto, let l4proto, let values) = body,
      case .conntrackTimeout(l3proto, l4proto, let wanted) = new.body
    else { return false }
    return wanted.allSatisfy { values[$0.key] == $0.value }
  }

  /// For an object that is made again: it goes on counting where the old one was.
  func counting(from old: StatefulObject) -> StatefulObject {
    var object = self
    switch (old.body, body) {
    case (.counter, .counter): object.body = old.body
    case (.quota(_, let consumed, _), .quota(let bytes, _, let inverted)):
      object.body = .quota(bytes: bytes, consumed: consumed, inverted: inverted)
    default: break
    }
    return object
  }
}

extension Chain {
  /// Whether only rules and the policy differ: the kernel changes nothing else of a chain in place.
  func canBecome(_ new: Chain) -> Bool {
    comment == new.comment && base?.withoutPolicy == new.base?.withoutPolicy
  }
}

extension BaseChain {
  fileprivate var withoutPolicy: BaseChain {
    var base = self
    base.policy = .accept
    base.devices.sort()
    return base
  }
}
